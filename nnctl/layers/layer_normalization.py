"""Normalizations within a sample: layer, group, root mean square, unit length. No row sees another."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import numpy as np
from annotated_types import Ge

from nnctl.errors import ConfigError
from nnctl.fields import field
from nnctl.initializers import Ones
from nnctl.layers import Array, Context, Layer, Shape, show_shape
from nnctl.layers.normalization import Affine, axes_of
from nnctl.registry import register
from nnctl.rules import PositiveFloat

Axes = int | tuple[int, ...]
AXIS_DOC = "Axis or axes that are normalized together, counted with the batch axis in front."
EPSILON_DOC = "Keeps the division finite."
SHORTEST = 1e-12  # below it, a vector is multiplied by the inverse of this and not of its length


def normalize(x: Array, over: tuple[int, ...], epsilon: float) -> tuple[Array, Array]:
    """Return n = (x - mean) / sqrt(variance + epsilon), and that divisor's inverse."""
    n = x - x.mean(axis=over, keepdims=True)
    inverse = 1 / np.sqrt(np.square(n).mean(axis=over, keepdims=True) + epsilon)
    n *= inverse
    return n, inverse


def normalize_slope(dn: Array, n: Array, inverse: Array, over: tuple[int, ...]) -> Array:
    """Return the gradient of x in `normalize`: what moves x moves the mean and the variance as well."""
    dx = dn - dn.mean(axis=over, keepdims=True)
    dx -= n * (dn * n).mean(axis=over, keepdims=True)
    dx *= inverse
    return dx


@register("layer")
class LayerNormalization(Affine):
    """y = gamma * (x - mean) / sqrt(variance + epsilon) + beta, mean and variance over `axis` of each sample

    With rms_scaling  y = gamma * x / sqrt(variance + epsilon).
    Shapes  x (B, ...)  gamma and beta: the sizes of `axis`  y (B, ...)
    Source  Ba, Kiros & Hinton 2016; keras.layers.LayerNormalization
    """

    axis: Axes = field(-1, doc=AXIS_DOC)
    epsilon: PositiveFloat = field(1e-3, doc=EPSILON_DOC)
    rms_scaling: bool = field(
        False, doc="Divide only, by the standard deviation; gamma always, beta never.", positional=False
    )

    examples = (
        {},
        {"axis": [1, 2], "center": False, "input_shape": [3, 2]},
        {"axis": 1, "scale": False, "input_shape": [3, 2]},
        {"rms_scaling": True, "input_shape": [2, 3]},
    )

    def build(self, input_shape: Shape) -> Shape:
        self.over = axes_of(self.axis, input_shape, self.title())
        center, scale = self.center and not self.rms_scaling, self.scale or self.rms_scaling
        self.add_affine(input_shape, self.over, center=center, scale=scale)
        return input_shape

    def forward(self, x: Array, ctx: Context) -> tuple[Array, Any]:
        n, inverse = normalize(x, self.over, self.epsilon)
        if not self.rms_scaling:
            return self.affine(n), (n, inverse, None)
        scaled = x * inverse
        return self.affine(scaled), (n, inverse, scaled)

    def backward(self, dy: Array, cache: Any) -> Array:
        n, inverse, scaled = cache
        if scaled is None:
            return normalize_slope(self.affine_slope(dy, n), n, inverse, self.over)
        dn = self.affine_slope(dy, scaled)
        return (dn - n * (dn * scaled).mean(axis=self.over, keepdims=True)) * inverse


@register("layer")
class GroupNormalization(Affine):
    """y = gamma * (x - mean) / sqrt(variance + epsilon) + beta, over each group of channels of each sample

    Shapes  x (B, ..., C)  gamma (C,)  beta (C,)  y (B, ..., C)
    Source  Wu & He 2018; keras.layers.GroupNormalization
    """

    groups: Annotated[int, Ge(1)] | Literal[-1] = field(32, doc="Number of groups; -1: every channel is one.")
    axis: int = field(-1, doc="Axis of the channels, counted with the batch axis in front.")
    epsilon: PositiveFloat = field(1e-3, doc=EPSILON_DOC)

    examples = (
        {"groups": 2, "input_shape": [3, 4]},
        {"groups": -1, "axis": 1, "input_shape": [2, 3]},
        {"groups": 1, "scale": False, "input_shape": [2, 2, 3]},
    )

    def build(self, input_shape: Shape) -> Shape:
        (axis,) = axes_of(self.axis, input_shape, self.title())
        channels = input_shape[axis - 1]
        groups = channels if self.groups == -1 else self.groups
        if channels % groups:
            raise ConfigError(
                f"{self.title()}: the channels must be a multiple of groups ({groups}), "
                f"got {channels} channels in shape {show_shape(input_shape)}"
            )
        self.add_affine(input_shape, (axis,), center=self.center, scale=self.scale)
        self.grouped = (*input_shape[: axis - 1], groups, channels // groups, *input_shape[axis:])
        self.over = tuple(other for other in range(1, len(self.grouped) + 1) if other != axis)
        return input_shape

    def forward(self, x: Array, ctx: Context) -> tuple[Array, Any]:
        n, inverse = normalize(x.reshape(len(x), *self.grouped), self.over, self.epsilon)
        return self.affine(n.reshape(x.shape)), (n, inverse)

    def backward(self, dy: Array, cache: Any) -> Array:
        n, inverse = cache
        dn = self.affine_slope(dy, n.reshape(dy.shape)).reshape(n.shape)
        return normalize_slope(dn, n, inverse, self.over).reshape(dy.shape)


@register("layer")
class RMSNormalization(Layer):
    """y = scale * x / sqrt(mean(x^2) + epsilon), the mean over `axis` of each sample

    Shapes  x (B, ...)  scale: the sizes of `axis`  y (B, ...)
    Source  Zhang & Sennrich 2019; keras.layers.RMSNormalization
    """

    axis: Axes = field(-1, doc=AXIS_DOC)
    epsilon: PositiveFloat = field(1e-6, doc=EPSILON_DOC)

    examples = ({}, {"axis": [1, 2], "input_shape": [3, 2]})

    def build(self, input_shape: Shape) -> Shape:
        self.over = axes_of(self.axis, input_shape, self.title())
        full = (1, *input_shape)
        self.scale = self.weight("scale", tuple(full[axis] for axis in self.over), Ones())
        self.lying = tuple(n if axis in self.over else 1 for axis, n in enumerate(full))
        return input_shape

    def forward(self, x: Array, ctx: Context) -> tuple[Array, Any]:
        inverse = 1 / np.sqrt(np.square(x).mean(axis=self.over, keepdims=True) + self.epsilon)
        n = x * inverse
        return n * self.scale.value.reshape(self.lying), (n, inverse)

    def backward(self, dy: Array, cache: Any) -> Array:
        n, inverse = cache
        others = tuple(axis for axis in range(dy.ndim) if axis not in self.over)
        np.sum(dy * n, axis=others, out=self.scale.grad)
        dn = dy * self.scale.value.reshape(self.lying)
        return (dn - n * (dn * n).mean(axis=self.over, keepdims=True)) * inverse


@register("layer")
class UnitNormalization(Layer):
    """y = x / sqrt(sum(x^2)), the sum over `axis` of each sample; 0 stays 0

    Shapes  x (B, ...)  y (B, ...)
    Source  keras.layers.UnitNormalization
    """

    axis: Axes = field(-1, doc=AXIS_DOC)

    examples = ({}, {"axis": [1, 2], "input_shape": [3, 2]})

    def build(self, input_shape: Shape) -> Shape:
        self.over = axes_of(self.axis, input_shape, self.title())
        return input_shape

    def forward(self, x: Array, ctx: Context) -> tuple[Array, Any]:
        length = np.sqrt(np.square(x).sum(axis=self.over, keepdims=True))
        inverse = 1 / np.maximum(length, SHORTEST)
        y = x * inverse
        return y, (y, inverse, length > SHORTEST)

    def backward(self, dy: Array, cache: Any) -> Array:
        y, inverse, turning = cache
        along = (dy * y).sum(axis=self.over, keepdims=True) * turning
        return (dy - y * along) * inverse
