"""Zeros around, and margins off, by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from nnctl.errors import ConfigError
from nnctl.fields import create
from nnctl.layers import Context
from tests.layers.alone import alone, image, line


def forward(spec: Any, x: Any) -> Any:
    layer = alone(spec, x.shape[1:])
    y, cache = layer.forward(x, Context())
    dx = layer.backward(y, cache)
    assert dx is not None
    assert dx.shape == x.shape
    return y, dx


def test_zero_padding() -> None:
    x = line(1, 2)
    assert forward("ZeroPadding1D", x)[0][0, :, 0].tolist() == [0, 1, 2, 0]
    assert forward({"ZeroPadding1D": [0, 2]}, x)[0][0, :, 0].tolist() == [1, 2, 0, 0]
    y, dx = forward({"ZeroPadding2D": {"padding": [[0, 1], [2, 0]]}}, image([[1, 2]]))
    assert y[0, :, :, 0].tolist() == [[0, 0, 1, 2], [0, 0, 0, 0]]
    assert dx[0, :, :, 0].tolist() == [[1, 2]]
    assert forward({"ZeroPadding2D": [0, 1]}, image([[1, 2]]))[0][0, :, :, 0].tolist() == [[0, 1, 2, 0]]
    assert forward({"ZeroPadding3D": [[1, 0], 0, [0, 1]]}, np.ones((1, 1, 1, 1, 1)))[0].ravel().tolist() == [0, 0, 1, 0]


def test_cropping() -> None:
    assert forward("Cropping1D", line(1, 2, 3))[0][0, :, 0].tolist() == [2]
    y, dx = forward({"Cropping2D": [[0, 1], [1, 0]]}, image([[1, 2], [3, 4]]))
    assert y.ravel().tolist() == [2]
    assert dx[0, :, :, 0].tolist() == [[0, 2], [0, 0]]
    assert forward("Cropping3D", np.arange(27.0).reshape(1, 3, 3, 3, 1))[0].ravel().tolist() == [13]


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"cropping \[\[1, 1\]\] leaves nothing of \(None, 2, 3\)"):
        create("layer", "Cropping1D").build((2, 3))
    with pytest.raises(ConfigError, match="padding: expected an integer or a list of 2"):
        create("layer", {"ZeroPadding2D": [1, 2, 3]})
    with pytest.raises(ConfigError, match="padding: expected an integer >= 0"):
        create("layer", {"ZeroPadding1D": -1})
