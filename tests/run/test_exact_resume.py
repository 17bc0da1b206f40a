"""A run interrupted after any step, and at the end of any epoch, ends with the same bits: RELIABILITY R01, R02, R05.

Walks over every registered optimizer, schedule and callback, and over every example of every layer; besides, over
what else has a state of its own. Each run is put together anew and goes on from what `Trainer.state` gave; one of the
states of each case goes through a real file. Real processes that are killed: test_run.py and tests/endurance.
"""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nnctl.callbacks import Callback
from nnctl.checkpoint import load_state, save_state
from nnctl.data import Batches, Rows
from nnctl.errors import MissingExtraError
from nnctl.fields import create
from nnctl.model import Sequential
from nnctl.registry import known
from nnctl.training import Host, Trainer
from tests.contract.test_layers import LAYERS, build
from tests.contract.walk import examples

DRAW = np.random.default_rng(0)
X = DRAW.normal(size=(18, 4)).astype("float32")
Y = (X[:, 0] > 0).astype(int) + (X[:, 1] > 0)
WEIGHTS = DRAW.uniform(0.5, 2.0, 18).astype("float32")
SERIES = DRAW.normal(size=(18, 3, 2)).astype("float32")

NET = (
    {"Dense": {"units": 5, "activation": "tanh"}},
    "BatchNormalization",
    {"Dropout": 0.3},
    {"GaussianNoise": 0.1},
    {"Dense": {"units": 3, "activation": "softmax"}},
)
STATEFUL = (
    {"LSTM": {"units": 3, "stateful": True, "return_sequences": True, "recurrent_dropout": 0.2}},
    {"Bidirectional": {"layer": {"GRU": {"units": 2, "stateful": True}}}},
    {"Dense": {"units": 3, "activation": "softmax"}},
)
ALL_OF_IT = {"use_ema": True, "ema_momentum": 0.7, "gradient_accumulation_steps": 3, "clipnorm": 0.5}


class Recorder(Callback):
    """Keeps the state after each step and after each epoch, as a checkpoint would."""

    def on_train_begin(self) -> None:
        self.states = [copy.deepcopy(self.trainer.state())]

    def on_batch_end(self, batch: int, loss: float) -> None:
        self.states.append(copy.deepcopy(self.trainer.state()))

    def on_epoch_end(self, epoch: int, logs: dict[str, float]) -> None:
        self.states.append(copy.deepcopy(self.trainer.state()))


class Case:
    """A small run: three epochs of three batches, the last of them smaller unless the net is stateful."""

    def __init__(self, folder: Path, layers: Any = NET, optimizer: Any = "adam", **options: Any) -> None:
        self.folder, self.layers, self.optimizer, self.options = folder, layers, optimizer, options

    def trainer(self, recorder: Callback | None = None) -> Trainer:
        stateful = self.layers is STATEFUL
        x = SERIES if stateful else X
        weights = WEIGHTS if self.options.get("weighted", True) else None
        model = Sequential([create("layer", layer) for layer in self.layers], seed=5)
        model.build(x.shape[1:])
        metrics = [create("metric", metric) for metric in ("accuracy", "SparseCategoricalCrossentropy")]
        model.compile(create("optimizer", self.optimizer), create("loss", "sparse_categorical_crossentropy"), metrics)
        return Trainer(
            model,
            Batches(Rows(x, Y, weights), 6 if stateful else 7, shuffle=not stateful, seed=5),
            Batches(Rows(x[:6], Y[:6]), 6),
            epochs=3,
            callbacks=[create("callback", callback) for callback in self.options.get("callbacks", ())],
            observers=[recorder] if recorder else [],
            host=Host(self.folder, lambda text: None),
        )

    def check(self) -> None:
        """Go on from every state of an undisturbed run, and compare the ends."""
        recorder = Recorder()
        trainer = self.trainer(recorder)
        trainer.run()
        end, files = ended(trainer), contents(self.folder)
        assert len(recorder.states) >= 5
        for number, state in enumerate(recorder.states):
            if number == 4:
                save_state(self.folder / "state", state)
                state = load_state(self.folder / "state")
                (self.folder / "state").unlink()
            again = self.trainer()
            again.restore(copy.deepcopy(state))
            again.run()
            assert ended(again) == end, f"after state {number}"
            assert contents(self.folder) == files, f"after state {number}"


def ended(trainer: Trainer) -> dict[str, Any]:
    """Return all that a run ended with, as bytes where it is numbers."""
    state = trainer.state()
    del state["callbacks"]  # the recorder is not always among them
    predictions = trainer.model.predict_batch(trainer.train.rows.x[:6])  # type: ignore[attr-defined]
    return {"state": as_bytes(state), "history": trainer.history.history, "predictions": predictions.tobytes()}


def as_bytes(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return (value.dtype.str, value.shape, value.tobytes())
    if isinstance(value, dict):
        return {key: as_bytes(item) for key, item in value.items()}
    return [as_bytes(item) for item in value] if isinstance(value, (list, tuple)) else value


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir()) if path.is_file()}


@pytest.mark.parametrize("options", [{}, ALL_OF_IT], ids=["plain", "averaged and accumulated"])
@pytest.mark.parametrize("name", known("optimizer"))
def test_every_optimizer(name: str, options: dict[str, Any], tmp_path: Path) -> None:
    Case(tmp_path, optimizer={name: options}).check()


@pytest.mark.parametrize(
    "optimizer",
    [
        {"SGD": {"momentum": 0.9, "nesterov": True, "weight_decay": 0.01}},
        {"RMSprop": {"momentum": 0.5, "centered": True}},
        {"Adam": {"amsgrad": True, "use_ema": True, "ema_overwrite_frequency": 2}},
    ],
    ids=["momentum", "centered", "amsgrad"],
)
def test_options_of_optimizers(optimizer: Any, tmp_path: Path) -> None:
    Case(tmp_path, optimizer=optimizer).check()


@pytest.mark.parametrize(("name", "config"), examples("schedule"))
def test_every_schedule(name: str, config: dict[str, Any], tmp_path: Path) -> None:
    Case(tmp_path, optimizer={"SGD": {"learning_rate": {name: config}, "momentum": 0.5}}).check()


def test_stateful_recurrent_nets(tmp_path: Path) -> None:
    Case(tmp_path, STATEFUL).check()


def test_without_sample_weights(tmp_path: Path) -> None:
    Case(tmp_path, weighted=False).check()


STOP = {"monitor": "val_loss", "patience": 1, "restore_best_weights": True}
CALLBACKS: dict[str, Any] = {
    "EarlyStopping": [{"EarlyStopping": STOP}],
    "EarlyStopping that triggers": [{"EarlyStopping": {**STOP, "min_delta": 10.0, "patience": 0}}],
    "ReduceLROnPlateau": [
        {"ReduceLROnPlateau": {"monitor": "loss", "min_delta": 10.0, "factor": 0.5, "patience": 1, "cooldown": 1}}
    ],
    "LearningRateScheduler": [{"LearningRateScheduler": {"schedule": "lr * 0.5 ** epoch"}}],
    "ModelCheckpoint": [
        {"ModelCheckpoint": {"filepath": "best.h5", "save_best_only": True}},
        {"ModelCheckpoint": {"filepath": "{epoch}.weights.h5", "save_weights_only": True, "save_freq": 2}},
    ],
    "CSVLogger": [{"CSVLogger": {"filename": "epochs.csv"}}],
    "CSVLogger that appends": [{"CSVLogger": {"filename": "epochs.csv", "append": True}}],
    "BatchHistory": ["BatchHistory"],
    "all of them": [
        {"ReduceLROnPlateau": {"monitor": "val_loss", "min_delta": 1.0, "patience": 0}},
        {"CSVLogger": {"filename": "epochs.csv"}},
        "BatchHistory",
        {"EarlyStopping": STOP},
        {"ModelCheckpoint": {"filepath": "best.h5", "save_best_only": True}},
    ],
    **{name: [name] for name in ("BaseLogger", "History", "ProgbarLogger", "TerminateOnNaN")},
    "BackupAndRestore": [{"BackupAndRestore": {"backup_dir": "x"}}],
}
AVERAGED = {"SwapEMAWeights": {"swap_on_epoch": True}}
OUTSIDE = {"RemoteMonitor", "TensorBoard"}  # what they send or append is not the run's; they keep no state


@pytest.mark.parametrize("name", CALLBACKS)
def test_every_callback(name: str, tmp_path: Path) -> None:
    Case(tmp_path, callbacks=CALLBACKS[name], optimizer={"SGD": 0.5}).check()


@pytest.mark.parametrize("callback", ["SwapEMAWeights", AVERAGED], ids=["validation", "epochs"])
def test_averages_that_are_swapped(callback: Any, tmp_path: Path) -> None:
    optimizer = {"Adam": {"use_ema": True, "ema_momentum": 0.5}}
    Case(tmp_path, optimizer=optimizer, callbacks=[callback]).check()


def test_no_callback_is_left_out() -> None:
    tested = {name.partition(" ")[0] for name in CALLBACKS} | {"SwapEMAWeights"}
    assert set(known("callback")) - tested - OUTSIDE == set()
    assert all(not known("callback")[name].memory for name in OUTSIDE)  # type: ignore[attr-defined]


@pytest.mark.parametrize(("name", "config"), LAYERS)
def test_every_layer(name: str, config: dict[str, Any]) -> None:
    """Its random draws, moving statistics and memory of the last batch are in the state, or it has none."""

    def made() -> tuple[Trainer, Any, Any]:
        try:
            model, x = build(name, config, "float32")
        except MissingExtraError as error:
            pytest.skip(str(error))
        model.compile(create("optimizer", "adam"), create("loss", "mse"), [])
        target = np.zeros((len(x), *model.output_shape), "float32")
        return Trainer(model, Batches(Rows(x, target), len(x))), x, target

    trainer, x, target = made()
    for _ in range(2):
        trainer.model.train_step(x, target)
    state = copy.deepcopy(trainer.state())
    losses = [trainer.model.train_step(x, target) for _ in range(2)]
    again, _, _ = made()
    again.restore(state)
    assert [again.model.train_step(x, target) for _ in range(2)] == losses
    assert as_bytes(again.state()) == as_bytes(trainer.state())
