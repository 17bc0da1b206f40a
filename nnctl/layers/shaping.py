"""Layers that only change the shape of a sample: Flatten and Reshape."""

from __future__ import annotations

import math
from typing import Any, Literal

from nnctl.errors import ConfigError
from nnctl.fields import field
from nnctl.layers import Array, Context, Layer, Shape, show_shape
from nnctl.registry import register
from nnctl.rules import PositiveInt


class _Shaping(Layer):
    """The values stay as they are, in their order; `build` says the new shape."""

    def build(self, input_shape: Shape) -> Shape:
        self.output_shape = self.reshaped(input_shape)
        return self.output_shape

    def reshaped(self, input_shape: Shape) -> Shape:
        raise NotImplementedError

    def compute_mask(self, x: Array, mask: Array | None) -> Array | None:
        return None

    def forward(self, x: Array, ctx: Context) -> tuple[Array, Any]:
        return x.reshape(len(x), *self.output_shape), x.shape

    def backward(self, dy: Array, cache: Any) -> Array:
        return dy.reshape(cache)


@register("layer")
class Flatten(_Shaping):
    """y = all values of x in one row

    Shapes  x (B, ...)  y (B, product of the others)
    Source  keras.layers.Flatten
    """

    data_format: Literal["channels_last", "channels_first"] | None = field(
        None, doc="channels_first: the inputs have their channels in front; they are flattened as channels_last."
    )

    rank = (0, None)
    examples = ({}, {"data_format": "channels_first", "input_shape": [2, 3, 4]})

    def reshaped(self, input_shape: Shape) -> Shape:
        return (math.prod(input_shape),)

    def forward(self, x: Array, ctx: Context) -> tuple[Array, Any]:
        if self.data_format == "channels_first" and x.ndim > 2:
            x = x.transpose(0, *range(2, x.ndim), 1)
        return x.reshape(len(x), math.prod(x.shape[1:])), x.shape

    def backward(self, dy: Array, cache: Any) -> Array:
        dx = dy.reshape(cache)
        if self.data_format == "channels_first" and dx.ndim > 2:
            dx = dx.transpose(0, dx.ndim - 1, *range(1, dx.ndim - 1))
        return dx


@register("layer")
class Reshape(_Shaping):
    """y = x in another shape

    Shapes  x (B, ...)  y (B, *target_shape)
    Source  keras.layers.Reshape
    """

    target_shape: tuple[PositiveInt | Literal[-1], ...] = field(
        doc="Shape of one sample; one size may be -1: whatever is left.", legacy=("dims",)
    )

    rank = (0, None)
    examples = (
        {"target_shape": [3, 2], "input_shape": [6]},
        {"target_shape": [-1, 2], "input_shape": [2, 4]},
    )

    def reshaped(self, input_shape: Shape) -> Shape:
        total, known = math.prod(input_shape), math.prod(size for size in self.target_shape if size != -1)
        unknown = self.target_shape.count(-1)
        if unknown > 1 or (total % known if unknown else total != known):
            raise ConfigError(
                f"Reshape: inputs of shape {show_shape(input_shape)} have {total} values a sample; "
                f"target_shape {list(self.target_shape)} does not hold as many"
            )
        return tuple(total // known if size == -1 else size for size in self.target_shape)
