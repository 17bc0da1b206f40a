"""EarlyStopping: end the run when a number has ceased to improve."""

from __future__ import annotations

from typing import Any

from nnctl.callbacks import MODE_DOC, MONITOR_DOC, Callback, Mode, direction, improved
from nnctl.fields import field
from nnctl.registry import register
from nnctl.rules import NonNegativeFloat, NonNegativeInt


@register("callback")
class EarlyStopping(Callback):
    """stop when `monitor` has not improved for `patience` epochs

    An improvement is a change by more than min_delta; with a baseline, only one that also beats the
    baseline resets the count. restore_best_weights puts the best epoch's weights back at the end,
    also when the run was never stopped.
    Source  Prechelt 1998; keras.callbacks.EarlyStopping
    """

    monitors = True
    memory = ("wait", "best", "best_epoch", "best_weights", "stopped_epoch")

    monitor: str = field("val_loss", doc=MONITOR_DOC)
    min_delta: NonNegativeFloat = field(0.0, doc="Smallest change that counts as an improvement.")
    patience: NonNegativeInt = field(0, doc="Epochs without improvement that are waited for.")
    verbose: int = field(0, doc="1: say when the run is stopped.")
    mode: Mode = field("auto", doc=MODE_DOC)
    baseline: float | None = field(None, doc="Value that must be beaten for the wait to start again.")
    restore_best_weights: bool = field(False, doc="Put the weights of the best epoch back at the end.")
    start_from_epoch: NonNegativeInt = field(0, doc="Epochs at the start that are not watched.")

    wait: int
    best: float | None
    best_epoch: int
    best_weights: list[Any] | None
    stopped_epoch: int | None

    def reset(self) -> None:
        self.wait, self.best, self.best_epoch = 0, None, 0
        self.best_weights, self.stopped_epoch = None, None

    def on_epoch_end(self, epoch: int, logs: dict[str, float]) -> None:
        if self.monitor not in logs or epoch < self.start_from_epoch:
            return
        model, mode, value = self.trainer.model, direction(self.mode, self.monitor, self.trainer), logs[self.monitor]
        if self.restore_best_weights and self.best_weights is None:
            self.best_weights, self.best_epoch = model.get_weights(), epoch
        self.wait += 1
        if improved(value, self.best, mode, self.min_delta):
            self.best, self.best_epoch = value, epoch
            if self.restore_best_weights:
                self.best_weights = model.get_weights()
            if self.baseline is None or improved(value, self.baseline, mode, self.min_delta):
                self.wait = 0
        elif self.wait >= self.patience and epoch > 0:
            self.stopped_epoch = epoch
            self.trainer.stop_training = True

    def on_train_end(self) -> None:
        if self.stopped_epoch is not None and self.verbose:
            self.say(
                f"EarlyStopping: stopped after epoch {self.stopped_epoch + 1}; best {self.monitor} "
                f"{self.best:.6g} in epoch {self.best_epoch + 1}"
            )
        if self.restore_best_weights and self.best_weights is not None:
            self.trainer.model.set_weights(self.best_weights)
