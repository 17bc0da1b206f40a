"""MaxoutDense by hand."""

from __future__ import annotations

import numpy as np
import pytest

from nnctl.fields import create
from nnctl.findings import LegacyNameWarning
from nnctl.layers import Context
from tests.layers.alone import alone, grads


def test_maxout_takes_the_larger_of_two_lines() -> None:
    """max(x, -2 x): for 3 the first line, for -3 the second."""
    layer = alone({"MaxoutDense": {"units": 1, "nb_feature": 2}}, (1,), kernel=[[[1]], [[-2]]])
    y, cache = layer.forward(np.array([[3.0], [-3.0]]), Context())
    assert y.tolist() == [[3], [6]]
    dx = layer.backward(np.array([[1.0], [10.0]]), cache)
    assert dx is not None
    assert dx.tolist() == [[1], [-20]]
    assert grads(layer)["kernel"].ravel().tolist() == [3, -30]
    assert grads(layer)["bias"].ravel().tolist() == [1, 10]


def test_output_dim_was_the_width() -> None:
    with pytest.warns(LegacyNameWarning, match="units"):
        assert create("layer", {"MaxoutDense": {"output_dim": 7, "nb_feature": 3}}).units == 7
