"""EinsumDense: a product of the inputs with a kernel along axes that an equation in Einstein's notation names."""

from __future__ import annotations

import math
import re
import string
from collections.abc import Iterator
from typing import Any

import numpy as np

from nnctl import kernels
from nnctl.activations import Activation, AnActivation, Linear
from nnctl.constraints import AConstraint
from nnctl.errors import ConfigError
from nnctl.fields import field
from nnctl.initializers import AnInitializer
from nnctl.layers import Array, Context, Layer, Shape, Weight, show_shape
from nnctl.registry import register
from nnctl.regularizers import ARegularizer
from nnctl.rules import PositiveInt

FORMS = tuple(
    map(re.compile, (r"(\w+),(\w+)->(\w+)", r"\.{3}(\w+),(\w+)->\.{3}(\w+)", r"(\w+)\.{3},(\w+)->(\w+)\.{3}"))
)
FORMS_DOC = "ab,bc->ac, ...ab,bc->...ac or ab...,bc->ac..."


@register("layer")
class EinsumDense(Layer):
    """y = activation(einsum(equation, x, kernel) + bias)

    The first letter of x and of y, or the three dots before it, is the batch.
    Shapes  x (B, ...)  kernel: an axis a letter between ',' and '->'  bias: along bias_axes  y (B, *output_shape)
    Source  keras.layers.EinsumDense
    """

    equation: str = field(doc=f"Letters for the axes of x, of the kernel and of y, as in {FORMS_DOC}.")
    output_shape: PositiveInt | tuple[PositiveInt | None, ...] = field(
        doc="Sizes of y without the batch and what the dots stand for; null: as in x."
    )
    activation: AnActivation = field("linear", doc="Applied elementwise, or over the last axis for softmax.")
    bias_axes: str | None = field(None, doc="Letters of y along which the bias has values of its own; null: no bias.")
    kernel_initializer: AnInitializer = field("glorot_uniform", doc="How the kernel starts.")
    bias_initializer: AnInitializer = field("zeros", doc="How the bias starts.")
    kernel_regularizer: ARegularizer | None = field(None, doc="Penalty on the kernel.")
    bias_regularizer: ARegularizer | None = field(None, doc="Penalty on the bias.")
    kernel_constraint: AConstraint | None = field(None, doc="Projection of the kernel.")
    bias_constraint: AConstraint | None = field(None, doc="Projection of the bias.")
    activity_regularizer: ARegularizer | None = field(None, doc="Penalty on the output.", positional=False)

    examples = (
        {"equation": "abc,cd->abd", "output_shape": [None, 3], "bias_axes": "d", "activation": "tanh",
         "input_shape": [4, 2]},
        {"equation": "...x,xy->...y", "output_shape": 3, "input_shape": [2, 3, 2]},
        {"equation": "ab...,bc->ac...", "output_shape": [4], "bias_axes": "c", "input_shape": [3, 2]},
        {"equation": "abc,bce->abe", "output_shape": [3, 2], "bias_axes": "be", "input_shape": [3, 4]},
    )  # fmt: skip

    def conflicts(self) -> Iterator[tuple[str, str]]:
        parts = self.parts()
        if parts is None:
            yield "equation", f"expected letters in one of the forms {FORMS_DOC}, got {self.equation!r}"
            return
        x, w, y = parts
        for letters in parts:
            if len({*letters}) < len(letters):
                yield "equation", f"a letter stands for one axis, got {letters!r}"
        if not self.equation.startswith(".") and (x[0] != y[0] or x[0] in w):
            yield "equation", f"x and y must begin with the batch, which the kernel has not, got {self.equation!r}"
        if lost := {*y} - {*x, *w}:
            yield "equation", f"y has {''.join(sorted(lost))!r}, which neither x nor the kernel has"
        if lost := {*w} - {*x, *y}:
            yield "equation", f"the kernel has {''.join(sorted(lost))!r}, which neither x nor y has"
        if self.bias_axes is not None and (not self.bias_axes or {*self.bias_axes} - {*y}):
            yield "bias_axes", f"expected letters of y, which has {y!r}, got {self.bias_axes!r}"

    def parts(self) -> tuple[str, ...] | None:
        """Return the letters of x, kernel and y, without dots; None where the equation has no such form."""
        found = next((match for form in FORMS if (match := form.fullmatch(self.equation))), None)
        return found.groups() if found and not {*"".join(found.groups())} - {*string.ascii_letters} else None

    def build(self, input_shape: Shape) -> Shape:
        x, w, y = self.letters(input_shape)
        sizes = dict(zip(x, (1, *input_shape), strict=True))
        output_shape = self.sized(y, sizes, input_shape)
        self.full_equation = f"{x},{w}->{y}"
        input_axes = tuple(axis for axis, letter in enumerate(w) if letter not in y)
        output_axes = tuple(axis for axis, letter in enumerate(w) if letter in y)
        self.kernel = self.weight(
            "kernel", tuple(sizes[letter] for letter in w), self.kernel_initializer.between(input_axes, output_axes),
            self.kernel_regularizer, self.kernel_constraint,
        )  # fmt: skip
        self.bias = None
        if self.bias_axes is not None:
            first = min(map(y.index, self.bias_axes))
            shape = tuple(sizes[letter] if letter in self.bias_axes else 1 for letter in y[first:])
            given = self.bias_initializer, self.bias_regularizer, self.bias_constraint
            self.bias = self.weight("bias", shape, *given)
        self.act = self.activation
        self.plan = Plan(x, w, y, sizes)
        return output_shape

    def letters(self, input_shape: Shape) -> tuple[str, str, str]:
        """Return the letters of x, kernel and y, and others for the dots; ConfigError for a wrong rank."""
        x, w, y = self.parts() or ("", "", "")
        elided, dots = len(input_shape) + 1 - len(x), "." in self.equation
        # The first letter is the batch, unless dots before it stand for that.
        least = 1 if x[0] != y[0] or x[0] in w else 0
        if elided < least or (elided and not dots):
            axes = f"{len(x) + least} axes{' or more' if dots else ''}"
            raise ConfigError(
                f"EinsumDense: {self.equation!r} takes inputs of {axes} with the batch, "
                f"got shape {show_shape(input_shape)}"
            )
        others = "".join(letter for letter in string.ascii_letters if letter not in x + w + y)[:elided]
        if self.equation.startswith("."):
            return others + x, w, others + y
        return x + others, w, y + others

    def sized(self, y: str, sizes: dict[str, int], input_shape: Shape) -> Shape:
        """Enter the sizes of new letters into `sizes`; return the shape of y. ConfigError where they do not fit."""
        given = (self.output_shape,) if isinstance(self.output_shape, int) else self.output_shape
        dots = [letter for letter in y[1:] if letter not in "".join(self.parts() or ())]
        named = [letter for letter in y[1:] if letter not in dots]
        if len(given) != len(named):
            raise ConfigError(
                f"EinsumDense: expected an output_shape of {len(named)} sizes ({', '.join(named)}), got {list(given)}"
            )
        for letter, size in zip(named, given, strict=True):
            if sizes.setdefault(letter, size or 0) != (size or sizes[letter]):
                raise ConfigError(
                    f"EinsumDense: {letter!r} is {size} in output_shape and {sizes[letter]} "
                    f"in inputs of shape {show_shape(input_shape)}"
                )
            if not sizes[letter]:
                raise ConfigError(f"EinsumDense: output_shape must say the size of {letter!r}, which inputs have not")
        return tuple(sizes[letter] for letter in y[1:])

    def take_head(self) -> Activation:
        head, self.act = self.act, Linear()
        return head

    def compute_mask(self, x: Array, mask: Array | None) -> None:
        """As in Keras, no mask goes on: an equation may mix the steps."""
        return None

    def forward(self, x: Array, ctx: Context) -> tuple[Array, Any]:
        z, kept = self.plan.forward(x, self.kernel.value)
        if self.bias is not None:
            z += self.bias.value
        y, act = self.act.forward(z, out=z)
        return y, (kept, act)

    def backward(self, dy: Array, cache: Any) -> Array | None:
        kept, act = cache
        dz = self.act.backward(dy, act)
        if self.bias is not None:
            lying = (1,) * (dz.ndim - self.bias.value.ndim) + self.bias.shape
            over = tuple(axis for axis, size in enumerate(lying) if size == 1)
            self.bias.grad[...] = dz.sum(axis=over, keepdims=True).reshape(self.bias.shape)
        return self.plan.backward(dz, kept, self.kernel, needs_dx=self.needs_dx)


class Plan:
    """An einsum of two operands as products of matrices: x (G, F, K) @ kernel (G, K, N).

    Letters in all three are G, those that the product sums K; F are of x and y, N of the kernel and y.
    What x alone has is summed before.
    """

    def __init__(self, x: str, w: str, y: str, sizes: dict[str, int]) -> None:
        self.alone = tuple(axis for axis, letter in enumerate(x) if letter not in w + y)
        self.given = tuple(sizes[letter] for letter in x)
        x = "".join(letter for letter in x if letter in w + y)
        group = [letter for letter in w if letter in x and letter in y]
        free, summed = [c for c in x if c not in w], [c for c in w if c in x and c not in y]
        new = [letter for letter in w if letter not in x]
        self.x_order = [x.index(letter) for letter in (*group, *free, *summed)]
        self.w_order = [w.index(letter) for letter in (*group, *summed, *new)]
        self.y_order = [(*group, *free, *new).index(letter) for letter in y]
        self.inner = len(group) + len(free)
        self.new = tuple(sizes[letter] for letter in new)
        self.groups, self.k, self.n = (math.prod(sizes[c] for c in letters) for letters in (group, summed, new))

    def forward(self, x: Array, kernel: Array) -> tuple[Array, Any]:
        """Return the product in memory of its own, and what `backward` needs."""
        turned = (x.sum(axis=self.alone) if self.alone else x).transpose(self.x_order)
        columns = turned.reshape(self.groups, -1, self.k)
        matrices = kernel.transpose(self.w_order).reshape(self.groups, self.k, self.n)
        z = np.stack([kernels.product(a, b) for a, b in zip(columns, matrices, strict=True)])
        z = z.reshape(*turned.shape[: self.inner], *self.new).transpose(self.y_order)
        return np.ascontiguousarray(z), (columns, matrices, turned.shape)

    def backward(self, dz: Array, kept: Any, kernel: Weight, *, needs_dx: bool) -> Array | None:
        """Write the gradient of the kernel; return that of x where it is needed."""
        columns, matrices, shape = kept
        slopes = dz.transpose(np.argsort(self.y_order)).reshape(self.groups, -1, self.n)
        grads = np.stack([kernels.product(a.T, b, by_rows=True) for a, b in zip(columns, slopes, strict=True)])
        turned = [kernel.shape[axis] for axis in self.w_order]
        kernel.grad[...] = grads.reshape(turned).transpose(np.argsort(self.w_order))
        if not needs_dx:
            return None
        dx = np.stack([kernels.product(a, b.T) for a, b in zip(slopes, matrices, strict=True)])
        dx = dx.reshape(shape).transpose(np.argsort(self.x_order))
        if self.alone:
            dx = np.expand_dims(dx, self.alone)
            dx = np.broadcast_to(dx, (len(dx), *self.given[1:])).copy()
        return dx
