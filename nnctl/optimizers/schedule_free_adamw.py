"""ScheduleFreeAdamW: Adam's steps and their running mean, in place of a falling rate."""

from __future__ import annotations

import numpy as np

from nnctl.fields import field
from nnctl.optimizers import EPSILON_DOC, RATE_DOC, SQUARE_DOC, Array, Optimizer, follow
from nnctl.registry import register
from nnctl.rules import NonNegativeFloat, NonNegativeInt, Probability
from nnctl.schedules import ARate


@register("optimizer")
class ScheduleFreeAdamW(Optimizer):
    """z <- z - lr g / (sqrt(v / (1 - b2^t)) + eps),  x <- x + (z - x) / t,  w = (1 - b1) z + b1 x

    with z = x = w at first and v <- v + (1 - b2)(g^2 - v); within warmup_steps the rate is lr t / warmup_steps.
    Only z and v are kept: x is found again from w and the z of before. (Keras on TensorFlow takes
    the z of after, by a slip that leaves b1 without effect; nnctl goes by the paper, as Keras on JAX does.)
    Source  Defazio et al. 2024, algorithm 1; keras.optimizers.ScheduleFreeAdamW
    """

    slot_names = ("momentum", "velocity")
    temporaries = 2

    learning_rate: ARate = field(0.0025, doc=RATE_DOC, legacy=("lr",))
    beta_1: Probability = field(0.9, doc="Share of the mean x in the weights that the gradient is taken at.")
    beta_2: Probability = field(0.999, doc=SQUARE_DOC)
    epsilon: NonNegativeFloat = field(1e-8, doc=EPSILON_DOC)
    warmup_steps: NonNegativeInt = field(0, doc="Steps in which the rate rises to its full height.")

    def step(self) -> None:
        if self.iterations == 0:
            self.slots["momentum"][:] = self.parameters.values
        super().step()

    def update(self, w: Array, g: Array, slots: list[Array], scratch: list[Array], lr: float) -> None:
        z, v = slots
        step, moved = scratch
        if self.warmup_steps:
            lr *= min(self.t / self.warmup_steps, 1)
        np.multiply(g, g, out=step)
        follow(v, step, 1 - self.beta_2, step)
        np.multiply(v, 1 / (1 - self.beta_2**self.t), out=step)
        np.sqrt(step, out=step)
        step += self.epsilon
        np.divide(g, step, out=step)
        step *= lr
        np.subtract(z, w, out=moved)  # b1 (z - x): with it the new w can be written without x
        moved /= self.t
        z -= step
        step *= 1 - self.beta_1 + self.beta_1 / self.t
        moved -= step
        w += moved
