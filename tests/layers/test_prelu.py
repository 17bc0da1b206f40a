"""PReLU by hand."""

from __future__ import annotations

import numpy as np
import pytest

from nnctl.errors import ConfigError
from nnctl.fields import create
from nnctl.layers import Context
from tests.layers.alone import alone, grads


def test_prelu_learns_the_slope_below_zero() -> None:
    layer = alone("PReLU", (2,), alpha=[0.5, 2])
    y, cache = layer.forward(np.array([[-2.0, -2], [3, -1]]), Context())
    assert y.tolist() == [[-1, -4], [3, -2]]
    dx = layer.backward(np.array([[1.0, 10], [1, 1]]), cache)
    assert dx is not None
    assert dx.tolist() == [[0.5, 20], [1, 2]]
    assert grads(layer)["alpha"].tolist() == [-2, -20 - 1]


def test_shared_axes_have_one_slope() -> None:
    layer = alone({"PReLU": {"shared_axes": 1}}, (3, 2), alpha=[[0.5, 2]])
    y, cache = layer.forward(np.full((1, 3, 2), -1.0), Context())
    assert y.tolist() == [[[-0.5, -2]] * 3]
    layer.backward(np.ones_like(y), cache)
    assert grads(layer)["alpha"].tolist() == [[-3, -3]]
    with pytest.raises(ConfigError, match=r"inputs of shape \(None, 4\) have no axis 2"):
        create("layer", {"PReLU": {"shared_axes": 2}}).build((4,))
