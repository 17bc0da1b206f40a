"""Depthwise and separable convolution by hand."""

from __future__ import annotations

import numpy as np

from nnctl.layers import Context
from tests.layers.alone import alone, grads


def test_depthwise_conv1d_gives_each_channel_kernels_of_its_own() -> None:
    """Channel 0 has the kernels (1, 10) and (2, 0), channel 1 (0, 1) and (3, 0)."""
    kernel = np.array([[[1, 2], [0, 3]], [[10, 0], [1, 0]]], float)
    layer = alone({"DepthwiseConv1D": {"kernel_size": 2, "depth_multiplier": 2}}, (3, 2), kernel=kernel)
    x = np.array([[[1, 4], [2, 5], [3, 6]]], float)
    y, cache = layer.forward(x, Context())
    assert y[0].tolist() == [[21, 2, 5, 12], [32, 4, 6, 15]]
    dx = layer.backward(np.ones_like(y), cache)
    assert dx is not None
    assert dx[0].tolist() == [[3, 3], [13, 4], [10, 1]]
    assert grads(layer)["kernel"].tolist() == [[[3, 3], [9, 9]], [[5, 5], [11, 11]]]
    assert grads(layer)["bias"].tolist() == [2, 2, 2, 2]


def test_depthwise_conv2d_sums_each_channel() -> None:
    layer = alone({"DepthwiseConv2D": {"kernel_size": 2}}, (2, 2, 2), kernel=1)
    x = np.arange(8.0).reshape(1, 2, 2, 2)
    assert layer.forward(x, Context())[0].tolist() == [[[[0 + 2 + 4 + 6, 1 + 3 + 5 + 7]]]]


def test_separable_is_depthwise_and_then_a_mixture() -> None:
    """The channels are summed over the window, (3, 7), and then mixed: 3 + 10 * 7."""
    for name, shape in (("SeparableConv1D", (2, 2)), ("SeparableConv2D", (1, 2, 2))):
        size = [*shape[:-1]]
        spec = {name: {"filters": 1, "kernel_size": size}}
        layer = alone(spec, shape, depthwise_kernel=1, pointwise_kernel=np.array([[1], [10]]))
        x = np.array([[1, 3], [2, 4]], float).reshape(1, *shape)
        assert layer.forward(x, Context())[0].ravel().tolist() == [73]
        assert [weight.name for weight in layer.weights] == ["depthwise_kernel", "pointwise_kernel", "bias"]
