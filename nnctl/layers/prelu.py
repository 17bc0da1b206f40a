"""PReLU: a rectifier whose slope below zero is learnt."""

from __future__ import annotations

from typing import Any

import numpy as np

from nnctl.constraints import AConstraint
from nnctl.errors import ConfigError
from nnctl.fields import field
from nnctl.initializers import AnInitializer
from nnctl.layers import Array, Context, Layer, Shape, show_shape
from nnctl.registry import register
from nnctl.regularizers import ARegularizer
from nnctl.rules import PositiveInt


@register("layer")
class PReLU(Layer):
    """y = max(x, 0) + alpha * min(x, 0)

    Shapes  x (B, ...)  alpha (...), with 1 for each of shared_axes  y (B, ...)
    Source  He, Zhang, Ren & Sun 2015, equation 1; keras.layers.PReLU
    """

    alpha_initializer: AnInitializer = field("zeros", doc="How the slopes below zero start.", legacy=("init",))
    alpha_regularizer: ARegularizer | None = field(None, doc="Penalty on the slopes.")
    alpha_constraint: AConstraint | None = field(None, doc="Projection of the slopes.")
    shared_axes: PositiveInt | tuple[PositiveInt, ...] | None = field(
        None, doc="Axes along which one slope serves all; the first after the batch is 1."
    )

    examples = ({}, {"alpha_initializer": "ones", "shared_axes": [1], "input_shape": [4, 3]})

    def build(self, input_shape: Shape) -> Shape:
        shared = self.shared_axes if isinstance(self.shared_axes, tuple) else (self.shared_axes or 0,)
        if max(shared, default=0) > len(input_shape):
            raise ConfigError(f"PReLU: inputs of shape {show_shape(input_shape)} have no axis {max(shared)}")
        shape = tuple(1 if axis in shared else n for axis, n in enumerate(input_shape, 1))
        given = self.alpha_initializer, self.alpha_regularizer, self.alpha_constraint
        self.alpha = self.weight("alpha", shape, *given)
        self.over = (0, *(axis for axis in range(1, len(shape) + 1) if axis in shared))
        return input_shape

    def forward(self, x: Array, ctx: Context) -> tuple[Array, Any]:
        return np.where(x > 0, x, self.alpha.value * x), x

    def backward(self, dy: Array, cache: Any) -> Array:
        x = cache
        slopes = np.sum(dy * np.minimum(x, 0), axis=self.over)
        self.alpha.grad[...] = slopes.reshape(self.alpha.shape)
        return np.where(x > 0, dy, self.alpha.value * dy)
