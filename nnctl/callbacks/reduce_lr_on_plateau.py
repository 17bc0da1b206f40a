"""ReduceLROnPlateau: a smaller learning rate when a number has ceased to improve."""

from __future__ import annotations

from typing import Annotated, Any

from annotated_types import Gt, Lt

from nnctl.callbacks import MODE_DOC, MONITOR_DOC, Callback, Mode, direction, improved
from nnctl.errors import ConfigError
from nnctl.fields import field
from nnctl.registry import register
from nnctl.rules import NonNegativeFloat, NonNegativeInt
from nnctl.schedules import Schedule


@register("callback")
class ReduceLROnPlateau(Callback):
    """lr <- max(factor lr, min_lr) when `monitor` has not improved for `patience` epochs

    For `cooldown` epochs after that no epoch counts as one without improvement; the last of them does
    again, so that a cooldown of 1 changes nothing. Raises ConfigError where the optimizer has a
    schedule.
    Source  keras.callbacks.ReduceLROnPlateau
    """

    monitors = True
    memory = ("best", "wait", "cooldown_counter")

    monitor: str = field("val_loss", doc=MONITOR_DOC)
    factor: Annotated[float, Gt(0), Lt(1)] = field(0.1, doc="What the rate is multiplied by.")
    patience: NonNegativeInt = field(10, doc="Epochs without improvement that are waited for.")
    verbose: int = field(0, doc="1: say each new rate.")
    mode: Mode = field("auto", doc=MODE_DOC)
    min_delta: NonNegativeFloat = field(1e-4, doc="Smallest change that counts as an improvement.", legacy=("epsilon",))
    cooldown: NonNegativeInt = field(0, doc="Epochs after a new rate that are not watched, less one.")
    min_lr: NonNegativeFloat = field(0.0, doc="Smallest learning rate.")

    best: float | None
    wait: int
    cooldown_counter: int

    def reset(self) -> None:
        self.best, self.wait, self.cooldown_counter = None, 0, 0

    def on_train_begin(self) -> None:
        optimizer: Any = self.trainer.model.optimizer
        if isinstance(optimizer.learning_rate, Schedule):
            raise ConfigError("ReduceLROnPlateau: the optimizer's learning_rate is a schedule already")

    def on_epoch_end(self, epoch: int, logs: dict[str, float]) -> None:
        optimizer: Any = self.trainer.model.optimizer
        logs["learning_rate"] = optimizer.rate()
        if self.monitor not in logs:
            return
        if self.cooldown_counter > 0:
            self.cooldown_counter -= 1
            self.wait = 0
        value, mode = logs[self.monitor], direction(self.mode, self.monitor, self.trainer)
        if improved(value, self.best, mode, self.min_delta):
            self.best, self.wait = value, 0
        elif self.cooldown_counter == 0:
            self.wait += 1
            if self.wait >= self.patience and optimizer.learning_rate > self.min_lr:
                optimizer.learning_rate = max(optimizer.learning_rate * self.factor, self.min_lr)
                self.wait, self.cooldown_counter = 0, self.cooldown
                if self.verbose:
                    self.say(f"Epoch {epoch + 1}: learning rate {optimizer.learning_rate:g}")
