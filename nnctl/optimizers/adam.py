"""Adam: running means of the gradient and of its square."""

from __future__ import annotations

import math
from typing import Any

from nnctl import kernels
from nnctl.fields import field
from nnctl.optimizers import EPSILON_DOC, MEAN_DOC, RATE_DOC, SQUARE_DOC, Array, Optimizer
from nnctl.registry import register
from nnctl.rules import Fraction, NonNegativeFloat
from nnctl.schedules import ARate


@register("optimizer")
class Adam(Optimizer):
    """m <- m + (1 - b1)(g - m),  v <- v + (1 - b2)(g^2 - v),  w <- w - a m / (sqrt(v) + eps)

    with a = lr sqrt(1 - b2^t) / (1 - b1^t) at step t = 1, 2, ...; amsgrad divides by the largest v so far.
    Source  Kingma & Ba 2015 (eps is "epsilon hat" of sec. 2), Reddi et al. 2018; keras.optimizers.Adam
    """

    slot_names: tuple[str, ...] = ("momentum", "velocity", "velocity_hat")
    temporaries = 2

    learning_rate: ARate = field(0.001, doc=RATE_DOC, legacy=("lr",))
    beta_1: Fraction = field(0.9, doc=MEAN_DOC)
    beta_2: Fraction = field(0.999, doc=SQUARE_DOC)
    epsilon: NonNegativeFloat = field(1e-7, doc=EPSILON_DOC)
    amsgrad: bool = field(False, doc="Divide by the largest running mean so far.")

    def prepare(self, parameters: Any) -> None:
        self.slot_names = ("momentum", "velocity", *(["velocity_hat"] if self.amsgrad else []))
        super().prepare(parameters)

    def update(self, w: Array, g: Array, slots: list[Array], scratch: list[Array], lr: float) -> None:
        m, v, *largest = slots
        rate = lr * math.sqrt(1 - self.beta_2**self.t) / (1 - self.beta_1**self.t)
        shares = 1 - self.beta_1, 1 - self.beta_2
        kernels.adam(w, g, m, v, largest[0] if largest else None, *shares, rate, self.epsilon, scratch)
