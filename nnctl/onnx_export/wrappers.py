"""Layers that hold another layer."""

from __future__ import annotations

from nnctl.layers import Layer
from nnctl.layers.spectral_normalization import SpectralNormalization
from nnctl.layers.wrappers import Bidirectional, TimeDistributed
from nnctl.onnx_export import converted_mask, converts, makes_mask
from nnctl.onnx_export.graph import Graph, Value


@converts(Bidirectional)
def bidirectional(g: Graph, layer: Bidirectional, x: Value) -> Value:
    a, b = (_inside(g, inner, x) for inner in (layer.forward_layer, layer.reverse_layer))
    if layer.reverse_layer.return_sequences:
        b = g.flip(b, 1)
    if layer.merge_mode == "concat":
        return g.Concat(a, b, axis=-1)
    if layer.merge_mode == "mul":
        return a * b
    return (a + b) * 0.5 if layer.merge_mode == "ave" else a + b


@converts(TimeDistributed)
def time_distributed(g: Graph, layer: TimeDistributed, x: Value) -> Value:
    """All steps as one batch: when nothing is trained, no row depends on another"""
    outside = shape, output_shape, _ = g.shape, g.output_shape, g.mask
    g.shape, g.output_shape, g.mask = shape[1:], output_shape[1:], None
    y = _inside(g, layer.layer, g.Reshape(x, [-1, *g.shape]))
    g.shape, g.output_shape, g.mask = outside
    return g.Reshape(y, [-1, *output_shape])


@converts(SpectralNormalization)
def spectral_normalization(g: Graph, layer: SpectralNormalization, x: Value) -> Value:
    """The kernel is what the last training pass left"""
    return _inside(g, layer.layer, x)


@makes_mask(SpectralNormalization)
def mask_within(g: Graph, layer: SpectralNormalization, x: Value) -> Value:
    return converted_mask(g, layer.layer, x)


def _inside(g: Graph, layer: Layer, x: Value) -> Value:
    outer = g.scope
    g.scope = f"{outer}/{layer.name or layer.title()}"
    y = g.apply(layer, x)
    g.scope = outer
    return y
