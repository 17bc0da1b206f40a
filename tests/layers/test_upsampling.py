"""Upsampling by hand."""

from __future__ import annotations

import numpy as np

from nnctl.layers import Context
from tests.layers.alone import alone, image, line


def test_upsampling_repeats() -> None:
    layer = alone("UpSampling1D", (2, 1))
    y, cache = layer.forward(line(1, 2), Context())
    assert y[0, :, 0].tolist() == [1, 1, 2, 2]
    dx = layer.backward(line(1, 10, 100, 1000), cache)
    assert dx is not None
    assert dx[0, :, 0].tolist() == [11, 1100]
    rows = alone({"UpSampling2D": {"size": [2, 1]}}, (1, 2, 1)).forward(image([[1, 2]]), Context())[0]
    assert rows[0, :, :, 0].tolist() == [[1, 2], [1, 2]]
    cube = alone("UpSampling3D", (1, 1, 1, 1)).forward(np.ones((1, 1, 1, 1, 1)), Context())[0]
    assert cube.shape == (1, 2, 2, 2, 1)
    assert cube.all()


def test_bilinear_upsampling_goes_along_lines() -> None:
    """Places of y lie at -1/4, 1/4, 3/4, 5/4 of x; the first and the last are outside and take the border's value."""
    layer = alone({"UpSampling2D": {"size": [1, 2], "interpolation": "bilinear"}}, (1, 2, 1))
    y, cache = layer.forward(image([[0, 4]]), Context())
    assert y[0, :, :, 0].tolist() == [[0, 1, 3, 4]]
    dx = layer.backward(image([[1, 1, 1, 10]]), cache)
    assert dx is not None
    assert dx[0, :, :, 0].tolist() == [[1 + 0.75 + 0.25, 0.25 + 0.75 + 10]]
