"""Pooling of all kinds: in windows, over everything, and adaptive."""

from __future__ import annotations

import math

import numpy as np

from nnctl.layers.adaptive_pooling import AdaptiveAveragePooling, AdaptiveMaxPooling, averaging
from nnctl.layers.global_pooling import GlobalAveragePooling, GlobalAveragePooling1D, GlobalMaxPooling
from nnctl.layers.pooling import AveragePooling, MaxPooling
from nnctl.layers.stochastic_pooling import StochasticPooling
from nnctl.onnx_export import converts
from nnctl.onnx_export.graph import Graph, Value
from nnctl.onnx_export.sliding import inward, mixed, outward, space, window


@converts(MaxPooling)
def max_pooling(g: Graph, layer: MaxPooling, x: Value) -> Value:
    return outward(g, layer, g.MaxPool(_apart(g, inward(g, layer, x)), **window(layer.windows)))


@converts(AveragePooling)
def average_pooling(g: Graph, layer: AveragePooling, x: Value) -> Value:
    x = _apart(g, inward(g, layer, x))
    return outward(g, layer, g.AveragePool(x, **window(layer.windows), count_include_pad=0))


def _apart(g: Graph, x: Value) -> Value:
    """Return x, kept apart from a Pad just before: onnxruntime (1.19, 1.31) makes both one and the zeros are lost."""
    made = g.makers.get(x.name)
    while made and made.op == "Transpose":
        made = g.makers.get(made.inputs[0])
    return g.Max(x, -math.inf) if made and made.op == "Pad" else x


@converts(StochasticPooling)
def stochastic_pooling(g: Graph, layer: StochasticPooling, x: Value) -> Value:
    """sum x^2 / sum x over the positive x of a window; of two means the same comes"""
    positive = g.Relu(inward(g, layer, x))
    how = {**window(layer.windows), "count_include_pad": 1}
    total, squares = g.AveragePool(positive, **how), g.AveragePool(positive * positive, **how)
    return outward(g, layer, g.where(total > 0.0, squares / total, 0.0))


@converts(GlobalMaxPooling)
def global_max_pooling(g: Graph, layer: GlobalMaxPooling, x: Value) -> Value:
    return g.reduce("Max", x, layer.over, keep=layer.keepdims)


@converts(GlobalAveragePooling)
def global_average_pooling(g: Graph, layer: GlobalAveragePooling, x: Value) -> Value:
    return g.reduce("Mean", x, layer.over, keep=layer.keepdims)


@converts(GlobalAveragePooling1D)
def mean_of_steps(g: Graph, layer: GlobalAveragePooling1D, x: Value) -> Value:
    """The mean over the steps that are not masked"""
    if g.mask is None:
        return global_average_pooling(g, layer, x)
    kept = g.Unsqueeze(g.mask.value, [1 if layer.channels_first else 2])
    counts = g.cast(kept, "float32")
    share = counts / g.reduce("Sum", counts, layer.over)
    return g.reduce("Sum", g.where(kept, x, 0.0) * share, layer.over, keep=layer.keepdims)


@converts(AdaptiveAveragePooling)
def adaptive_average_pooling(g: Graph, layer: AdaptiveAveragePooling, x: Value) -> Value:
    sizes = layer.split(g.shape)[0]
    means = [averaging(spans, n, "float32") for spans, n in zip(layer.spans, sizes, strict=True)]
    return mixed(g, layer, x, means)


@converts(AdaptiveMaxPooling)
def adaptive_max_pooling(g: Graph, layer: AdaptiveMaxPooling, x: Value) -> Value:
    """The maxima of windows of equal length, along one axis after the other: a short one has its last place twice"""
    for axis, spans in zip(space(layer), layer.spans, strict=True):
        longest = max(end - start for start, end in spans)
        places = np.array([np.minimum(np.arange(start, start + longest), end - 1) for start, end in spans])
        x = g.reduce("Max", g.Gather(x, places, axis=axis), [axis + 1], keep=False)
    return x
