"""What a run leaves to read: history.csv, a line an epoch, and train.log, whatever was said."""

from __future__ import annotations

import csv
import io
import time
from pathlib import Path

from nnctl.callbacks import Callback
from nnctl.checkpoint.atomic import reason, write_text
from nnctl.errors import ReadWriteError
from nnctl.run.directory import now


class Lines:
    """A text file that grows by whole lines, each of them handed to the system at once."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self.file = path.open("a", encoding="utf-8", newline="\n", buffering=1)
        except OSError as error:
            raise ReadWriteError(f"{path}: could not be written: {error.strerror}") from error

    def line(self, text: str) -> None:
        try:
            self.file.write(text + "\n")
        except OSError as error:
            why = reason(error, self.path, len(text.encode()) + 1)
            raise ReadWriteError(f"{self.path}: could not be written: {why}") from error


class HistoryFile(Callback):
    """Writes history.csv: epoch (from 1), loss, metrics, val_*, lr, seconds.

    After an interruption the file is written anew from the checkpoint, so every epoch is in it once.
    """

    memory = ("lines", "columns")

    def open(self, path: Path) -> None:
        self.file = path
        self.started = time.perf_counter()

    def reset(self) -> None:
        self.lines: list[list[float | None]] = []
        self.columns: list[str] = []

    def on_train_begin(self) -> None:
        self.started = time.perf_counter()
        if self.lines:
            self._write_all()

    def on_epoch_begin(self, epoch: int) -> None:
        self.started = time.perf_counter()

    def on_epoch_end(self, epoch: int, logs: dict[str, float]) -> None:
        optimizer = self.trainer.model.optimizer
        rate = optimizer.rate() if optimizer else 0.0
        seconds = round(time.perf_counter() - self.started, 6)
        if not self.columns:
            self.columns = self._all_columns(logs)
        self.lines.append([epoch + 1, *(logs.get(name) for name in self.columns), rate, seconds])
        if len(self.lines) == 1:
            self._write_all()
        else:
            self.out.line(",".join("" if value is None else repr(value) for value in self.lines[-1]))

    def _all_columns(self, logs: dict[str, float]) -> list[str]:
        """Return the columns of the logs; those of the validation stand there from the start."""
        names = [name for name in logs if name != "learning_rate"]
        if self.trainer.validation is not None:
            names += [f"val_{name}" for name in self.trainer.logs() if f"val_{name}" not in names]
        return names

    def _write_all(self) -> None:
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(["epoch", *self.columns, "lr", "seconds"])
        writer.writerows(self.lines)
        write_text(self.file, text.getvalue())
        self.out = Lines(self.file)


class Log(Callback):
    """Writes train.log: one line for whatever is said, and one an epoch, with the time."""

    def open(self, path: Path) -> None:
        self.out = Lines(path)

    def line(self, text: str) -> None:
        for part in text.splitlines():
            self.out.line(f"{now()} {part}")

    def on_epoch_end(self, epoch: int, logs: dict[str, float]) -> None:
        numbers = " ".join(f"{name}={value:.6g}" for name, value in logs.items())
        self.line(f"epoch {epoch + 1}/{self.trainer.epochs} {numbers}")
