"""checkpoint.h5: everything that a run needs to go on to the same bits."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nnctl.callbacks import Callback
from nnctl.callbacks.backup_and_restore import BackupAndRestore
from nnctl.checkpoint import atomic, load_state, save_state
from nnctl.errors import MissingInputError, ModelFileError

NEWEST, PREVIOUS = "checkpoint.h5", "checkpoint.previous.h5"
SECONDS = 300.0
SHARE = 0.02  # of the time may go into saving at the ends of epochs
FORMAT = 1


@dataclass(frozen=True)
class Often:
    """How often a checkpoint is saved, besides the ends of epochs."""

    seconds: float = SECONDS
    batches: int | None = None


class Saver(Callback):
    """Saves the state of the trainer: at the end of an epoch where that costs under 2 %, and as often as asked for.

    The checkpoint before the newest is kept, in case the newest turns out to be damaged.
    """

    def open(
        self, path: Path, previous: Path, about: dict[str, Any], on_cost: Callable[[float], None], often: Often
    ) -> None:
        self.file, self.previous, self.about, self.often = path, previous, about, often
        self.cost = 0.0
        self.saved_at = time.monotonic()
        self.on_cost = on_cost

    def on_train_begin(self) -> None:
        wanted = [c.save_freq for c in self.trainer.callbacks if isinstance(c, BackupAndRestore)]
        self.batches = [n for n in (self.often.batches, *wanted) if isinstance(n, int)]

    def on_batch_end(self, batch: int, loss: float) -> None:
        steps = self.trainer.model.optimizer.iterations  # type: ignore[union-attr]  # a trainer's model is compiled
        is_due = any(steps % number == 0 for number in self.batches)
        if is_due or time.monotonic() - self.saved_at > self.often.seconds:
            self.save()

    def on_epoch_end(self, epoch: int, logs: dict[str, float]) -> None:
        if (time.monotonic() - self.saved_at) * SHARE >= self.cost:
            self.save()

    def save(self) -> None:
        started = time.monotonic()
        self._keep_previous()
        save_state(self.file, {"format": FORMAT, **self.about, "trainer": self.trainer.state()})
        self.saved_at = time.monotonic()
        self.cost = self.saved_at - started
        self.on_cost(self.cost)

    def _keep_previous(self) -> None:
        """Give the newest checkpoint a second name; its first one goes on pointing to a whole file."""
        if self.file.exists():
            with contextlib.suppress(OSError):  # a file system without links: there is no checkpoint before the newest
                atomic.link(self.file, self.previous)


def has_checkpoint(directory: Path) -> bool:
    return any((directory / name).exists() for name in (NEWEST, PREVIOUS))


def load_newest(path: Path, previous: Path, say: Callable[[str], None]) -> dict[str, Any]:
    """Return the newest checkpoint that is whole; say so where it is not the newest.

    Raises ModelFileError or MissingInputError where none is.
    """
    try:
        return load_state(path)
    except (ModelFileError, MissingInputError) as error:
        if not previous.exists():
            raise
        say(f"warning: {error}; going on from the one before, {previous}")
        return load_state(previous)
