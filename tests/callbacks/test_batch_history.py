"""BatchHistory: every batch's loss, once, also after an interruption."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from nnctl import callbacks, layers
from nnctl.data import Batches, Rows
from nnctl.errors import ReadWriteError
from nnctl.fields import create
from nnctl.model import Sequential
from nnctl.training import Host, Trainer


def trainer_of(folder: Path, stop_after: int | None = None) -> tuple[Trainer, callbacks.BatchHistory]:
    class Stop(callbacks.Callback):
        """an interruption, for the tests"""

        def on_batch_end(self, batch: int, loss: float) -> None:
            steps = self.trainer.model.optimizer.iterations  # type: ignore[union-attr]  # it is compiled
            self.trainer.stop_at_once = steps == stop_after

    x = np.arange(5, dtype="f4")[:, None]
    model = Sequential([layers.Dense(1)])
    model.build((1,))
    model.compile(create("optimizer", {"SGD": 0.01}), create("loss", "mse"))
    history = callbacks.BatchHistory()
    host = Host(folder, lambda text: None)
    return Trainer(model, Batches(Rows(x, x), 2), epochs=2, callbacks=[history, Stop()], host=host), history


def test_losses_and_file(tmp_path: Path) -> None:
    trainer, history = trainer_of(tmp_path)
    trainer.run()
    lines = (tmp_path / "batch_losses.csv").read_text().splitlines()
    assert lines[0] == "epoch,batch,loss"
    assert [line.rsplit(",", 1)[0] for line in lines[1:]] == ["1,1", "1,2", "1,3", "2,1", "2,2", "2,3"]
    assert [float(line.rsplit(",", 1)[1]) for line in lines[1:]] == list(history.losses)


@pytest.mark.parametrize("stop_after", [1, 3, 4])
def test_after_an_interruption_every_batch_is_there_once(tmp_path: Path, stop_after: int) -> None:
    whole, _ = trainer_of(tmp_path)
    whole.run()
    expected = (tmp_path / "batch_losses.csv").read_text()
    first, _ = trainer_of(tmp_path, stop_after)
    first.run()
    second, _ = trainer_of(tmp_path)
    second.restore(first.state())
    second.run()
    assert (tmp_path / "batch_losses.csv").read_text() == expected


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    trainer, _ = trainer_of(tmp_path / "nowhere")
    with pytest.raises(ReadWriteError, match=r"batch_losses\.csv: could not be written"):
        trainer.run()
