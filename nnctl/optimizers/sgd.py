"""Stochastic gradient descent, with momentum."""

from __future__ import annotations

from typing import Any

import numpy as np

from nnctl.fields import field
from nnctl.optimizers import RATE_DOC, Array, Optimizer
from nnctl.registry import register
from nnctl.rules import Fraction
from nnctl.schedules import ARate


@register("optimizer")
class SGD(Optimizer):
    """w <- w - lr g;  with momentum  v <- momentum v - lr g,  w <- w + v  (Nesterov: w + momentum v - lr g)

    Source  Robbins & Monro 1951, Polyak 1964, Sutskever et al. 2013; keras.optimizers.SGD
    """

    slot_names: tuple[str, ...] = ("momentum",)

    learning_rate: ARate = field(0.01, doc=RATE_DOC, legacy=("lr",))
    momentum: Fraction = field(0.0, doc="Share of the previous step that is kept.")
    nesterov: bool = field(False, doc="Look ahead: use the gradient as if the step was already taken.")

    def prepare(self, parameters: Any) -> None:
        # Without momentum there is nothing to remember.
        self.slot_names = ("momentum",) if self.momentum else ()
        super().prepare(parameters)

    def update(self, w: Array, g: Array, slots: list[Array], scratch: list[Array], lr: float) -> None:
        (step,) = scratch
        np.multiply(g, -lr, out=step)
        if slots:
            (v,) = slots
            v *= self.momentum
            v += step
            if self.nesterov:
                w += step
                np.multiply(v, self.momentum, out=step)
            else:
                step = v
        w += step
