"""Permute and RepeatVector: axes in another order, and a row for every time step."""

from __future__ import annotations

from typing import Any

import numpy as np

from nnctl.errors import ConfigError
from nnctl.fields import field
from nnctl.layers import Array, Context, Layer, Shape, show_shape
from nnctl.registry import register
from nnctl.rules import PositiveInt


@register("layer")
class Permute(Layer):
    """y[b, i_1, i_2, ...] = x with its axes in the order `dims`

    Shapes  x (B, n_1, n_2, ...)  y (B, n_dims[0], n_dims[1], ...)
    Source  keras.layers.Permute
    """

    dims: tuple[PositiveInt, ...] = field(doc="Axes of x in their new order; the first after the batch is 1.")

    examples = ({"dims": [2, 1], "input_shape": [3, 2]}, {"dims": [3, 1, 2], "input_shape": [2, 3, 4]})

    def conflicts(self) -> Any:
        if sorted(self.dims) != list(range(1, len(self.dims) + 1)):
            yield "dims", f"expected each of 1 to {len(self.dims)} once, got {list(self.dims)}"

    def build(self, input_shape: Shape) -> Shape:
        if len(input_shape) != len(self.dims):
            raise ConfigError(f"Permute: dims {list(self.dims)} do not fit inputs of shape {show_shape(input_shape)}")
        return tuple(input_shape[axis - 1] for axis in self.dims)

    def compute_mask(self, x: Array, mask: Array | None) -> None:
        return None

    def forward(self, x: Array, ctx: Context) -> tuple[Array, None]:
        return x.transpose(0, *self.dims), None

    def backward(self, dy: Array, cache: None) -> Array:
        return dy.transpose(np.argsort((0, *self.dims)))


@register("layer")
class RepeatVector(Layer):
    """y[t] = x, for t = 0 .. n - 1

    Shapes  x (B, I)  y (B, n, I)
    Source  keras.layers.RepeatVector
    """

    n: PositiveInt = field(doc="Number of time steps.")

    rank = (1, 1)
    examples = ({"n": 3},)

    def build(self, input_shape: Shape) -> Shape:
        return (self.n, *input_shape)

    def compute_mask(self, x: Array, mask: Array | None) -> None:
        return None

    def forward(self, x: Array, ctx: Context) -> tuple[Array, None]:
        return np.repeat(x[:, None], self.n, axis=1), None

    def backward(self, dy: Array, cache: None) -> Array:
        return dy.sum(axis=1)
