"""Normalizations by fixed numbers, by those of the training, and within a sample."""

from __future__ import annotations

import numpy as np

from nnctl.layers import Array
from nnctl.layers.layer_normalization import (
    SHORTEST,
    GroupNormalization,
    LayerNormalization,
    RMSNormalization,
    UnitNormalization,
)
from nnctl.layers.normalization import Affine, BatchNormalization
from nnctl.layers.rescaling import Normalization
from nnctl.onnx_export import converts
from nnctl.onnx_export.graph import Graph, Value


@converts(BatchNormalization)
def batch_normalization(g: Graph, layer: BatchNormalization, x: Value) -> Value:
    """The operator behind a convolution, which runtimes make one with it; the formula elsewhere."""
    (axis,) = (axis for axis in range(len(g.shape) + 1) if axis not in layer.over)
    order = [0, axis, *(other for other in layer.over if other)]
    turned = g.transpose(x, order)
    if (made := g.makers.get(turned.name)) and made.op in ("Conv", "ConvTranspose"):
        weights = [g.constant(values, name) for name, values in _moments_and_affine(layer).items()]
        y = g.BatchNormalization(turned, *weights, epsilon=float(layer.epsilon))
        return g.transpose(y, [order.index(place) for place in range(len(order))])
    weight = {name: layer.along(values) for name, values in _moments_and_affine(layer).items()}
    factor = weight["gamma"] / np.sqrt(weight["moving_variance"] + layer.epsilon)
    n = (x - g.constant(weight["moving_mean"], "moving_mean")) * g.constant(factor, "factor")
    return n + g.constant(weight["beta"], "beta") if layer.beta else n


def _moments_and_affine(layer: BatchNormalization) -> dict[str, Array]:
    """Return the weights as the operator wants them, gamma and beta also where the layer has none."""
    mean, variance = (weight.value.astype(np.float64) for weight in (layer.moving_mean, layer.moving_variance))
    gamma = layer.gamma.value if layer.gamma else np.ones_like(mean)
    beta = layer.beta.value if layer.beta else np.zeros_like(mean)
    return {"gamma": gamma, "beta": beta, "moving_mean": mean, "moving_variance": variance}


@converts(Normalization)
def normalization(g: Graph, layer: Normalization, x: Value) -> Value:
    mean, deviation = layer.moments("float64")
    if layer.invert:
        return mean + x * g.constant(deviation, "deviation")
    return (x - g.constant(mean, "mean")) / g.constant(deviation, "deviation")


@converts(LayerNormalization)
def layer_normalization(g: Graph, layer: LayerNormalization, x: Value) -> Value:
    n = x - g.reduce("Mean", x, layer.over)
    deviation = g.Sqrt(g.reduce("Mean", n * n, layer.over) + layer.epsilon)
    return _affine(g, layer, (x if layer.rms_scaling else n) / deviation)


@converts(GroupNormalization)
def group_normalization(g: Graph, layer: GroupNormalization, x: Value) -> Value:
    grouped = g.reshape(x, *layer.grouped)
    n = grouped - g.reduce("Mean", grouped, layer.over)
    n = n / g.Sqrt(g.reduce("Mean", n * n, layer.over) + layer.epsilon)
    return _affine(g, layer, g.reshape(n, *g.shape))


@converts(RMSNormalization)
def rms_normalization(g: Graph, layer: RMSNormalization, x: Value) -> Value:
    n = x / g.Sqrt(g.reduce("Mean", x * x, layer.over) + layer.epsilon)
    return n * g.constant(layer.scale.value.reshape(layer.lying), "scale")


@converts(UnitNormalization)
def unit_normalization(g: Graph, layer: UnitNormalization, x: Value) -> Value:
    return x / g.Max(g.Sqrt(g.reduce("Sum", x * x, layer.over)), SHORTEST)


def _affine(g: Graph, layer: Affine, n: Value) -> Value:
    if layer.gamma:
        n = n * g.constant(layer.along(layer.gamma.value), "gamma")
    if layer.beta:
        n = n + g.constant(layer.along(layer.beta.value), "beta")
    return n
