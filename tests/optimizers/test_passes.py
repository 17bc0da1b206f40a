"""What all optimizers share: clipping, decay, averages, accumulation, and the names of old times."""

from __future__ import annotations

from typing import Any

import pytest

from nnctl.errors import ConfigError
from nnctl.fields import create
from nnctl.findings import LegacyNameWarning
from nnctl.schedules import InverseTimeDecay

from .test_update_rules import prepared, step


def test_weight_decay_is_apart_from_the_gradient() -> None:
    """1 - 0.1 * 0.5 for the decay, then 0.1 * 2 for the gradient."""
    assert step(prepared("SGD", weight_decay=0.5), 2.0) == pytest.approx(0.95 - 0.2)


def test_averages_begin_with_the_first_weights() -> None:
    """Weights 0.9, 0.8; the average is 0.9, then 0.75 * 0.9 + 0.25 * 0.8."""
    optimizer = prepared("SGD", use_ema=True, ema_momentum=0.75)
    step(optimizer, 1.0)
    assert optimizer.slots["average"][0] == pytest.approx(0.9)
    step(optimizer, 1.0)
    assert optimizer.slots["average"][0] == pytest.approx(0.875)
    assert optimizer.parameters.values[0] == pytest.approx(0.8)
    optimizer.finish()
    assert optimizer.parameters.values[0] == pytest.approx(0.875)


def test_averages_overwrite_the_weights_now_and_then() -> None:
    optimizer = prepared("SGD", use_ema=True, ema_momentum=0.75, ema_overwrite_frequency=2)
    assert step(optimizer, 1.0, 1.0) == pytest.approx(0.875)


def test_finishing_leaves_averages_that_are_in_place() -> None:
    optimizer = prepared("SGD", use_ema=True, ema_momentum=0.75)
    step(optimizer, 1.0, 1.0)
    optimizer.swap_averages()
    optimizer.finish()
    assert optimizer.parameters.values[0] == pytest.approx(0.875)
    assert not optimizer.swapped


def test_accumulation_takes_the_mean_of_the_batches() -> None:
    """Nothing for two batches, then a step of 0.1 (1 + 2 + 6) / 3."""
    optimizer = prepared("SGD", gradient_accumulation_steps=3)
    assert step(optimizer, 1.0, 2.0) == 1
    assert step(optimizer, 6.0) == pytest.approx(0.7)
    assert step(optimizer, 6.0) == pytest.approx(0.7)


def test_adam_counts_updates_not_batches() -> None:
    """The first update corrects for t = 1, though it comes with the second batch."""
    assert step(prepared("Adam", gradient_accumulation_steps=2), 2.0, 2.0) == step(prepared("Adam"), 2.0)


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"lr": 0.1, "decay": 0.5}, "'decay' is an old name"),
        ({"learning_rate": 0.1, "decay": 0.5}, "'decay' is an old name"),
    ],
)
def test_decay_of_keras_2_is_a_schedule(config: dict[str, Any], message: str) -> None:
    with pytest.warns(LegacyNameWarning) as told:
        optimizer = create("optimizer", {"SGD": config})
    assert any(message in str(warning.message) for warning in told)
    assert isinstance(optimizer.learning_rate, InverseTimeDecay)
    assert [optimizer.learning_rate(t) for t in (0, 2)] == [0.1, 0.05]


def test_decay_zero_and_epsilon_null_are_the_defaults() -> None:
    """T5: RMSprop(lr 0.001, rho 0.9, epsilon None, decay 0)."""
    with pytest.warns(LegacyNameWarning, match="old"):
        optimizer = create("optimizer", {"RMSprop": {"lr": 0.001, "rho": 0.9, "epsilon": None, "decay": 0.0}})
    assert optimizer.config() == create("optimizer", "RMSprop").config()


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"decay": -1}, "decay: expected a number >= 0, got -1"),
        ({"decay": "fast"}, "decay: expected a number >= 0, got 'fast'"),
        (
            {"decay": 0.1, "learning_rate": {"InverseTimeDecay": {}}},
            "decay: the learning rate is a schedule already; remove decay",
        ),
        ({"gradient_accumulation_steps": 1}, "gradient_accumulation_steps: expected an integer >= 2"),
        ({"clipnorm": 1.0, "clipvalue": 1.0}, "only one way of clipping"),
    ],
)
def test_refused(config: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError) as refused:
        create("optimizer", {"SGD": config})
    assert message in str(refused.value)
