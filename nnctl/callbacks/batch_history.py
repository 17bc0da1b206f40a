"""BatchHistory: the loss of every batch."""

from __future__ import annotations

from array import array
from typing import Any

import numpy as np

from nnctl.callbacks import Callback
from nnctl.checkpoint.atomic import reason
from nnctl.errors import ReadWriteError
from nnctl.fields import field
from nnctl.registry import register


@register("callback", aliases=("LossHistory",))
class BatchHistory(Callback):
    """losses[i] = loss of the i-th batch, penalties included

    Also written to a file at the end of each epoch: epoch and batch (both from 1), loss. Raises
    ReadWriteError where the file cannot be written.
    Source  the class LossHistory of Keras' tutorial on callbacks
    """

    memory = ("losses",)

    filename: str = field("batch_losses.csv", doc="Name of the file, in the run directory.")

    losses: array[float]

    def reset(self) -> None:
        self.losses = array("d")

    def state(self) -> dict[str, Any]:
        return {"losses": np.array(self.losses)}

    def restore(self, state: dict[str, Any]) -> None:
        self.losses = array("d", state["losses"].tobytes())

    def on_train_begin(self) -> None:
        """Write the file anew: after an interruption with what the checkpoint knows."""
        self.first = self.trainer.epoch - (len(self.losses) - self.trainer.batch) // len(self.trainer.train)
        self.written = 0
        self._write("w", "epoch,batch,loss\n")
        self._write_rows(len(self.losses) - self.trainer.batch)

    def on_batch_end(self, batch: int, loss: float) -> None:
        self.losses.append(loss)

    def on_epoch_end(self, epoch: int, logs: dict[str, float]) -> None:
        self._write_rows(len(self.losses))

    def _write_rows(self, end: int) -> None:
        size = len(self.trainer.train)
        rows = [f"{self.first + i // size + 1},{i % size + 1},{self.losses[i]!r}\n" for i in range(self.written, end)]
        self._write("a", "".join(rows))
        self.written = end

    def _write(self, mode: str, text: str) -> None:
        path = self.path(self.filename)
        try:
            with path.open(mode, encoding="utf-8", newline="\n") as file:
                file.write(text)
        except OSError as error:
            raise ReadWriteError(f"{path}: could not be written: {reason(error, path)}") from error
