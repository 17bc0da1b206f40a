"""Dense: every output is a weighted sum of all inputs."""

from __future__ import annotations

from typing import Any

from nnctl import kernels
from nnctl.activations import Activation, AnActivation, Linear
from nnctl.constraints import AConstraint
from nnctl.fields import field
from nnctl.initializers import AnInitializer
from nnctl.layers import Array, Context, Layer, Shape, rows
from nnctl.registry import register
from nnctl.regularizers import ARegularizer
from nnctl.rules import PositiveInt


@register("layer", legacy=("TimeDistributedDense",))
class Dense(Layer):
    """y = activation(x @ kernel + bias)

    Shapes  x (B, ..., I)  kernel (I, units)  bias (units,)  y (B, ..., units)
    Source  Rumelhart, Hinton & Williams 1986; keras.layers.Dense
    """

    units: PositiveInt = field(doc="Width of the output.", legacy=("output_dim",))
    activation: AnActivation = field("linear", doc="Applied elementwise, or over the last axis for softmax.")
    use_bias: bool = field(True, doc="Add the bias.", legacy=("bias",))
    kernel_initializer: AnInitializer = field("glorot_uniform", doc="How the kernel starts.", legacy=("init",))
    bias_initializer: AnInitializer = field("zeros", doc="How the bias starts.")
    kernel_regularizer: ARegularizer | None = field(None, doc="Penalty on the kernel.", legacy=("W_regularizer",))
    bias_regularizer: ARegularizer | None = field(None, doc="Penalty on the bias.", legacy=("b_regularizer",))
    activity_regularizer: ARegularizer | None = field(None, doc="Penalty on the output.")
    kernel_constraint: AConstraint | None = field(None, doc="Projection of the kernel.", legacy=("W_constraint",))
    bias_constraint: AConstraint | None = field(None, doc="Projection of the bias.", legacy=("b_constraint",))

    examples = (
        {"units": 3, "activation": "tanh"},
        {"units": 1, "use_bias": False},
        {"units": 4, "activation": "softmax", "input_shape": [5, 3]},
    )

    def build(self, input_shape: Shape) -> Shape:
        inputs = input_shape[-1]
        self.kernel = self.weight(
            "kernel", (inputs, self.units), self.kernel_initializer, self.kernel_regularizer, self.kernel_constraint
        )
        if self.use_bias:
            self.bias = self.weight(
                "bias", (self.units,), self.bias_initializer, self.bias_regularizer, self.bias_constraint
            )
        self.act = self.activation
        return (*input_shape[:-1], self.units)

    def take_head(self) -> Activation:
        head, self.act = self.act, Linear()
        return head

    def forward(self, x: Array, ctx: Context) -> tuple[Array, Any]:
        z = kernels.product(rows(x), self.kernel.value)
        z = z if x.ndim == 2 else z.reshape(*x.shape[:-1], self.units)
        y, act = self.act.forward_biased(z, self.bias.value if self.use_bias else None)
        return y, (x, act)

    def backward(self, dy: Array, cache: Any) -> Array | None:
        x, act = cache
        dz = self.act.backward(dy, act)
        flat = rows(dz)
        if self.use_bias:
            kernels.column_sums(flat, self.bias.grad)
        dx = kernels.product_gradients(rows(x), self.kernel.value, flat, self.kernel.grad, self.needs_dx)
        return dx if dx is None or x.ndim == 2 else dx.reshape(x.shape)
