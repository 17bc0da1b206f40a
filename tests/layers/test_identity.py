"""Layers that hand their input on."""

from __future__ import annotations

import numpy as np

from nnctl.fields import create
from nnctl.layers import Context
from nnctl.model import Sequential


def test_activity_regularization_puts_a_price_on_its_input() -> None:
    """l1 (1 + 2) + l2 (1 + 4), divided by the batch of one row: 0.3 + 0.05."""
    layers = [create("layer", "Identity"), create("layer", {"ActivityRegularization": {"l1": 0.1, "l2": 0.01}})]
    model = Sequential(layers, dtype="float64")
    model.build((2,))
    outputs = model.forward(np.array([[1.0, -2.0]]), Context())
    assert outputs.y.tolist() == [[1, -2]]
    np.testing.assert_allclose(model.penalty(outputs), 0.35)
