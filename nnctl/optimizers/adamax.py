"""Adamax: Adam with the largest gradient in the place of the root mean square."""

from __future__ import annotations

import numpy as np

from nnctl.fields import field
from nnctl.optimizers import EPSILON_DOC, MEAN_DOC, RATE_DOC, Array, Optimizer, follow
from nnctl.registry import register
from nnctl.rules import Fraction, NonNegativeFloat
from nnctl.schedules import ARate


@register("optimizer")
class Adamax(Optimizer):
    """m <- m + (1 - b1)(g - m),  u <- max(b2 u, |g|),  w <- w - lr / (1 - b1^t) m / (u + eps)

    Source  Kingma & Ba 2015, algorithm 2; keras.optimizers.Adamax
    """

    slot_names = ("momentum", "norm")
    temporaries = 2

    learning_rate: ARate = field(0.001, doc=RATE_DOC, legacy=("lr",))
    beta_1: Fraction = field(0.9, doc=MEAN_DOC)
    beta_2: Fraction = field(0.999, doc="Decay of the largest gradient.")
    epsilon: NonNegativeFloat = field(1e-7, doc=EPSILON_DOC)

    def update(self, w: Array, g: Array, slots: list[Array], scratch: list[Array], lr: float) -> None:
        m, u = slots
        step, spare = scratch
        follow(m, g, 1 - self.beta_1, step)
        np.abs(g, out=step)
        u *= self.beta_2
        np.maximum(u, step, out=u)
        np.multiply(m, lr / (1 - self.beta_1**self.t), out=step)
        np.add(u, self.epsilon, out=spare)
        step /= spare
        w -= step
