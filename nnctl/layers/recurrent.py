"""Recurrent layers: what SimpleRNN, LSTM and GRU share, and the scan over the time steps.

A layer holds the fields and the weights. A `Cell` is one pass of it over one batch: it keeps the
arrays of all steps, and so is the cache that `backward` needs. Time comes first in its arrays:

    z (T, B, gates * units)    x W + b for all steps, from one product; a step turns z[t] into gates
    states, each (T + 1, B, units)    step t leads from states[t] to states[t + 1]; the first is the output
    dz like z    slopes of the pre-activations; the weights' gradients are one product of it at the end

A cell's file writes `step` as its paper does, and `step_back`, the same line by line backwards.

Masks, as in Keras: a masked step leaves the states as they are, so the output repeats the last
valid one; before the first valid one it is zero; with `zero_output_for_mask` it always is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any, ClassVar, Literal

import numpy as np

from nnctl.constraints import AConstraint
from nnctl.errors import ConfigError
from nnctl.fields import field
from nnctl.findings import Findings, Path
from nnctl.initializers import AnInitializer, Initializer
from nnctl.layers import Array, Context, Layer, Shape, rows
from nnctl.layers.dropout import draw_mask
from nnctl.layers.gates import blocks
from nnctl.registry import snake
from nnctl.regularizers import ARegularizer
from nnctl.rules import Fraction, NonNegativeInt, PositiveInt

UNITS_DOC = "Width of the output and of the state."
ACTIVATION_DOC = "Activation of the output and the candidate state."
RECURRENT_ACTIVATION_DOC = "Activation of the gates."
IMPLEMENTATION_DOC = "Keras' way to cut the products; accepted, as the numbers are the same."


class Recurrent(Layer):
    """h_t = f(x_t, h_(t-1))"""

    rank = (2, 2)
    cell: type[Cell]

    units: PositiveInt = field(doc=UNITS_DOC, legacy=("output_dim",))
    activation: Any
    use_bias: bool = field(True, doc="Add a bias.")
    kernel_initializer: AnInitializer = field("glorot_uniform", doc="How the kernel starts.", legacy=("init",))
    recurrent_initializer: AnInitializer = field(
        "orthogonal", doc="How the recurrent kernel starts.", legacy=("inner_init",)
    )
    bias_initializer: AnInitializer = field("zeros", doc="How the bias starts.")
    kernel_regularizer: ARegularizer | None = field(None, doc="Penalty on the kernel.", legacy=("W_regularizer",))
    recurrent_regularizer: ARegularizer | None = field(
        None, doc="Penalty on the recurrent kernel.", legacy=("U_regularizer",)
    )
    bias_regularizer: ARegularizer | None = field(None, doc="Penalty on the bias.", legacy=("b_regularizer",))
    activity_regularizer: ARegularizer | None = field(None, doc="Penalty on the output.")
    kernel_constraint: AConstraint | None = field(None, doc="Projection of the kernel.", legacy=("W_constraint",))
    recurrent_constraint: AConstraint | None = field(
        None, doc="Projection of the recurrent kernel.", legacy=("U_constraint",)
    )
    bias_constraint: AConstraint | None = field(None, doc="Projection of the bias.", legacy=("b_constraint",))
    dropout: Fraction = field(
        0.0, doc="Share of the inputs set to zero while training, the same ones at every step.", legacy=("dropout_W",)
    )
    recurrent_dropout: Fraction = field(
        0.0, doc="Share of the state set to zero on its way into the gates, the same at every step.",
        legacy=("dropout_U",),
    )  # fmt: skip
    seed: NonNegativeInt | None = field(None, doc="Accepted for Keras' sake: draws come from the seed of the spec.")
    return_sequences: bool = field(False, doc="Give the output of every step, not of the last alone.")
    return_state: bool = field(False, doc="Must be false: in a stack of layers each has one output.")
    go_backwards: bool = field(False, doc="Go from the last step to the first; the outputs come in that order.")
    stateful: bool = field(
        False, doc="Row i of a batch goes on from the state that row i of the batch before ended in."
    )
    unroll: bool = field(False, doc="Accepted for Keras' sake: the numbers are the same.")
    zero_output_for_mask: bool = field(False, doc="Give zeros at masked steps instead of the last valid output.")
    implementation: Literal[0, 1, 2] | None = field(
        None, doc=IMPLEMENTATION_DOC, positional=False, legacy={"consume_less": {"cpu": 0, "mem": 1, "gpu": 2}.get}
    )

    @classmethod
    def parse(cls, given: Mapping[str, Any], findings: Findings, path: Path) -> dict[str, Any]:
        """Read Keras 1's `input_dim` and `input_length` as the one `input_shape` that they make."""
        if {"input_dim", "input_length"} & {*given} and "input_shape" not in given:
            given = dict(given)
            shape = given.pop("input_length", None), given.pop("input_dim", None)
            given["input_shape"] = shape
            findings.notice((*path, "input_shape"), "'input_length' and 'input_dim' are old: 'input_shape' in Keras 3")
        return super().parse(given, findings, path)

    def conflicts(self) -> Iterator[tuple[str, str]]:
        if self.return_state:
            yield "return_state", "in a stack of layers each has one output, so the state cannot be handed on"

    def _fill(self, values: dict[str, Any], findings: Any, path: Any) -> None:
        super()._fill(values, findings, path)
        self.carried: list[Array] | None = None

    def build(self, input_shape: Shape) -> Shape:
        steps, inputs = input_shape
        width, prefix = self.cell.gates * self.units, f"{snake(self.title())}_cell/"
        self.kernel = self.weight(
            f"{prefix}kernel", (inputs, width), self.kernel_initializer, self.kernel_regularizer, self.kernel_constraint
        )
        self.recurrent_kernel = self.weight(
            f"{prefix}recurrent_kernel", (self.units, width),
            self.recurrent_initializer, self.recurrent_regularizer, self.recurrent_constraint,
        )  # fmt: skip
        if self.use_bias:
            self.bias = self.weight(
                f"{prefix}bias", self.bias_shape(), self.bias_start(), self.bias_regularizer, self.bias_constraint
            )
        self.carried = None
        return (steps, self.units) if self.return_sequences else (self.units,)

    def bias_shape(self) -> Shape:
        return (self.cell.gates * self.units,)

    def bias_start(self) -> Initializer:
        return self.bias_initializer

    def compute_mask(self, x: Array, mask: Array | None) -> Array | None:
        return mask if self.return_sequences else None

    def forward(self, x: Array, ctx: Context) -> tuple[Array, Any]:
        cell = self.cell(self, x, ctx)
        y = cell.forward()
        if self.stateful:
            self.carried = [state[-1].copy() for state in cell.states]
        return y, cell

    def backward(self, dy: Array, cache: Any) -> Array | None:
        dx: Array | None = cache.backward(dy)
        return dx

    # --- the state of a stateful layer ---------------------------------------------------------

    def start(self, rows: int) -> list[Array] | None:
        """Return the states that a batch starts from, None for zeros; raise ConfigError for another batch size."""
        if not self.stateful or self.carried is None:
            return None
        if len(self.carried[0]) != rows:
            raise ConfigError(
                f"{self.title()} {self.name!r} is stateful: it expects batches of {len(self.carried[0])} rows, as the "
                f"first had, got {rows}; choose a batch_size that divides the number of rows"
            )
        return self.carried

    def reset_state(self) -> None:
        """Let the next batch start from zeros, whatever its size."""
        self.carried = None

    def state(self) -> dict[str, Any]:
        return {} if self.carried is None else {f"state_{i}": array for i, array in enumerate(self.carried)}

    def restore(self, state: dict[str, Any]) -> None:
        self.carried = [np.array(state[name]) for name in sorted(state)] or None


class Product:
    """y = x @ w; with dropout, x is multiplied by one mask for all columns of w, or by one for each equal part."""

    def __init__(self, weight: Array, masks: Array | None = None) -> None:
        self.weight, self.masks = weight, masks

    @cached_property
    def transposed(self) -> Array:
        """A copy: many small products with it cost less than with a transposed view."""
        return np.ascontiguousarray(self.weight.T)

    def forward(self, x: Array, out: Array) -> Array:
        if self.masks is None:
            np.matmul(rows(x), self.weight, out=rows(out))
            return out
        for keep, w, y in zip(self.masks, *self.parts(self.weight, out), strict=True):
            np.matmul(x * keep, w, out=y)
        return out

    def backward(self, dy: Array, out: Array) -> Array:
        if self.masks is None:
            np.matmul(rows(dy), self.transposed, out=rows(out))
            return out
        out[...] = 0
        for keep, w, part in zip(self.masks, *self.parts(self.weight, dy), strict=True):
            out += np.matmul(part, w.T) * keep
        return out

    def gradient(self, x: Array, dy: Array, out: Array) -> None:
        """Write the gradient of w, from all steps."""
        if self.masks is None:
            np.matmul(rows(x).T, rows(dy), out=out)
            return
        for keep, part, grad in zip(self.masks, *self.parts(dy, out), strict=True):
            np.matmul(rows(x * keep).T, rows(part), out=grad)

    def parts(self, *arrays: Array) -> list[list[Array]]:
        assert self.masks is not None
        return [blocks(array, len(self.masks)) for array in arrays]


class Cell:
    """One pass of a layer over one batch."""

    gates: ClassVar[int] = 1  # blocks of `units` columns in the kernels
    memories: ClassVar[int] = 1  # arrays that go from step to step

    def __init__(self, layer: Any, x: Array, ctx: Context) -> None:
        self.layer = layer
        self.x = np.ascontiguousarray(self.ordered(x))
        steps, batch, _ = self.x.shape
        self.steps, self.dtype = steps, x.dtype
        # Keras draws a mask for each gate as soon as there is recurrent dropout.
        gates = self.gates if layer.recurrent_dropout or layer.implementation == 1 else 1
        self.inputs = Product(layer.kernel.value, self.drop(layer.dropout, gates, self.x.shape[1:], ctx))
        self.recurrent = Product(
            layer.recurrent_kernel.value, self.drop(layer.recurrent_dropout, gates, (batch, layer.units), ctx)
        )
        self.z = np.empty((steps, batch, self.gates * layer.units), x.dtype)
        self.inputs.forward(self.x, self.z)
        self.states = [np.empty((steps + 1, batch, layer.units), x.dtype) for _ in range(self.memories)]
        starts = layer.start(batch)
        for number, state in enumerate(self.states):
            state[0] = 0 if starts is None else starts[number]
        self._look_at_mask(ctx.mask, starts is not None)
        self.prepare()

    def drop(self, rate: float, count: int, shape: Shape, ctx: Context) -> Array | None:
        return draw_mask((count, *shape), rate, ctx.random, self.dtype) if ctx.training and rate else None

    def ordered(self, x: Array) -> Array:
        """Put time first, in the order of processing."""
        x = x.swapaxes(0, 1)
        return x[::-1] if self.layer.go_backwards else x

    def _look_at_mask(self, mask: Array | None, carried: bool) -> None:
        """Find the steps at which some rows rest, and where outputs are set to zero."""
        self.resting: list[Array | None] = [None] * self.steps
        self.shown: Array | None = None
        if mask is None:
            return
        valid = self.ordered(mask)[..., None]
        self.resting = [None if step.all() else ~step for step in valid]
        if self.layer.zero_output_for_mask:
            self.shown = valid
        elif carried:  # a state that starts at zero stays so until the first valid step
            self.shown = np.logical_or.accumulate(valid, axis=0)

    def prepare(self) -> None:
        """Add the bias to z and make what the steps need."""
        raise NotImplementedError

    def step(self, t: int) -> None:
        """Lead from states[t] to states[t + 1]."""
        raise NotImplementedError

    def step_back(self, t: int, *slopes: Array) -> None:
        """Write dz[t], and turn the slopes of states[t + 1] into those of states[t], in place."""
        raise NotImplementedError

    def forward(self) -> Array:
        for t, rest in enumerate(self.resting):
            self.step(t)
            if rest is not None:
                for state in self.states:
                    np.copyto(state[t + 1], state[t], where=rest)
        y = self.states[0][1:]
        if not self.layer.return_sequences:
            return y[-1] if self.shown is None else y[-1] * self.shown[-1]
        if self.shown is not None:
            y = y * self.shown
        return y.swapaxes(0, 1)

    def backward(self, dy: Array) -> Array | None:
        whole = self.layer.return_sequences
        dy = dy.swapaxes(0, 1) if whole else dy
        if self.shown is not None:
            dy = dy * (self.shown if whole else self.shown[-1])
        self.dz = np.empty_like(self.z)
        slopes = [np.zeros(state.shape[1:], self.dtype) for state in self.states]
        if not whole:
            slopes[0] += dy
        for t in reversed(range(self.steps)):
            if whole:
                slopes[0] += dy[t]
            rest = self.resting[t]
            if rest is None:
                self.step_back(t, *slopes)
                continue
            passed = [slope * rest for slope in slopes]
            for slope in slopes:
                slope *= ~rest
            self.step_back(t, *slopes)
            for slope, past in zip(slopes, passed, strict=True):
                slope += past
        self.write_gradients()
        return self._input_gradient() if self.layer.needs_dx else None

    def write_gradients(self) -> None:
        layer = self.layer
        self.inputs.gradient(self.x, self.dz, layer.kernel.grad)
        self.recurrent.gradient(self.states[0][:-1], self.dz, layer.recurrent_kernel.grad)
        if layer.use_bias:
            np.add.reduce(rows(self.dz), axis=0, out=layer.bias.grad)

    def _input_gradient(self) -> Array:
        dx = self.inputs.backward(self.dz, np.empty_like(self.x))
        return (dx[::-1] if self.layer.go_backwards else dx).swapaxes(0, 1)
