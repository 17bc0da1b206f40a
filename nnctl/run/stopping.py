"""Stopping in order: signals and the time limit end a run after the batch at hand."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from nnctl.callbacks import Callback
from nnctl.errors import NnctlError, SignalError, StoppedError

SIGNALS = ("SIGINT", "SIGTERM", "SIGUSR1")


class Stopper(Callback):
    """Ends the run after the batch at hand when a signal came or the time is up."""

    def watch(self, max_time: float | None) -> None:
        self.reason: str | None = None
        self.signal_number: int | None = None
        self.deadline = None if max_time is None else time.monotonic() + max_time
        self.margin = 0.0  # seconds that saving takes; the saver keeps it up to date

    def hears(self, event: str) -> bool:
        return super().hears(event) and (event != "on_batch_end" or self.deadline is not None)

    def on_batch_end(self, batch: int, loss: float) -> None:
        if self.deadline is not None and time.monotonic() + self.margin > self.deadline:
            self.reason = "the time limit (--max-time) is reached"
            self.trainer.stop_at_once = True

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Catch the signals; a second Ctrl-C ends the process at once."""
        previous = {}
        for name in SIGNALS:
            if (number := getattr(signal, name, None)) is not None:
                try:
                    previous[number] = signal.signal(number, self._heard)
                except ValueError:  # not the main thread: signals go to whoever called
                    break
        try:
            yield
        finally:
            for number, handler in previous.items():
                signal.signal(number, handler)

    def _heard(self, number: int, frame: FrameType | None) -> Any:
        if number == signal.SIGINT and self.signal_number == signal.SIGINT:
            os._exit(128 + signal.SIGINT)
        self.signal_number = number
        self.reason = f"{signal.Signals(number).name} was received"
        self.trainer.stop_at_once = True

    def error(self, how_to_go_on: str) -> NnctlError:
        """Return the exception that gives the process its exit status."""
        message = f"stopped: {self.reason}; {how_to_go_on}"
        if self.signal_number in (signal.SIGINT, signal.SIGTERM):
            return SignalError(message, self.signal_number)
        return StoppedError(message)
