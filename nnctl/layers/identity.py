"""Layers that hand their input on as it is: Identity, and ActivityRegularization, which puts a price on it."""

from __future__ import annotations

from nnctl.fields import field
from nnctl.layers import Array, Context, Layer, Shape
from nnctl.registry import register
from nnctl.regularizers import L1L2
from nnctl.rules import NonNegativeFloat


@register("layer")
class Identity(Layer):
    """y = x

    Shapes  x (B, ...)  y (B, ...)
    Source  keras.layers.Identity
    """

    rank = (0, None)

    def forward(self, x: Array, ctx: Context) -> tuple[Array, None]:
        return x, None

    def backward(self, dy: Array, cache: None) -> Array:
        return dy


@register("layer")
class ActivityRegularization(Identity):
    """y = x, with a penalty of l1 * sum |x| + l2 * sum x^2 for each sample

    Shapes  x (B, ...)  y (B, ...)
    Source  keras.layers.ActivityRegularization
    """

    l1: NonNegativeFloat = field(0.0, doc="Factor on the sum of the absolute values.")
    l2: NonNegativeFloat = field(0.0, doc="Factor on the sum of the squares.")

    def build(self, input_shape: Shape) -> Shape:
        self.activity_regularizer = L1L2(self.l1, self.l2)  # the model adds it to the loss
        return input_shape
