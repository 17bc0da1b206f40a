"""Transposed convolution by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from nnctl.errors import ConfigError
from nnctl.fields import create
from nnctl.layers import Context
from tests.layers.alone import alone, grads, image, line


def transposed(x: Any, kernel: list[float], **config: Any) -> list[float]:
    spec = {"Conv1DTranspose": {"filters": 1, "kernel_size": len(kernel), **config}}
    layer = alone(spec, x.shape[1:], kernel=np.array(kernel)[:, None, None])
    return [*layer.forward(x, Context())[0][0, :, 0]]


def test_conv1d_transpose_lays_kernels_side_by_side() -> None:
    """Each x[t] puts a copy of the kernel, x[t] times as large, at strides * t; where two meet, they add up."""
    x, kernel = line(1, 10), [1.0, 2.0, 3.0]
    assert transposed(x, kernel) == [1, 2 + 10, 3 + 20, 30]
    assert transposed(x, kernel, strides=2) == [1, 2, 3 + 10, 20, 30]
    assert transposed(x, kernel, strides=2, output_padding=1) == [1, 2, 13, 20, 30, 0]
    assert transposed(x, kernel, strides=2, padding="same") == [1, 2, 13, 20]  # 2 inputs * 2 strides
    assert transposed(x, [1.0], strides=3) == [1, 0, 0, 10, 0, 0]


def test_conv2d_transpose_and_its_gradients() -> None:
    kernel = np.array([[1, 2], [3, 4]], float)[:, :, None, None]
    layer = alone({"Conv2DTranspose": {"filters": 1, "kernel_size": 2}}, (1, 2, 1), kernel=kernel, bias=[0.5])
    y, cache = layer.forward(image([[1, 10]]), Context())
    assert (y[0, :, :, 0] - 0.5).tolist() == [[1, 2 + 10, 20], [3, 4 + 30, 40]]
    dx = layer.backward(image([[1, 2, 3], [4, 5, 6]]), cache)
    assert dx is not None
    assert dx[0, :, :, 0].tolist() == [[1 + 4 + 12 + 20, 2 + 6 + 15 + 24]]
    assert grads(layer)["kernel"][:, :, 0, 0].tolist() == [[21, 32], [54, 65]]
    assert grads(layer)["bias"].tolist() == [21]


def test_conv3d_transpose_repeats_a_value() -> None:
    layer = alone({"Conv3DTranspose": {"filters": 1, "kernel_size": [1, 2, 2]}}, (1, 1, 1, 1), kernel=1)
    y = layer.forward(np.full((1, 1, 1, 1, 1), 7.0), Context())[0]
    assert y[0, ..., 0].tolist() == [[[7, 7], [7, 7]]]


def test_output_padding_below_the_strides() -> None:
    with pytest.raises(ConfigError, match="output_padding: must be less than strides"):
        create("layer", {"Conv1DTranspose": {"filters": 1, "kernel_size": 2, "strides": 2, "output_padding": 2}})
    spec = {"filters": 1, "kernel_size": 2, "strides": [2, 2], "output_padding": [1, 1, 1]}
    with pytest.raises(ConfigError, match="output_padding: expected an integer or a list of 2"):
        create("layer", {"Conv2DTranspose": spec})
    layer = create("layer", {"Conv1DTranspose": {
        "filters": 1, "kernel_size": 2, "strides": 2, "padding": "same", "output_padding": 0}})  # fmt: skip
    with pytest.raises(ConfigError, match=r"would not give back inputs of shape \(None, 3, 1\)"):
        layer.build((3, 1))
