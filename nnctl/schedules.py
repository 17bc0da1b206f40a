"""Learning-rate schedules: the learning rate as a function of the training step.

The contract is `schedule(step) -> float`, step 0 being the first update.
"""

from __future__ import annotations

import math
from typing import Annotated

from nnctl.fields import Thing, field
from nnctl.registry import register
from nnctl.rules import NonNegativeFloat, Of, PositiveFloat, PositiveInt

RATE_DOC = "Learning rate at step 0."


class Schedule(Thing):
    """lr = f(step)"""

    def __call__(self, step: int) -> float:
        raise NotImplementedError


ARate = PositiveFloat | Annotated[Schedule, Of("schedule")]


@register("schedule")
class ExponentialDecay(Schedule):
    """lr = initial * decay_rate ^ (step / decay_steps)

    Source  keras.optimizers.schedules.ExponentialDecay
    """

    initial_learning_rate: PositiveFloat = field(doc=RATE_DOC)
    decay_steps: PositiveInt = field(doc="Steps over which the rate is multiplied by decay_rate once.")
    decay_rate: PositiveFloat = field(doc="Factor of one decay.")
    staircase: bool = field(False, doc="Decay at whole multiples of decay_steps only.")

    examples = ({"initial_learning_rate": 0.1, "decay_steps": 100, "decay_rate": 0.96},)

    def __call__(self, step: int) -> float:
        power = step / self.decay_steps
        return self.initial_learning_rate * self.decay_rate ** (math.floor(power) if self.staircase else power)


@register("schedule")
class InverseTimeDecay(Schedule):
    """lr = initial / (1 + decay_rate * step / decay_steps)

    Source  keras.optimizers.schedules.InverseTimeDecay; `decay` of Keras 1 and 2 with decay_steps 1
    """

    initial_learning_rate: PositiveFloat = field(doc=RATE_DOC)
    decay_steps: PositiveInt = field(doc="Steps that one decay_rate stands for.")
    decay_rate: NonNegativeFloat = field(doc="Growth of the denominator.")
    staircase: bool = field(False, doc="Decay at whole multiples of decay_steps only.")

    examples = ({"initial_learning_rate": 0.1, "decay_steps": 1, "decay_rate": 0.01},)

    def __call__(self, step: int) -> float:
        progress = step / self.decay_steps
        return self.initial_learning_rate / (1 + self.decay_rate * (math.floor(progress) if self.staircase else progress))
