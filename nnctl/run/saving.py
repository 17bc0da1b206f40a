"""checkpoint.h5: everything that a run needs to go on to the same bits."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from nnctl.callbacks import Callback
from nnctl.checkpoint import load_state, save_state
from nnctl.errors import MissingInputError, ModelFileError

MINUTES = 5.0
SHARE = 0.02  # of the time may go into saving at the ends of epochs
FORMAT = 1


class Saver(Callback):
    """Saves the state of the trainer: at the end of an epoch where that costs under 2 %, and every 5 minutes.

    The checkpoint before the newest is kept, in case the newest turns out to be damaged.
    """

    def open(self, path: Path, previous: Path, about: dict[str, Any], on_cost: Callable[[float], None]) -> None:
        self.file, self.previous, self.about = path, previous, about
        self.cost = 0.0
        self.saved_at = time.monotonic()
        self.on_cost = on_cost

    def on_batch_end(self, batch: int, loss: float) -> None:
        if time.monotonic() - self.saved_at > MINUTES * 60:
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
        if not self.file.exists():
            return
        spare = self.previous.with_suffix(".nnctl-tmp")
        with contextlib.suppress(OSError):
            os.link(self.file, spare)
            os.replace(spare, self.previous)
        with contextlib.suppress(OSError):  # of a failure here, or of a killed run
            spare.unlink(missing_ok=True)


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
