"""ProgbarLogger: a line an epoch, for Python programs; the command line has its own display."""

from __future__ import annotations

import time

from nnctl.callbacks import Callback
from nnctl.registry import register


@register("callback")
class ProgbarLogger(Callback):
    """Epoch 3/10 - 0.4s - loss: 0.2153 - accuracy: 0.9350

    `fit(verbose=1)` adds one. In a spec it changes nothing: the command line shows every run.
    Source  keras.callbacks.ProgbarLogger
    """

    shown = False  # set by fit

    def reset(self) -> None:
        self.started = time.perf_counter()

    def on_epoch_begin(self, epoch: int) -> None:
        self.started = time.perf_counter()

    def on_epoch_end(self, epoch: int, logs: dict[str, float]) -> None:
        if self.shown:
            numbers = "".join(f" - {name}: {value:.4f}" for name, value in logs.items())
            self.say(f"Epoch {epoch + 1}/{self.trainer.epochs} - {time.perf_counter() - self.started:.1f}s{numbers}")
