"""Numbers too small for float32's full precision make a processor many times slower; none may gather."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from nnctl import layers, losses
from nnctl.fields import create
from nnctl.model import Sequential

TINIEST = np.finfo("float32").tiny  # the least number of full precision
STEPS = 3000


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
