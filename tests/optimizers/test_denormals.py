"""Numbers too small for float32's full precision make a processor many times slower; none may gather."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from nnctl import layers, losses
from nnctl.fields import create
from nnctl.model import Sequential
from nnctl.optimizers import FLUSH_EVERY
from nnctl.registry import known

TINIEST = np.finfo("float32").tiny  # the least number of full precision
STEPS = 3000
LONG = 1200  # enough for a decay of 0.9 a step to leave the numbers of full precision


def denormals(*vectors: Any) -> int:
    return sum(int(((vector != 0) & (np.abs(vector) < TINIEST)).sum()) for vector in vectors)


@pytest.mark.parametrize(
    "optimizer",
    [
        {"Adam": {"beta_2": 0.98}},
        {"Adam": {"beta_2": 0.98, "amsgrad": True}},
        {"RMSprop": {}},
        {"RMSprop": {"momentum": 0.9, "centered": True}},
        {"SGD": {"momentum": 0.9}},
        {"Nadam": {"beta_2": 0.98}},
        {"Adamax": {"beta_2": 0.98}},
        {"Adadelta": {}},
    ],
    ids=str,
)
def test_dead_units_leave_no_denormals(optimizer: dict[str, Any]) -> None:
    """Half of the units die after a few steps; their moments halve and halve again from then on."""
    model = Sequential([layers.Dense(8, activation="relu", bias_initializer="ones"), layers.Dense(1)])
    model.build((4,))
    model.compile(create("optimizer", optimizer), losses.MeanSquaredError())
    made, random = model.optimizer, np.random.default_rng(0)
    assert made is not None
    x, t = random.random((5, 4), "float32"), random.random((5, 1), "float32")
    for step in range(STEPS):
        if step == 5:
            assert all(np.count_nonzero(slot) for slot in made.slots.values())
            model.layers[0].bias.value[:4] = -1e6  # type: ignore[attr-defined]  # a Dense has one
        model.train_step(x, t)
        if step % 50 == 0:
            vectors = model.parameters.values, model.parameters.grads, *made.slots.values()
            assert denormals(*vectors) == 0, f"step {step}"


def steps_with_denormals(optimizer: Any) -> list[int]:
    """Train with gradients of every size for five steps, then with none; return the steps that leave denormals."""
    model = Sequential([layers.Dense(4)])
    model.build((7,))
    made = create("optimizer", optimizer)
    model.compile(made, losses.MeanSquaredError())
    weights, grads = model.parameters.values, model.parameters.grads
    weights[:], random, found = 0.5, np.random.default_rng(0), []
    for step in range(LONG):
        grads[:] = random.normal(size=grads.size) * np.logspace(-6, 0, grads.size) if step < 5 else 0
        made.step()
        if denormals(weights, grads, *made.slots.values()):
            found.append(step)
    return found


@pytest.mark.parametrize("optimizer", known("optimizer"))
def test_zero_gradients_lead_to_no_denormals(optimizer: str) -> None:
    """A unit that is dead has no gradient; what an optimizer remembers of it fades, step by step."""
    assert steps_with_denormals(optimizer) == []


@pytest.mark.parametrize(
    "optimizer",
    [
        {"Adam": {"beta_1": 0.5, "beta_2": 0.9}},
        {"Adamax": {"beta_1": 0.5, "beta_2": 0.9}},
        {"Nadam": {"beta_1": 0.5, "beta_2": 0.9}},
        {"RMSprop": {"rho": 0.5, "momentum": 0.5}},
        {"SGD": {"momentum": 0.5, "nesterov": True}},
        {"Adadelta": {"rho": 0.5}},
        {"Lamb": {"beta_1": 0.5, "beta_2": 0.9}},
        {"Lion": {"beta_1": 0.5, "beta_2": 0.5}},
    ],
    ids=str,
)
def test_what_forgets_fast_holds_them_for_a_moment_at_most(optimizer: dict[str, Any]) -> None:
    """It can pass through all denormal numbers between two flushes; none is left after the second."""
    found = steps_with_denormals(optimizer)
    assert len(found) < FLUSH_EVERY
    assert not found or found[-1] < LONG - FLUSH_EVERY
