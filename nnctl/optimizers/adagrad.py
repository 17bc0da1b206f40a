"""Adagrad: the gradient divided by the root of all its squares so far."""

from __future__ import annotations

from typing import Any

import numpy as np

from nnctl.fields import field
from nnctl.optimizers import EPSILON_DOC, RATE_DOC, Array, Optimizer
from nnctl.registry import register
from nnctl.rules import NonNegativeFloat
from nnctl.schedules import ARate


@register("optimizer")
class Adagrad(Optimizer):
    """a <- a + g^2,  w <- w - lr g / sqrt(a + eps)

    Source  Duchi, Hazan & Singer 2011; keras.optimizers.Adagrad (eps inside the root)
    """

    slot_names = ("accumulator",)
    temporaries = 2

    learning_rate: ARate = field(0.001, doc=RATE_DOC, legacy=("lr",))
    initial_accumulator_value: NonNegativeFloat = field(0.1, doc="What the sums of squares begin with.")
    epsilon: NonNegativeFloat = field(1e-7, doc=EPSILON_DOC)

    def prepare(self, parameters: Any) -> None:
        super().prepare(parameters)
        self.slots["accumulator"][:] = self.initial_accumulator_value

    def update(self, w: Array, g: Array, slots: list[Array], scratch: list[Array], lr: float) -> None:
        (a,) = slots
        step, spare = scratch
        np.multiply(g, g, out=step)
        a += step
        np.add(a, self.epsilon, out=spare)
        np.sqrt(spare, out=spare)
        np.multiply(g, lr, out=step)
        step /= spare
        w -= step
