"""Follow the regularized leader: weights that are exactly zero under an L1 penalty."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
from annotated_types import Le

from nnctl.fields import field
from nnctl.optimizers import RATE_DOC, TINY, Array, Optimizer
from nnctl.registry import register
from nnctl.rules import NonNegativeFloat
from nnctl.schedules import ARate


@register("optimizer")
class Ftrl(Optimizer):
    """z <- z + g + 2 s w - (A^p - a^p) w / lr,  w <- (clip(z, -l1, l1) - z) / ((beta + A^p) / lr + 2 l2)

    with a the sum of squared gradients before this step, A = a + g^2 after it, p = -learning_rate_power,
    and s the shrinkage. The weights follow from z and A alone: where they began is forgotten.
    Source  McMahan et al. 2013, algorithm 1; keras.optimizers.Ftrl
    """

    slot_names = ("accumulator", "linear")
    temporaries = 2

    learning_rate: ARate = field(0.001, doc=RATE_DOC, legacy=("lr",))
    learning_rate_power: Annotated[float, Le(0)] = field(-0.5, doc="How the rate falls with the sum of squares.")
    initial_accumulator_value: NonNegativeFloat = field(0.1, doc="What the sums of squares begin with.")
    l1_regularization_strength: NonNegativeFloat = field(0.0, doc="L1 penalty: makes small weights zero.")
    l2_regularization_strength: NonNegativeFloat = field(0.0, doc="L2 penalty, on the weights themselves.")
    l2_shrinkage_regularization_strength: NonNegativeFloat = field(0.0, doc="L2 penalty, added to the gradient.")
    beta: NonNegativeFloat = field(0.0, doc="Added to the root of the sum of squares.")

    def prepare(self, parameters: Any) -> None:
        super().prepare(parameters)
        self.slots["accumulator"][:] = self.initial_accumulator_value

    def update(self, w: Array, g: Array, slots: list[Array], scratch: list[Array], lr: float) -> None:
        if lr == 0:
            return  # a schedule at its end: nothing moves
        a, z = slots
        step, spare = scratch
        p = -self.learning_rate_power
        _power(a, p, spare)
        np.multiply(g, g, out=step)
        a += step
        _power(a, p, step)
        np.subtract(step, spare, out=spare)
        spare *= w
        spare /= lr
        z -= spare
        z += g
        np.multiply(w, 2 * self.l2_shrinkage_regularization_strength, out=spare)
        z += spare
        step += self.beta
        step /= lr
        step += 2 * self.l2_regularization_strength
        np.maximum(step, TINY, out=step)  # where all is zero: no gradient yet, and nothing to begin with
        np.clip(z, -self.l1_regularization_strength, self.l1_regularization_strength, out=spare)
        spare -= z
        np.divide(spare, step, out=w)


def _power(x: Array, p: float, out: Array) -> None:
    if p == 0.5:
        np.sqrt(x, out=out)  # the default, and ten times as fast
    else:
        np.power(x, p, out=out)
