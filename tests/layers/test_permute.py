"""Axes in another order, and a row for every step, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from nnctl.errors import ConfigError
from nnctl.fields import create
from nnctl.layers import Context
from tests.layers.alone import alone


def test_permute() -> None:
    layer = alone({"Permute": [2, 1]}, (2, 3))
    x = np.array([[[1.0, 2, 3], [4, 5, 6]]])
    y, cache = layer.forward(x, Context())
    assert y.tolist() == [[[1, 4], [2, 5], [3, 6]]]
    dx = layer.backward(y, cache)
    assert dx is not None
    assert dx.tolist() == x.tolist()
    with pytest.raises(ConfigError, match="dims: expected each of 1 to 2 once"):
        create("layer", {"Permute": [1, 1]})
    with pytest.raises(ConfigError, match=r"do not fit inputs of shape \(None, 4\)"):
        create("layer", {"Permute": [2, 1]}).build((4,))


def test_repeat_vector() -> None:
    layer = alone({"RepeatVector": 2}, (3,))
    y, cache = layer.forward(np.array([[1.0, 2, 3]]), Context())
    assert y.tolist() == [[[1, 2, 3], [1, 2, 3]]]
    dx = layer.backward(np.array([[[1.0, 2, 3], [10, 20, 30]]]), cache)
    assert dx is not None
    assert dx.tolist() == [[11, 22, 33]]
