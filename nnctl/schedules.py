"""Learning-rate schedules: the learning rate as a function of the training step.

The contract is `schedule(step) -> float`, step 0 being the first update.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterator
from typing import Annotated, ClassVar

from annotated_types import Ge, MinLen

from nnctl.fields import Thing, field
from nnctl.registry import register
from nnctl.rules import NonNegativeFloat, NonNegativeInt, Of, PositiveFloat, PositiveInt, Probability, show

RATE_DOC = "Learning rate at step 0."


class Schedule(Thing):
    """lr = f(step)"""

    kind: ClassVar[str] = "schedule"

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
        return self.initial_learning_rate / (
            1 + self.decay_rate * (math.floor(progress) if self.staircase else progress)
        )


@register("schedule")
class PiecewiseConstantDecay(Schedule):
    """lr = values[i], i the number of boundaries below the step

    The step that is a boundary still has the value before it.
    Source  keras.optimizers.schedules.PiecewiseConstantDecay
    """

    boundaries: Annotated[tuple[NonNegativeInt, ...], MinLen(1)] = field(doc="Last steps of all values but the last.")
    values: tuple[NonNegativeFloat, ...] = field(doc="Learning rates, one more than boundaries.")

    examples = ({"boundaries": [10, 20], "values": [0.1, 0.05, 0.01]},)

    def conflicts(self) -> Iterator[tuple[str, str]]:
        if len(self.values) != len(self.boundaries) + 1:
            yield "values", f"expected {len(self.boundaries) + 1}, one more than boundaries, got {len(self.values)}"
        if list(self.boundaries) != sorted(set(self.boundaries)):
            yield "boundaries", f"expected steps in rising order, got {show(self.boundaries)}"

    def __call__(self, step: int) -> float:
        return self.values[bisect_left(self.boundaries, step)]


@register("schedule")
class PolynomialDecay(Schedule):
    """lr = end + (initial - end) (1 - step / decay_steps) ^ power, and end after decay_steps

    With cycle, decay_steps is multiplied by the smallest whole number that reaches the step: the rate
    jumps up and falls again.
    Source  keras.optimizers.schedules.PolynomialDecay
    """

    initial_learning_rate: PositiveFloat = field(doc=RATE_DOC)
    decay_steps: PositiveInt = field(doc="Steps after which the end is reached.")
    end_learning_rate: NonNegativeFloat = field(0.0001, doc="Learning rate at the end.")
    power: PositiveFloat = field(1.0, doc="1: along a line.")
    cycle: bool = field(False, doc="Begin anew after decay_steps.")

    examples = ({"initial_learning_rate": 0.1, "decay_steps": 100}, {"initial_learning_rate": 0.1, "decay_steps": 10,
                                                                     "power": 2.0, "cycle": True})  # fmt: skip

    def __call__(self, step: int) -> float:
        end, steps = self.end_learning_rate, self.decay_steps
        if self.cycle:
            steps *= max(math.ceil(step / steps), 1)
        return end + (self.initial_learning_rate - end) * (1 - min(step, steps) / steps) ** self.power


@register("schedule")
class CosineDecay(Schedule):
    """lr = initial ((1 - alpha) (1 + cos(pi step / decay_steps)) / 2 + alpha), constant after decay_steps

    With a warmup_target, the rate first goes from initial to the target, along a line of warmup_steps,
    and the decay begins there, at the target.
    Source  Loshchilov & Hutter 2017, eq. 5; keras.optimizers.schedules.CosineDecay
    """

    initial_learning_rate: NonNegativeFloat = field(doc=RATE_DOC)
    decay_steps: PositiveInt = field(doc="Steps after which the end is reached, not counting the warmup.")
    alpha: Probability = field(0.0, doc="Learning rate at the end, as a share of the one that the decay began with.")
    warmup_target: PositiveFloat | None = field(None, doc="Learning rate after the warmup.", positional=False)
    warmup_steps: NonNegativeInt = field(0, doc="Steps of the warmup.", positional=False)

    examples = (
        {"initial_learning_rate": 0.1, "decay_steps": 100},
        {"initial_learning_rate": 0.0, "decay_steps": 100, "warmup_target": 0.1, "warmup_steps": 10},
    )

    def __call__(self, step: int) -> float:
        initial, target = self.initial_learning_rate, self.warmup_target
        if target is not None:
            if step < self.warmup_steps:
                return initial + (target - initial) * (step / self.warmup_steps)
            initial, step = target, step - self.warmup_steps
        return initial * _cosine(min(step / self.decay_steps, 1), 1.0, self.alpha)


@register("schedule")
class CosineDecayRestarts(Schedule):
    """lr = initial ((1 - alpha) m_mul^i (1 + cos(pi p)) / 2 + alpha) in period i, p of it gone

    Period 0 takes first_decay_steps, each one t_mul times as many as the one before.
    Source  Loshchilov & Hutter 2017 (SGDR); keras.optimizers.schedules.CosineDecayRestarts
    """

    initial_learning_rate: PositiveFloat = field(doc=RATE_DOC)
    first_decay_steps: PositiveInt = field(doc="Steps of the first period.")
    t_mul: Annotated[float, Ge(1)] = field(2.0, doc="Length of a period, in those of the one before.")
    m_mul: PositiveFloat = field(1.0, doc="Height of a period's beginning, in that of the one before.")
    alpha: Probability = field(0.0, doc="Learning rate at the end of a period, as a share of the initial one.")

    examples = ({"initial_learning_rate": 0.1, "first_decay_steps": 10}, {"initial_learning_rate": 0.1,
                "first_decay_steps": 10, "t_mul": 1.0, "m_mul": 0.9, "alpha": 0.01})  # fmt: skip

    def __call__(self, step: int) -> float:
        gone = step / self.first_decay_steps  # in lengths of the first period
        if self.t_mul == 1:
            period = math.floor(gone)
            gone -= period
        else:
            period = math.floor(math.log(1 - gone * (1 - self.t_mul)) / math.log(self.t_mul))
            before = (1 - self.t_mul**period) / (1 - self.t_mul)
            gone = (gone - before) / self.t_mul**period
        return self.initial_learning_rate * _cosine(gone, self.m_mul**period, self.alpha)


def _cosine(gone: float, height: float, alpha: float) -> float:
    """From `height` down to alpha, along half a wave."""
    return (1 - alpha) * 0.5 * height * (1 + math.cos(math.pi * gone)) + alpha
