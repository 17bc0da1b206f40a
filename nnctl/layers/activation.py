"""Activation: an activation as a layer of its own."""

from __future__ import annotations

from typing import Any

from nnctl.activations import Activation as ActivationFunction, AnActivation, Linear
from nnctl.fields import field
from nnctl.layers import Array, Context, Layer, Shape
from nnctl.registry import register


@register("layer")
class Activation(Layer):
    """y = activation(x)

    Shapes  x (B, ...)  y (B, ...), of which glu halves an axis
    Source  keras.layers.Activation
    """

    activation: AnActivation = field(doc="Applied elementwise, or over the last axis for softmax.")

    examples = ({"activation": "tanh"}, {"activation": "softmax"}, {"activation": "glu", "input_shape": [4]})
    reshapes = True

    def build(self, input_shape: Shape) -> Shape:
        self.act = self.activation
        output_shape = self.activation.output_shape(input_shape)
        self.keeps_steps = output_shape[:1] == input_shape[:1]
        return output_shape

    def activated(self, input_shape: Shape, output_shape: Shape) -> Shape:
        return input_shape

    def compute_mask(self, x: Array, mask: Array | None) -> Array | None:
        return mask if self.keeps_steps else None

    def take_head(self) -> ActivationFunction:
        head, self.act = self.act, Linear()
        return head

    def forward(self, x: Array, ctx: Context) -> tuple[Array, Any]:
        return self.act.forward(x)

    def backward(self, dy: Array, cache: Any) -> Array:
        return self.act.backward(dy, cache)
