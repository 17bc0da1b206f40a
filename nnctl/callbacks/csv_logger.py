"""CSVLogger: one line of numbers an epoch, in a file."""

from __future__ import annotations

import csv

from nnctl.callbacks import Callback
from nnctl.fields import field
from nnctl.registry import register


@register("callback")
class CSVLogger(Callback):
    """file: epoch, and every column of the logs in alphabetical order, as in Keras

    When a run goes on after an interruption, lines of epochs that will be trained again are taken
    out first, so every epoch stands in the file once.
    Source  keras.callbacks.CSVLogger
    """

    memory = ("columns", "lines")

    filename: str = field(doc="Name of the file, in the run directory.")
    separator: str = field(",", doc="Put between two values.")
    append: bool = field(False, doc="Keep what an earlier run left in the file.")

    examples = ({"filename": "epochs.csv"},)

    columns: list[str] | None
    lines: int

    def reset(self) -> None:
        self.columns, self.lines = None, 0

    def on_train_begin(self) -> None:
        path = self.path(self.filename)
        if self.columns is None and not self.append:
            path.write_text("")
        elif self.columns is not None and path.exists():
            kept = path.read_text().splitlines(keepends=True)[: self.lines]
            path.write_text("".join(kept))

    def on_epoch_end(self, epoch: int, logs: dict[str, float]) -> None:
        path = self.path(self.filename)
        if self.columns is None:
            self.columns = sorted(logs)
            self.lines = len(path.read_text().splitlines()) if path.exists() else 0
        with path.open("a", newline="") as file:
            writer = csv.writer(file, delimiter=self.separator, lineterminator="\n")
            if self.lines == 0:
                writer.writerow(["epoch", *self.columns])
                self.lines = 1
            writer.writerow([epoch, *(logs.get(name, "NA") for name in self.columns)])
        self.lines += 1
