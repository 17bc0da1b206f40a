"""Locally connected layers by hand."""

from __future__ import annotations

import numpy as np

from nnctl.layers import Context
from tests.layers.alone import alone, grads, image, line


def test_locally_connected_1d_has_a_kernel_for_every_place() -> None:
    kernel = np.array([[1, 10], [2, 20]], float)[:, :, None]
    layer = alone({"LocallyConnected1D": {"filters": 1, "kernel_size": 2}}, (3, 1), kernel=kernel, bias=[[0.5], [0]])
    y, cache = layer.forward(line(1, 2, 3), Context())
    assert y[0, :, 0].tolist() == [21.5, 64]
    dx = layer.backward(line(1, 1), cache)
    assert dx is not None
    assert dx[0, :, 0].tolist() == [1, 10 + 2, 20]
    assert grads(layer)["kernel"][:, :, 0].tolist() == [[1, 2], [2, 3]]
    assert grads(layer)["bias"].tolist() == [[1], [1]]


def test_locally_connected_2d() -> None:
    kernel = np.array([1, 10, 100, 1000], float)[:, None, None]
    layer = alone({"LocallyConnected2D": {"filters": 1, "kernel_size": 1}}, (2, 2, 1), kernel=kernel)
    assert layer.forward(image([[1, 2], [3, 4]]), Context())[0].ravel().tolist() == [1, 20, 300, 4000]
