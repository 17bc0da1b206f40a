"""CSVLogger: one line of numbers an epoch, in a file."""

from __future__ import annotations

import csv
import io

from nnctl.callbacks import Callback
from nnctl.checkpoint.atomic import reason, write_text
from nnctl.errors import ReadWriteError
from nnctl.fields import field
from nnctl.registry import register


@register("callback")
class CSVLogger(Callback):
    """file: epoch, and every column of the logs in alphabetical order, as in Keras

    When a run goes on after an interruption, lines of epochs that will be trained again are taken
    out first, so every epoch stands in the file once. Raises ReadWriteError where it cannot be written.
    Source  keras.callbacks.CSVLogger
    """

    memory = ("columns", "lines")

    filename: str = field(doc="Name of the file, in the run directory.")
    separator: str = field(",", doc="Put between two values.")
    append: bool = field(False, doc="Keep what an earlier run left in the file.")

    examples = ({"filename": "epochs.csv"},)

    columns: list[str] | None
    lines: int | None  # in the file so far; None before the run has begun

    def reset(self) -> None:
        self.columns, self.lines = None, None

    def on_train_begin(self) -> None:
        path = self.path(self.filename)
        there = path.read_text(encoding="utf-8").splitlines(keepends=True) if path.exists() else []
        if self.lines is None:
            self.lines = len(there) if self.append else 0
        if len(there) != self.lines or not there:
            write_text(path, "".join(there[: self.lines]))

    def on_epoch_end(self, epoch: int, logs: dict[str, float]) -> None:
        path = self.path(self.filename)
        assert self.lines is not None
        text = io.StringIO()
        writer = csv.writer(text, delimiter=self.separator, lineterminator="\n")
        if self.columns is None:
            self.columns = sorted(logs)
        if self.lines == 0:
            writer.writerow(["epoch", *self.columns])
            self.lines = 1
        writer.writerow([epoch, *(logs.get(name, "NA") for name in self.columns)])
        self.lines += 1
        try:
            with path.open("a", encoding="utf-8", newline="\n") as file:
                file.write(text.getvalue())
        except OSError as error:
            raise ReadWriteError(f"{path}: could not be written: {reason(error, path)}") from error
