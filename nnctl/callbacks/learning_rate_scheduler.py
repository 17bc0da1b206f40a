"""LearningRateScheduler: the learning rate as a function of the epoch."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Annotated, Any

from nnctl.callbacks import Callback
from nnctl.errors import ConfigError
from nnctl.expressions import Expression
from nnctl.fields import field
from nnctl.registry import register
from nnctl.rules import NonNegativeInt, PositiveFloat, Words
from nnctl.schedules import Schedule

Table = dict[NonNegativeInt, PositiveFloat]
Rule = Annotated[
    Table | str,
    Words(
        "a table {epoch: rate} or a formula in epoch and lr, such as 'lr * 0.5 ** (epoch // 10)'", extra_bad=(-1, [])
    ),
]


@register("callback")
class LearningRateScheduler(Callback):
    """lr = schedule(epoch, lr), set before each epoch

    A table {0: 0.1, 10: 0.01} gives the rate from each epoch on; a formula may use `epoch` (from 0)
    and `lr`, the present rate. Raises ConfigError where the result is no positive number, or where
    the optimizer has a schedule of its own.
    Source  keras.callbacks.LearningRateScheduler
    """

    schedule: Rule = field(doc="A table {epoch: rate}, or a formula in epoch and lr.")
    verbose: int = field(0, doc="1: say the rate of each epoch.")

    examples = ({"schedule": {0: 0.1, 5: 0.01}}, {"schedule": "lr * 0.9"})

    def conflicts(self) -> Iterator[tuple[str, str]]:
        if isinstance(self.schedule, str):
            try:
                self._formula = Expression(self.schedule, ("epoch", "lr"))
            except ValueError as error:
                yield "schedule", str(error)

    def rate(self, epoch: int, lr: float) -> float:
        if isinstance(self.schedule, str):
            return self._formula(epoch=epoch, lr=lr)
        begun = [first for first in self.schedule if first <= epoch]
        return self.schedule[max(begun)] if begun else lr

    def on_epoch_begin(self, epoch: int) -> None:
        optimizer: Any = self.trainer.model.optimizer
        if isinstance(optimizer.learning_rate, Schedule):
            raise ConfigError("LearningRateScheduler: the optimizer's learning_rate is a schedule already")
        if self.trainer.batch:
            return  # a run that goes on inside an epoch has its rate
        try:
            rate = self.rate(epoch, optimizer.learning_rate)
        except (ArithmeticError, ValueError, TypeError) as error:
            raise ConfigError(f"LearningRateScheduler: {self.schedule!r} fails in epoch {epoch}: {error}") from None
        if not (math.isfinite(rate) and rate > 0):
            raise ConfigError(f"LearningRateScheduler: expected a rate > 0 in epoch {epoch}, got {rate:g}")
        optimizer.learning_rate = rate
        if self.verbose:
            self.say(f"Epoch {epoch + 1}: learning rate {rate:g}")

    def on_epoch_end(self, epoch: int, logs: dict[str, float]) -> None:
        optimizer: Any = self.trainer.model.optimizer
        logs["learning_rate"] = optimizer.rate()
