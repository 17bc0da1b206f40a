"""Schedules by hand: before, on and after their corners."""

from __future__ import annotations

from typing import Any

import pytest

from nnctl import schedules
from nnctl.errors import ConfigError
from nnctl.fields import create


@pytest.mark.parametrize(
    ("spec", "rates"),
    [
        ({"ExponentialDecay": [0.8, 2, 0.25]}, {0: 0.8, 1: 0.4, 2: 0.2}),
        ({"ExponentialDecay": [0.8, 2, 0.25, True]}, {0: 0.8, 1: 0.8, 2: 0.2}),
        ({"InverseTimeDecay": [0.8, 2, 1.0]}, {0: 0.8, 2: 0.4, 6: 0.2}),
        ({"PiecewiseConstantDecay": [[2, 5], [3.0, 2.0, 1.0]]}, {0: 3, 2: 3, 3: 2, 5: 2, 6: 1, 99: 1}),
        ({"PolynomialDecay": [1.0, 10, 0.5]}, {0: 1, 5: 0.75, 10: 0.5, 20: 0.5}),
        ({"PolynomialDecay": [1.0, 10, 0.0, 2.0]}, {5: 0.25, 10: 0}),
        ({"PolynomialDecay": [1.0, 10, 0.0, 1.0, True]}, {0: 1, 10: 0, 11: 9 / 20, 20: 0, 21: 9 / 30}),
        ({"CosineDecay": [1.0, 10]}, {0: 1, 5: 0.5, 10: 0, 11: 0}),
        ({"CosineDecay": [1.0, 10, 0.2]}, {0: 1, 5: 0.6, 10: 0.2}),
        ({"CosineDecayRestarts": [1.0, 4, 1.0]}, {0: 1, 2: 0.5, 4: 1, 6: 0.5}),
        ({"CosineDecayRestarts": [1.0, 4, 2.0, 0.5]}, {0: 1, 2: 0.5, 4: 0.5, 8: 0.25, 12: 0.25}),
        ({"CosineDecayRestarts": [1.0, 4, 1.0, 1.0, 0.5]}, {2: 0.75, 4: 1}),
    ],
)
def test_rates(spec: dict[str, list[Any]], rates: dict[int, float]) -> None:
    ((name, values),) = spec.items()
    schedule = getattr(schedules, name)(*values)
    assert {step: schedule(step) for step in rates} == pytest.approx(rates)


def test_warmup_along_a_line() -> None:
    schedule = create(
        "schedule",
        {"CosineDecay": {"initial_learning_rate": 0.0, "decay_steps": 10, "warmup_target": 0.8, "warmup_steps": 4}},
    )
    assert [schedule(step) for step in (0, 1, 4, 9, 14, 99)] == pytest.approx([0, 0.2, 0.8, 0.4, 0, 0])


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"boundaries": [1, 2], "values": [0.1, 0.2]}, "values: expected 3, one more than boundaries, got 2"),
        ({"boundaries": [2, 1], "values": [0.1, 0.2, 0.3]}, "boundaries: expected steps in rising order"),
    ],
)
def test_boundaries_and_values_must_fit(config: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        create("schedule", {"PiecewiseConstantDecay": config})
