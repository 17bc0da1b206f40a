"""Layers that hand their input on when nothing is trained, and those that are one activation or formula."""

from __future__ import annotations

from nnctl.activations import Linear
from nnctl.layers.activation import Activation
from nnctl.layers.augmentation import Augmentation
from nnctl.layers.dropout import Dropout
from nnctl.layers.identity import Identity
from nnctl.layers.masking import Masking
from nnctl.layers.noise import AlphaDropout, GaussianDropout, GaussianNoise
from nnctl.layers.prelu import PReLU
from nnctl.layers.rectifiers import ELU, LeakyReLU, ReLU, ThresholdedReLU
from nnctl.layers.rescaling import Rescaling
from nnctl.layers.softmax import FAR_BELOW, Softmax
from nnctl.layers.spatial_dropout import SpatialDropout
from nnctl.onnx_export import converts, makes_mask
from nnctl.onnx_export.graph import Graph, Value
from nnctl.onnx_export.rectifiers import bent_line


@converts(Identity, Dropout, SpatialDropout, AlphaDropout, GaussianDropout, GaussianNoise, Augmentation)
def handed_on(g: Graph, layer: Identity, x: Value) -> Value:
    return x


@converts(Activation)
def activation(g: Graph, layer: Activation, x: Value) -> Value:
    return g.apply(layer.act, x)


@converts(ReLU)
def relu(g: Graph, layer: ReLU, x: Value) -> Value:
    return bent_line(g, x, layer.negative_slope, layer.max_value, layer.threshold)


@converts(LeakyReLU)
def leaky_relu(g: Graph, layer: LeakyReLU, x: Value) -> Value:
    return g.LeakyRelu(x, alpha=float(layer.negative_slope))


@converts(ELU)
def elu(g: Graph, layer: ELU, x: Value) -> Value:
    return g.Elu(x, alpha=float(layer.alpha))


@converts(ThresholdedReLU)
def thresholded_relu(g: Graph, layer: ThresholdedReLU, x: Value) -> Value:
    return g.where(x > layer.theta, x, 0.0)


@converts(PReLU)
def prelu(g: Graph, layer: PReLU, x: Value) -> Value:
    return g.PRelu(x, g.constant(layer.alpha.value, "alpha"))


@converts(Rescaling)
def rescaling(g: Graph, layer: Rescaling, x: Value) -> Value:
    return x * g.constant(layer.scale, "scale") + g.constant(layer.offset, "offset")


@converts(Softmax)
def softmax(g: Graph, layer: Softmax, x: Value) -> Value:
    if layer.closing and isinstance(layer.act, Linear):
        return x  # the model does it
    kept = None
    if g.mask:
        missing = len(g.shape) + 1 - g.mask.like.ndim
        kept = g.Unsqueeze(g.mask.value, list(range(-missing, 0))) if missing else g.mask.value
        x = g.where(kept, x, FAR_BELOW)
    e = g.Exp(x - g.reduce("Max", x, layer.over))
    y = e / g.reduce("Sum", e, layer.over)
    return y if kept is None else g.where(kept, y, 0.0)


@converts(Masking)
def masking(g: Graph, layer: Masking, x: Value) -> Value:
    return x * _counts(g, layer, x)


@makes_mask(Masking)
def masking_mask(g: Graph, layer: Masking, x: Value) -> Value:
    return g.Squeeze(g.cast(_counts(g, layer, x), "bool"), [-1])


def _counts(g: Graph, layer: Masking, x: Value) -> Value:
    """1 where a step holds anything but the value that masks it, 0 elsewhere"""
    differs = g.Not(g.Equal(x, float(layer.mask_value)))
    return g.reduce("Max", g.cast(differs, "float32"), [-1])
