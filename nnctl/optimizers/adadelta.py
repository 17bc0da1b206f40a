"""Adadelta: steps in the units of the weights, from two running root mean squares."""

from __future__ import annotations

import numpy as np

from nnctl.fields import field
from nnctl.optimizers import EPSILON_DOC, RATE_DOC, SQUARE_DOC, Array, Optimizer, follow
from nnctl.registry import register
from nnctl.rules import Fraction, NonNegativeFloat
from nnctl.schedules import ARate


@register("optimizer")
class Adadelta(Optimizer):
    """d = g sqrt(u + eps) / sqrt(v + eps),  w <- w - lr d

    with running means v of g^2, this step's included, and u of d^2, up to the step before. Zeiler's
    method is lr 1.
    Source  Zeiler 2012, algorithm 1; keras.optimizers.Adadelta
    """

    slot_names = ("accumulated_grad", "accumulated_delta_var")
    temporaries = 2

    learning_rate: ARate = field(0.001, doc=RATE_DOC, legacy=("lr",))
    rho: Fraction = field(0.95, doc=SQUARE_DOC)
    epsilon: NonNegativeFloat = field(1e-7, doc=EPSILON_DOC)

    def update(self, w: Array, g: Array, slots: list[Array], scratch: list[Array], lr: float) -> None:
        v, u = slots
        step, spare = scratch
        np.multiply(g, g, out=step)
        follow(v, step, 1 - self.rho, step)
        np.add(u, self.epsilon, out=step)
        np.add(v, self.epsilon, out=spare)
        step /= spare
        np.sqrt(step, out=step)
        step *= g
        np.multiply(step, step, out=spare)
        follow(u, spare, 1 - self.rho, spare)
        step *= lr
        w -= step
