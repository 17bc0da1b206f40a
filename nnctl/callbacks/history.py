"""History: the numbers of every epoch, kept in memory."""

from __future__ import annotations

from nnctl.callbacks import Callback
from nnctl.registry import register


@register("callback")
class History(Callback):
    """history[column][i] = value after epoch[i]

    Every run has one: `fit` returns it, and history.csv is written from it.
    Source  keras.callbacks.History
    """

    memory = ("epoch", "history")

    epoch: list[int]
    history: dict[str, list[float]]

    def reset(self) -> None:
        self.epoch, self.history = [], {}

    def on_epoch_end(self, epoch: int, logs: dict[str, float]) -> None:
        self.epoch.append(epoch)
        for name, value in logs.items():
            self.history.setdefault(name, []).append(value)
