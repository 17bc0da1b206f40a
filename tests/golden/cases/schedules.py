"""Every learning rate schedule at steps before, on and after its corners."""

from __future__ import annotations

from typing import Any

from . import ScheduleCase


def using(name: str, **config: Any) -> ScheduleCase:
    return ScheduleCase(name=name, config=config)


CASES = [
    using("ExponentialDecay", initial_learning_rate=0.1, decay_steps=10, decay_rate=0.9),
    using("ExponentialDecay", initial_learning_rate=0.1, decay_steps=10, decay_rate=0.9, staircase=True),
    using("InverseTimeDecay", initial_learning_rate=0.1, decay_steps=10, decay_rate=0.5),
    using("InverseTimeDecay", initial_learning_rate=0.1, decay_steps=10, decay_rate=0.5, staircase=True),
    using("PiecewiseConstantDecay", boundaries=[10, 100], values=[0.1, 0.01, 0.001]),
    using("PiecewiseConstantDecay", boundaries=[0], values=[1.0, 0.5]),
    using("PolynomialDecay", initial_learning_rate=0.1, decay_steps=50),
    using("PolynomialDecay", initial_learning_rate=0.1, decay_steps=50, end_learning_rate=0.01, power=2.0),
    using("PolynomialDecay", initial_learning_rate=0.1, decay_steps=50, end_learning_rate=0.01, power=0.5, cycle=True),
    using("CosineDecay", initial_learning_rate=0.1, decay_steps=50),
    using("CosineDecay", initial_learning_rate=0.1, decay_steps=50, alpha=0.1),
    using("CosineDecay", initial_learning_rate=0.0, decay_steps=50, warmup_target=0.1, warmup_steps=10),
    using("CosineDecay", initial_learning_rate=0.02, decay_steps=50, alpha=0.2, warmup_target=0.1, warmup_steps=20),
    using("CosineDecayRestarts", initial_learning_rate=0.1, first_decay_steps=10),
    using("CosineDecayRestarts", initial_learning_rate=0.1, first_decay_steps=10, t_mul=1.0),
    using("CosineDecayRestarts", initial_learning_rate=0.1, first_decay_steps=10, t_mul=1.5, m_mul=0.8, alpha=0.05),
]
