"""Masking: time steps that hold one given value throughout do not count."""

from __future__ import annotations

from typing import Any

from nnctl.fields import field
from nnctl.layers import Array, Context, Layer
from nnctl.registry import register


@register("layer")
class Masking(Layer):
    """y_t = x_t, or 0 and masked where all values of x_t are mask_value

    Shapes  x (B, T, ...)  y (B, T, ...)
    Source  keras.layers.Masking
    """

    rank = (2, None)
    makes_mask = True

    mask_value: float = field(0.0, doc="The value that fills steps that do not count.")

    examples = ({"input_shape": [4, 2]}, {"mask_value": 1.5, "input_shape": [4, 2]})

    def compute_mask(self, x: Array, mask: Array | None) -> Array:
        return (x != self.mask_value).any(axis=-1)

    def forward(self, x: Array, ctx: Context) -> tuple[Array, Any]:
        valid = (x != self.mask_value).any(axis=-1, keepdims=True)
        return x * valid, valid

    def backward(self, dy: Array, cache: Any) -> Array:
        return dy * cache
