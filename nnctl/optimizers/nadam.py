"""Nadam: Adam that looks ahead, with Nesterov's momentum."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from nnctl.fields import field
from nnctl.optimizers import EPSILON_DOC, MEAN_DOC, RATE_DOC, SQUARE_DOC, Array, Optimizer, follow
from nnctl.registry import register
from nnctl.rules import Fraction, NonNegativeFloat
from nnctl.schedules import ARate


@register("optimizer")
class Nadam(Optimizer):
    """w <- w - lr [b(t+1) m / (1 - P b(t+1)) + (1 - b(t)) g / (1 - P)] / (sqrt(v / (1 - b2^t)) + eps)

    with m and v as in Adam, b(t) = b1 (1 - 0.96^t / 2) and P = b(1) b(2) ... b(t).
    Source  Dozat 2016; keras.optimizers.Nadam
    """

    slot_names = ("momentum", "velocity")
    numbers = ("u_product",)
    temporaries = 2

    without_effect: ClassVar[Mapping[str, str]] = {
        "schedule_decay": "the momentum goes by 0.96^t as in Keras 3, in Keras 2 by 0.96^(t schedule_decay)"
    }

    u_product: float  # P

    learning_rate: ARate = field(0.001, doc=RATE_DOC, legacy=("lr",))
    beta_1: Fraction = field(0.9, doc=MEAN_DOC)
    beta_2: Fraction = field(0.999, doc=SQUARE_DOC)
    epsilon: NonNegativeFloat = field(1e-7, doc=EPSILON_DOC)

    def prepare(self, parameters: Any) -> None:
        super().prepare(parameters)
        self.u_product = 1.0

    def momentum(self, t: int) -> float:
        return self.beta_1 * (1 - 0.5 * 0.96**t)

    def begin_step(self) -> None:
        self.u_product *= self.momentum(self.t)

    def update(self, w: Array, g: Array, slots: list[Array], scratch: list[Array], lr: float) -> None:
        m, v = slots
        step, spare = scratch
        t, product = self.t, self.u_product
        now, ahead = self.momentum(t), self.momentum(t + 1)
        follow(m, g, 1 - self.beta_1, step)
        np.multiply(g, g, out=step)
        follow(v, step, 1 - self.beta_2, step)
        np.multiply(m, lr * ahead / (1 - product * ahead), out=step)
        np.multiply(g, lr * (1 - now) / (1 - product), out=spare)
        step += spare
        np.multiply(v, 1 / (1 - self.beta_2**t), out=spare)
        np.sqrt(spare, out=spare)
        spare += self.epsilon
        step /= spare
        w -= step
