"""Convolutions of all kinds: the channels in front, kernels as (filters, channels, *window)."""

from __future__ import annotations

import numpy as np

from nnctl.layers import Array
from nnctl.layers.convolution import Convolution, Filtering
from nnctl.layers.convolution_transpose import Transposed
from nnctl.layers.depthwise import Depthwise, Separable
from nnctl.onnx_export import converts
from nnctl.onnx_export.graph import Graph, Value
from nnctl.onnx_export.sliding import closed, inward, window


@converts(Convolution)
def convolution(g: Graph, layer: Convolution, x: Value) -> Value:
    kernel = g.constant(filters_first(layer.kernel.value), "kernel")
    z = g.Conv(inward(g, layer, x), kernel, _bias(g, layer), **_steps(layer), group=layer.groups)
    return closed(g, layer, z)


@converts(Depthwise)
def depthwise(g: Graph, layer: Depthwise, x: Value) -> Value:
    return closed(g, layer, _by_channel(g, layer, x, _bias(g, layer)))


@converts(Separable)
def separable(g: Graph, layer: Separable, x: Value) -> Value:
    pointwise = g.constant(filters_first(layer.pointwise.value), "pointwise_kernel")
    return closed(g, layer, g.Conv(_by_channel(g, layer, x, None), pointwise, _bias(g, layer)))


@converts(Transposed)
def transposed(g: Graph, layer: Transposed, x: Value) -> Value:
    windows = layer.windows
    sizes = zip(windows.padded, windows.output, *windows.steps, strict=True)
    beyond = [n - ((places - 1) * s + (k - 1) * d + 1) for n, places, k, s, d in sizes]  # what no window reaches
    kernel = g.constant(filters_first(layer.kernel.value), "kernel")  # its filters are the inputs of this layer
    z = g.ConvTranspose(inward(g, layer, x), kernel, _bias(g, layer), **_steps(layer), output_padding=beyond)
    return closed(g, layer, z)


def _by_channel(g: Graph, layer: Depthwise, x: Value, bias: Value | None) -> Value:
    *size, channels, multiplier = layer.kernel.shape
    kernel = layer.kernel.value.reshape(*size, 1, channels * multiplier)
    weights = g.constant(filters_first(kernel), layer.weight_name)
    return g.Conv(inward(g, layer, x), weights, bias, **_steps(layer), group=channels)


def filters_first(kernel: Array) -> Array:
    """(*K, C, O) becomes (O, C, *K)"""
    return np.moveaxis(kernel, (-1, -2), (0, 1))


def _bias(g: Graph, layer: Filtering) -> Value | None:
    return g.constant(layer.bias.value, "bias") if layer.use_bias else None


def _steps(layer: Convolution | Depthwise | Transposed) -> dict[str, list[int]]:
    return {**window(layer.windows), "dilations": list(layer.windows.dilation)}
