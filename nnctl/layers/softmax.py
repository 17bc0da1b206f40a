"""Softmax over any axis, as a layer."""

from __future__ import annotations

from typing import Any

import numpy as np

from nnctl.activations import Activation, Linear, Softmax as SoftmaxFunction
from nnctl.fields import field
from nnctl.layers import Array, Context, Layer, Shape
from nnctl.layers.normalization import axes_of
from nnctl.registry import register

FAR_BELOW = -1e9  # stands where a step is masked: its exponential is 0


@register("layer")
class Softmax(Layer):
    """y_i = exp(x_i) / sum_j exp(x_j), over `axis`; masked steps are left out and give 0

    Shapes  x (B, ...)  y (B, ...)
    Source  Bridle 1990; keras.layers.Softmax
    """

    axis: int | tuple[int, ...] = field(-1, doc="Axis or axes of the sum, counted with the batch axis in front.")

    examples = (
        {},
        {"axis": 1, "input_shape": [3, 2]},
        {"axis": [1, 2], "input_shape": [3, 2]},
    )

    def build(self, input_shape: Shape) -> Shape:
        self.over = axes_of(self.axis, input_shape, self.title())
        self.closing = self.over == (len(input_shape),)
        self.act: Activation = SoftmaxFunction() if self.closing else Linear()
        return input_shape

    def take_head(self) -> Activation:
        head, self.act = self.act, Linear()
        return head

    def forward(self, x: Array, ctx: Context) -> tuple[Array, Any]:
        if self.closing and isinstance(self.act, Linear):
            return x, None  # the model does it
        kept = None if ctx.mask is None else ctx.mask.reshape(ctx.mask.shape + (1,) * (x.ndim - ctx.mask.ndim))
        z = x if kept is None else np.where(kept, x, FAR_BELOW)
        y = np.exp(z - z.max(axis=self.over, keepdims=True))
        y /= y.sum(axis=self.over, keepdims=True)
        if kept is not None:
            y *= kept
        return y, y

    def backward(self, dy: Array, cache: Any) -> Array:
        if cache is None:
            return dy
        dz = dy * cache
        dz -= cache * dz.sum(axis=self.over, keepdims=True)
        return dz
