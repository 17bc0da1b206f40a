"""LSTM: a cell state that gates write, keep and read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from nnctl import kernels
from nnctl.activations import AnActivation
from nnctl.fields import field
from nnctl.initializers import Initializer
from nnctl.layers import Array, Shape
from nnctl.layers.gates import blocks, make_gates
from nnctl.layers.recurrent import ACTIVATION_DOC, CUDNN, RECURRENT_ACTIVATION_DOC, UNITS_DOC, RecurrentUnits
from nnctl.layers.scan import Cell
from nnctl.layers.stepping import SteppedCell
from nnctl.layers.usual import UsualCell, is_usual
from nnctl.registry import register
from nnctl.rules import PositiveInt


class LSTMCell(SteppedCell):
    """z = x_t W + h_(t-1) U + b;  c_t = f c_(t-1) + i g;  h_t = o a(c_t)"""

    gates, memories = 4, 2

    def prepare(self) -> None:
        super().prepare()
        s, a = self.layer.recurrent_activation, self.layer.activation
        self.act, self.act_c = make_gates([s, s, a, s], self.z[0]), make_gates([a], self.spare)
        self.i, self.f, self.g, self.o = blocks(self.z, 4)
        self.a = np.empty_like(self.states[1][1:])  # a(c)
        self.a_at = list(self.a)
        self.hU = np.empty_like(self.z[0])

    def step(self, t: int) -> None:
        (h, c), z, a, spare = self.states_at, self.z_at[t], self.a_at[t], self.spare
        z += self.recurrent.step(h[t], self.hU)
        self.act.forward(z, t)
        np.multiply(self.f[t], c[t], out=a)
        a += np.multiply(self.i[t], self.g[t], out=spare)
        c[t + 1][...] = a
        self.act_c.forward(a, t)
        np.multiply(self.o[t], a, out=h[t + 1])

    def prepare_back(self) -> None:
        self.di, self.df, self.dg, self.do = blocks(self.dz, 4)

    def step_back(self, t: int, *slopes: Array) -> None:
        (dh, dc), c, dz, a, spare = slopes, self.states_at[1], self.dz_at[t], self.a_at[t], self.spare
        np.multiply(dh, a, out=self.do[t])
        np.multiply(dh, self.o[t], out=spare)
        self.act_c.backward(spare, a, t)
        dc += spare
        np.multiply(dc, self.i[t], out=self.dg[t])
        np.multiply(dc, self.g[t], out=self.di[t])
        np.multiply(dc, c[t], out=self.df[t])
        dc *= self.f[t]
        self.act.backward(dz, self.z_at[t], t)
        self.recurrent.step_back(dz, dh)


class UsualLSTMCell(UsualCell):
    """The same with s = sigmoid and a = tanh; z has the gates in the order o i f g."""

    gates, memories = 4, 2
    order = (3, 0, 1, 2)

    def prepare(self) -> None:
        self.a = np.empty_like(self.states[1][1:])  # tanh(c)

    def wind(self, W: Array, x: Array, steps: slice) -> None:
        h, c = (state[steps.start : steps.stop + 1] for state in self.states)
        kernels.lstm_scan(x, W, self.z[:, steps], self.U, h, c, self.a[steps], self.rest[steps])

    def unwind(self, steps: slice, R: Array, dx: Array, dy: Array, *slopes: Array) -> None:
        (dh, dc), c = slopes, self.states[1][steps.start : steps.stop + 1]
        kernels.lstm_scan_back(self.z[:, steps], R, self.V, c, self.a[steps], dx, dy, dh, dc, self.rest[steps])


def forget_bias_field() -> Any:
    """Declare the field that says whether the bias starts as ForgetAtFirst."""
    legacy = {"forget_bias_init": {"one": True, "ones": True, "zero": False, "zeros": False}.get}
    return field(True, doc="Start the bias of the forget gate at 1.", positional=False, legacy=legacy)


class ForgetAtFirst(Initializer):
    """The bias of the forget gate starts at 1, so that the cell remembers until it learns to forget."""

    def __init__(self, other: Initializer) -> None:
        self.other = other

    def __call__(self, shape: Shape, random: np.random.Generator, dtype: str) -> Any:
        units = shape[0] // 4
        first, rest = (self.other((size,), random, dtype) for size in (units, 2 * units))
        return np.concatenate([first, np.ones(units, dtype), rest])


@register("layer")
class LSTM(RecurrentUnits):
    """i, f, o = s(z_i), s(z_f), s(z_o);  g = a(z_g);  c_t = f c_(t-1) + i g;  h_t = o a(c_t);  y = h_T

    z = x_t W + h_(t-1) U + b, its blocks in the order i f g o; a is `activation`, s `recurrent_activation`.
    Shapes  x (B, T, I)  kernel (I, 4 units)  recurrent_kernel (units, 4 units)  bias (4 units,)  y (B, [T,] units)
    Source  Hochreiter & Schmidhuber 1997, Gers et al. 2000 (forget gate); keras.layers.LSTM
    """

    cell: type[Cell] = LSTMCell

    units: PositiveInt = field(doc=UNITS_DOC, legacy=("output_dim",))
    activation: AnActivation = field("tanh", doc=ACTIVATION_DOC)
    recurrent_activation: AnActivation = field("sigmoid", doc=RECURRENT_ACTIVATION_DOC, legacy=("inner_activation",))
    unit_forget_bias: bool = forget_bias_field()

    without_effect: ClassVar[Mapping[str, str]] = {"use_cudnn": CUDNN}
    examples = (
        {"units": 3, "input_shape": [4, 2]},
        {"units": 2, "activation": "relu", "return_sequences": True, "go_backwards": True, "input_shape": [3, 2]},
        {"units": 2, "use_bias": False, "recurrent_activation": "softmax", "input_shape": [3, 2]},
        {"units": 2, "dropout": 0.4, "input_shape": [3, 2]},
        {"units": 2, "dropout": 0.4, "recurrent_dropout": 0.4, "return_sequences": True, "input_shape": [3, 2]},
    )

    def _fill(self, values: dict[str, Any], findings: Any, path: Any) -> None:
        super()._fill(values, findings, path)
        self.cell = UsualLSTMCell if is_usual(self) else LSTMCell

    def bias_start(self) -> Initializer:
        return ForgetAtFirst(self.bias_initializer) if self.unit_forget_bias else self.bias_initializer
