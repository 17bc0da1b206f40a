"""Progress of a training run where there is no terminal: a line an epoch, as text or as JSON.

`display()` chooses between these and the bar of console_bar.py.
"""

from __future__ import annotations

import os
import sys
import time
from typing import Any, Self

from nnctl.callbacks import Callback
from nnctl.cli import wording
from nnctl.cli.voice import NORMAL, voice


class Display(Callback):
    """Hears a run without touching it; a context manager that leaves the terminal as it was."""

    def __init__(self) -> None:
        """It has no fields: no spec names it."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None: ...

    def on_train_begin(self) -> None:
        self.began = self.epoch_began = time.perf_counter()
        self.done_before = self.done()
        self.announce()

    def announce(self) -> None:
        """Say where the run is and how large."""
        trainer = self.trainer
        weights = wording.plural(trainer.model.count_params(), "weight")
        steps = wording.plural(len(trainer.train), "step")
        voice.say(f"run    {trainer.host.directory}  ({weights}, {steps} an epoch)")

    def on_epoch_begin(self, epoch: int) -> None:
        self.epoch_began = time.perf_counter()

    def done(self) -> float:
        """Return the share of the run that is done."""
        trainer = self.trainer
        inside = trainer.batch / max(len(trainer.train), 1)
        return (trainer.epoch + inside) / max(trainer.epochs, 1)

    def seconds_left(self) -> float:
        """Return the time that the rest takes at the pace so far."""
        done = self.done()
        gained = done - self.done_before
        return (time.perf_counter() - self.began) * (1 - done) / gained if gained > 0 else 0.0


class EpochLines(Display):
    """14:03:22  epoch  12/150  loss 0.5123  accuracy 0.7431  (1.2 s, 2:45 left)"""

    def on_epoch_end(self, epoch: int, logs: dict[str, float]) -> None:
        voice.say(f"{time.strftime('%H:%M:%S')}  {self.line(epoch, logs)}")

    def line(self, epoch: int, logs: dict[str, float]) -> str:
        total = str(self.trainer.epochs)
        seconds = wording.duration(time.perf_counter() - self.epoch_began)
        left = self.seconds_left()
        more = f", {wording.duration(left)} left" if epoch + 1 < self.trainer.epochs and left >= 1 else ""
        return f"epoch {epoch + 1:>{len(total)}}/{total}  {wording.logs(logs)}  ({seconds}{more})"


class EpochObjects(Display):
    """{"time": ..., "event": "epoch", "epoch": 12, "epochs": 150, "seconds": 1.2, "loss": 0.5123, ...}"""

    def on_epoch_end(self, epoch: int, logs: dict[str, float]) -> None:
        seconds = round(time.perf_counter() - self.epoch_began, 6)
        numbers: dict[str, Any] = {"epoch": epoch + 1, "epochs": self.trainer.epochs, "seconds": seconds, **logs}
        voice.event("epoch", **numbers)


def display() -> Display | None:
    """Return what shows the progress of a run here; None where nothing is to be said."""
    if voice.level < NORMAL:
        return None
    if voice.as_json:
        return EpochObjects()
    if not live():
        return EpochLines()
    from nnctl.cli.console_bar import Bar

    return Bar()


def live() -> bool:
    """Whether stderr is a terminal that can redraw a line."""
    return sys.stderr.isatty() and os.environ.get("TERM", "").lower() not in ("", "dumb", "unknown")
