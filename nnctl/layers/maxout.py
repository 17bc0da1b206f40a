"""MaxoutDense: the largest of several linear functions of the input."""

from __future__ import annotations

from typing import Any

import numpy as np

from nnctl.constraints import AConstraint
from nnctl.fields import field
from nnctl.initializers import AnInitializer, Zeros
from nnctl.layers import Array, Context, Layer, Shape
from nnctl.registry import register
from nnctl.regularizers import ARegularizer
from nnctl.rules import PositiveInt


@register("layer")
class MaxoutDense(Layer):
    """y = max_k (x @ kernel[k] + bias[k]), k < nb_feature

    Where several are largest, the first has the gradient.
    Shapes  x (B, I)  kernel (nb_feature, I, units)  bias (nb_feature, units)  y (B, units)
    Source  Goodfellow et al. 2013; keras.layers.MaxoutDense of Keras 1
    """

    units: PositiveInt = field(doc="Width of the output.", legacy=("output_dim",))
    nb_feature: PositiveInt = field(4, doc="Number of linear functions for each output.")
    use_bias: bool = field(True, doc="Add the bias.", legacy=("bias",))
    kernel_initializer: AnInitializer = field("glorot_uniform", doc="How the kernels start.", legacy=("init",))
    kernel_regularizer: ARegularizer | None = field(None, doc="Penalty on the kernels.", legacy=("W_regularizer",))
    bias_regularizer: ARegularizer | None = field(None, doc="Penalty on the biases.", legacy=("b_regularizer",))
    activity_regularizer: ARegularizer | None = field(None, doc="Penalty on the output.")
    kernel_constraint: AConstraint | None = field(None, doc="Projection of the kernels.", legacy=("W_constraint",))
    bias_constraint: AConstraint | None = field(None, doc="Projection of the biases.", legacy=("b_constraint",))

    rank = (1, 1)
    examples = ({"units": 3}, {"units": 2, "nb_feature": 2, "use_bias": False})

    def build(self, input_shape: Shape) -> Shape:
        pieces = self.nb_feature
        self.kernel = self.weight(
            "kernel",
            (pieces, input_shape[0], self.units),
            self.kernel_initializer,
            self.kernel_regularizer,
            self.kernel_constraint,
        )
        if self.use_bias:
            self.bias = self.weight("bias", (pieces, self.units), Zeros(), self.bias_regularizer, self.bias_constraint)
        return (self.units,)

    def forward(self, x: Array, ctx: Context) -> tuple[Array, Any]:
        z = np.matmul(x, self.kernel.value)  # (nb_feature, B, units)
        if self.use_bias:
            z += self.bias.value[:, None]
        return z.max(axis=0), (x, z.argmax(axis=0))

    def backward(self, dy: Array, cache: Any) -> Array | None:
        x, largest = cache
        dz = np.where(np.arange(self.nb_feature)[:, None, None] == largest, dy, 0)
        np.matmul(x.T, dz, out=self.kernel.grad)
        if self.use_bias:
            np.sum(dz, axis=1, out=self.bias.grad)
        if not self.needs_dx:
            return None
        return np.matmul(dz, self.kernel.value.swapaxes(1, 2)).sum(axis=0)
