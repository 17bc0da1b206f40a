"""Each callback at work in a short run, on numbers given in advance."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nnctl import callbacks, layers
from nnctl.data import Batches, Rows
from nnctl.errors import ConfigError
from nnctl.fields import create
from nnctl.model import Sequential
from nnctl.training import Host, Trainer


def run(tmp_path: Path, callback: Any, values: list[float], monitor: str = "val_loss") -> tuple[Trainer, list[Path]]:
    """Train with the monitored column set to `values` epoch by epoch; the weight is the epoch's number."""

    class Script(callbacks.Callback):
        """the column and the weight of each epoch, for the tests"""

        def on_epoch_end(self, epoch: int, logs: dict[str, float]) -> None:
            logs[monitor] = values[epoch]
            self.trainer.model.set_weights([np.full((1, 1), epoch)])

    model = Sequential([layers.Dense(1, use_bias=False)])
    model.build((1,))
    model.compile(create("optimizer", {"SGD": 1.0}), create("loss", "mse"))
    saved: list[Path] = []
    host = Host(tmp_path, lambda text: None, lambda path, model: saved.append(path))
    rows = Batches(Rows(np.zeros((1, 1), "f4"), np.zeros((1, 1), "f4")), 1)
    trainer = Trainer(model, rows, epochs=len(values), callbacks=[Script(), callback], host=host)
    trainer.run()
    return trainer, saved


@pytest.mark.parametrize(
    ("config", "values", "stopped_after", "weight"),
    [
        ({"patience": 2}, [3, 2, 2.5, 2.4, 1], 4, 3),
        ({"patience": 2, "restore_best_weights": True}, [3, 2, 2.5, 2.4, 1], 4, 1),
        ({"patience": 9, "restore_best_weights": True}, [3, 2, 2.5], 3, 1),
        ({"patience": 1, "min_delta": 0.5}, [3, 2.8, 1], 2, 1),
        ({"patience": 1, "mode": "max"}, [1, 2, 1.5, 3], 3, 2),
        ({"patience": 1, "baseline": 1.0}, [3, 2, 2.5, 1], 3, 2),
        ({"patience": 1, "start_from_epoch": 3}, [1, 2, 3, 4, 5, 6], 5, 4),
        ({"patience": 0}, [1, float("nan")], 2, 1),
    ],
)
def test_early_stopping(
    tmp_path: Path, config: dict[str, Any], values: list[float], stopped_after: int, weight: float
) -> None:
    trainer, _ = run(tmp_path, callbacks.EarlyStopping(**config), values)
    assert len(trainer.history.epoch) == stopped_after
    assert trainer.model.get_weights()[0].item() == weight


@pytest.mark.parametrize(
    ("config", "values", "names"),
    [
        ({"filepath": "best.h5", "save_best_only": True}, [3, 2, 2.5, 1], ["best.h5"] * 3),
        ({"filepath": "{epoch:02d}-{val_loss:.1f}.h5"}, [3, 2], ["01-3.0.h5", "02-2.0.h5"]),
        ({"filepath": "b.h5", "save_best_only": True, "mode": "max"}, [3, 2, 4], ["b.h5"] * 2),
        ({"filepath": "b.h5", "save_best_only": True, "initial_value_threshold": 2.5}, [3, 2, 1], ["b.h5"] * 2),
    ],
)
def test_model_checkpoint(tmp_path: Path, config: dict[str, Any], values: list[float], names: list[str]) -> None:
    _, saved = run(tmp_path, callbacks.ModelCheckpoint(**config), values)
    assert [path.relative_to(tmp_path).name for path in saved] == names


def test_model_checkpoint_without_its_column_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no column 'val_acc'"):
        run(tmp_path, callbacks.ModelCheckpoint("b.h5", monitor="val_acc", save_best_only=True), [1.0])


def test_csv_logger_writes_alphabetical_columns(tmp_path: Path) -> None:
    run(tmp_path, callbacks.CSVLogger("log.csv", separator=";"), [3.0, 2.0])
    assert (tmp_path / "log.csv").read_text() == "epoch;loss;val_loss\n0;0.0;3.0\n1;0.0;2.0\n"


def test_csv_logger_appends_without_a_second_header(tmp_path: Path) -> None:
    for _ in range(2):
        run(tmp_path, callbacks.CSVLogger("log.csv", append=True), [3.0])
    assert (tmp_path / "log.csv").read_text() == "epoch,loss,val_loss\n0,0.0,3.0\n0,0.0,3.0\n"


@pytest.mark.parametrize(
    ("schedule", "rates"),
    [
        ({0: 0.5, 2: 0.25}, [0.5, 0.5, 0.25]),
        ({1: 0.5}, [1.0, 0.5, 0.5]),
        ("lr / 2", [0.5, 0.25, 0.125]),
        ("0.1 if epoch < 2 else 0.01", [0.1, 0.1, 0.01]),
    ],
)
def test_learning_rate_scheduler(tmp_path: Path, schedule: Any, rates: list[float]) -> None:
    trainer, _ = run(tmp_path, callbacks.LearningRateScheduler(schedule), [1, 1, 1])
    assert trainer.history.history["learning_rate"] == rates


@pytest.mark.parametrize("formula", ["__import__('os')", "epoch.real", "lr ** lr ** 'a'", "open('x')", "[1]", "lr ="])
def test_formulas_run_no_code(formula: str) -> None:
    with pytest.raises(ConfigError, match="schedule"):
        callbacks.LearningRateScheduler(formula)


def test_a_rate_that_is_none_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="expected a rate > 0 in epoch 0, got -1"):
        run(tmp_path, callbacks.LearningRateScheduler("lr - 2"), [1.0])
