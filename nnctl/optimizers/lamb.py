"""Lamb: Adam whose step is as large as its weight."""

from __future__ import annotations

import math

import numpy as np

from nnctl.fields import field
from nnctl.optimizers import EPSILON_DOC, MEAN_DOC, RATE_DOC, SQUARE_DOC, Array, Optimizer, follow
from nnctl.registry import register
from nnctl.rules import Fraction, NonNegativeFloat
from nnctl.schedules import ARate


@register("optimizer")
class Lamb(Optimizer):
    """w <- w - lr |w| / |d| d,  d = m / (1 - b1^t) / (sqrt(v / (1 - b2^t)) + eps)

    with m and v as in Adam, and norms over the whole of a weight; a norm of zero makes the ratio 1.
    Source  You et al. 2020, algorithm 2 (decay of the weights apart from it); keras.optimizers.Lamb
    """

    slot_names = ("momentum", "velocity")
    temporaries = 2
    whole_weights = True

    learning_rate: ARate = field(0.001, doc=RATE_DOC, legacy=("lr",))
    beta_1: Fraction = field(0.9, doc=MEAN_DOC)
    beta_2: Fraction = field(0.999, doc=SQUARE_DOC)
    epsilon: NonNegativeFloat = field(1e-7, doc=EPSILON_DOC)

    def update(self, w: Array, g: Array, slots: list[Array], scratch: list[Array], lr: float) -> None:
        m, v = slots
        step, spare = scratch
        t = self.t
        follow(m, g, 1 - self.beta_1, step)
        np.multiply(g, g, out=step)
        follow(v, step, 1 - self.beta_2, step)
        np.multiply(v, 1 / (1 - self.beta_2**t), out=spare)
        np.sqrt(spare, out=spare)
        spare += self.epsilon
        np.multiply(m, 1 / (1 - self.beta_1**t), out=step)
        step /= spare
        size, length = _norm(w), _norm(step)
        step *= lr * (size / length if size > 0 and length > 0 else 1.0)
        w -= step


def _norm(x: Array) -> float:
    return math.sqrt(float(np.vdot(x, x)))
