"""Layers that lay values out anew: other shapes and orders, margins, and places in between."""

from __future__ import annotations

import numpy as np

from nnctl.layers.padding import Cropping, Padding
from nnctl.layers.permute import Permute, RepeatVector
from nnctl.layers.resizing import Resized
from nnctl.layers.shaping import Flatten, Reshape
from nnctl.layers.upsampling import UpSampling, UpSampling2D
from nnctl.onnx_export import converts
from nnctl.onnx_export.graph import Graph, Value
from nnctl.onnx_export.sliding import inward, mixed, outward, space


@converts(Flatten)
def flatten(g: Graph, layer: Flatten, x: Value) -> Value:
    rank = len(g.shape)
    if layer.data_format == "channels_first" and rank > 1:
        x = g.transpose(x, (0, *range(2, rank + 1), 1))
    return g.reshape(x, *layer.output_shape)


@converts(Reshape)
def reshape(g: Graph, layer: Reshape, x: Value) -> Value:
    return g.reshape(x, *layer.output_shape)


@converts(Permute)
def permute(g: Graph, layer: Permute, x: Value) -> Value:
    return g.transpose(x, (0, *layer.dims))


@converts(RepeatVector)
def repeat_vector(g: Graph, layer: RepeatVector, x: Value) -> Value:
    return g.Tile(g.Unsqueeze(x, [1]), [1, layer.n, 1])


@converts(Padding)
def padding(g: Graph, layer: Padding, x: Value) -> Value:
    """The widths are said for all axes: onnxruntime's optimizer errs where Pad names its axes (1.19, 1.31)."""
    widths = np.zeros((2, len(g.shape) + 1), int)
    widths[:, list(space(layer))] = np.transpose(layer.margins)
    return g.Pad(x, widths.ravel(), 0.0)


@converts(Cropping)
def cropping(g: Graph, layer: Cropping, x: Value) -> Value:
    axes = list(space(layer))
    starts = [before for before, _ in layer.margins]
    ends = [g.shape[axis - 1] - after for axis, (_, after) in zip(axes, layer.margins, strict=True)]
    return g.Slice(x, starts, ends, axes)


@converts(UpSampling)
def up_sampling(g: Graph, layer: UpSampling, x: Value) -> Value:
    """Each place again and again"""
    scales = g.constant([1.0, 1.0, *map(float, layer.factors)], "scales")
    how = {"mode": "nearest", "coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}
    return outward(g, layer, g.Resize(inward(g, layer, x), None, scales, **how))


@converts(UpSampling2D)
def up_sampling_2d(g: Graph, layer: UpSampling2D, x: Value) -> Value:
    """Means by products: onnxruntime (1.19, 1.31) cannot open a linear Resize whose axes its optimizer turns."""
    if layer.interpolation == "nearest":
        return up_sampling(g, layer, x)
    sizes = layer.split(g.shape)[0]
    return mixed(g, layer, x, layer.matrices(sizes, "float32"))


@converts(Resized)
def resized(g: Graph, layer: Resized, x: Value) -> Value:
    axes = list(space(layer))
    if layer.window[1:]:
        x = g.Slice(x, [part.start for part in layer.window[1:]], [part.stop for part in layer.window[1:]], axes)
    if not layer.matrices:
        return x
    y = mixed(g, layer, x, layer.ways("float32"))
    if not layer.fill_value:
        return y
    return y + g.constant(np.moveaxis(layer.filled("float32"), -1, 0 if layer.channels_first else -1), "filled")
