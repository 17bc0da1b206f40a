"""Recurrent layers: the fields, weights and carried state that all of them share.

The computing is in scan.py and, for each cell, in its own file.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any, Literal

import numpy as np

from nnctl.constraints import AConstraint
from nnctl.errors import ConfigError
from nnctl.fields import field
from nnctl.findings import Findings, Path
from nnctl.initializers import AnInitializer, Initializer
from nnctl.layers import Array, Context, Layer, Shape
from nnctl.layers.parts import Parts
from nnctl.layers.scan import Cell, Gradients
from nnctl.registry import snake
from nnctl.regularizers import ARegularizer
from nnctl.rules import Fraction, NonNegativeInt, PositiveInt

UNITS_DOC = "Width of the output and of the state."
ACTIVATION_DOC = "Activation of the output and the candidate state."
RECURRENT_ACTIVATION_DOC = "Activation of the gates."
CUDNN = "nnctl computes on the processor"
IMPLEMENTATION_DOC = "Keras' way to cut the products; accepted, as the numbers are the same."


class Recurrent(Layer):
    """h_t = f(x_t, h_(t-1))"""

    cell: type[Cell]
    steps: int
    state_shape: Shape  # of one row; both are known when it is built

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

    def conflicts(self) -> Iterator[tuple[str, str]]:
        if self.return_state:
            yield "return_state", "in a stack of layers each has one output, so the state cannot be handed on"

    def _fill(self, values: dict[str, Any], findings: Any, path: Any) -> None:
        super()._fill(values, findings, path)
        self.carried: list[Array] | None = None

    def activated(self, input_shape: Shape, output_shape: Shape) -> Shape:
        return self.state_shape[-1:]

    def add_weights(self, cell: str, window: Shape, inputs: int) -> None:
        """Make the weights of a cell of this name, the kernels for windows of this size."""
        self.carried = None
        states = self.state_shape[-1]
        width = self.cell.gates * states
        self.kernel = self.weight(
            f"{cell}/kernel", (*window, inputs, width),
            self.kernel_initializer, self.kernel_regularizer, self.kernel_constraint,
        )  # fmt: skip
        self.recurrent_kernel = self.weight(
            f"{cell}/recurrent_kernel", (*window, states, width),
            self.recurrent_initializer, self.recurrent_regularizer, self.recurrent_constraint,
        )  # fmt: skip
        if self.use_bias:
            self.bias = self.weight(
                f"{cell}/bias", self.bias_shape(), self.bias_start(), self.bias_regularizer, self.bias_constraint
            )

    @property
    def drops_by_gate(self) -> bool:
        """Whether dropout has a mask for each gate: in Keras, as soon as there is recurrent dropout."""
        return self.recurrent_dropout > 0

    @property
    def masks_by_gate(self) -> bool:
        """Whether anything is dropped, by gate."""
        return self.drops_by_gate and max(self.dropout, self.recurrent_dropout) > 0

    def gradients(self) -> Gradients:
        return Gradients(self.kernel.grad, self.recurrent_kernel.grad, self.bias.grad if self.use_bias else None)

    def bias_shape(self) -> Shape:
        return (self.cell.gates * self.state_shape[-1],)

    def bias_start(self) -> Initializer:
        return self.bias_initializer

    def numbers(self, rows: int, output_shape: Shape) -> int:
        """The gates of all steps and their slopes, each of which a compiled loop saves several passes."""
        return rows * self.steps * math.prod(self.state_shape) * self.cell.gates * 5

    def compute_mask(self, x: Array, mask: Array | None) -> Array | None:
        return mask if self.return_sequences else None

    def forward(self, x: Array, ctx: Context) -> tuple[Array, Any]:
        parts = Parts(self, x, ctx)
        y = parts.forward()
        if self.stateful:
            self.carried = parts.last_states()
        return y, parts

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


class RecurrentUnits(Recurrent):
    """A Recurrent whose inputs at a step are a vector, and so is its state."""

    rank = (2, 2)

    units: PositiveInt = field(doc=UNITS_DOC, legacy=("output_dim",))
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

    def build(self, input_shape: Shape) -> Shape:
        self.steps, inputs = input_shape
        self.state_shape = (self.units,)
        self.add_weights(f"{snake(self.title())}_cell", (), inputs)
        return (self.steps, self.units) if self.return_sequences else (self.units,)

    @property
    def drops_by_gate(self) -> bool:
        return super().drops_by_gate or self.implementation == 1
