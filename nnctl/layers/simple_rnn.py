"""SimpleRNN: the output of a step is fed back into the next."""

from __future__ import annotations

from typing import Any

from nnctl import kernels
from nnctl.activations import AnActivation
from nnctl.fields import field
from nnctl.layers import Array
from nnctl.layers.gates import make_gates
from nnctl.layers.recurrent import ACTIVATION_DOC, UNITS_DOC, RecurrentUnits
from nnctl.layers.scan import Cell
from nnctl.layers.stepping import SteppedCell
from nnctl.layers.usual import UsualCell, is_usual
from nnctl.registry import register
from nnctl.rules import PositiveInt


class SimpleCell(SteppedCell):
    """h_t = f(x_t W + h_(t-1) U + b)"""

    overwrites = True

    def prepare(self) -> None:
        super().prepare()
        self.f = make_gates([self.layer.activation], self.z[0])

    def step(self, t: int) -> None:
        (h,) = self.states_at
        y = self.recurrent.step(h[t], h[t + 1])
        y += self.z_at[t]
        self.f.forward(y, t)

    def step_back(self, t: int, *slopes: Array) -> None:
        (h,), (dh,), dz = self.states_at, slopes, self.dz_at[t]
        dz[...] = dh
        self.f.backward(dz, h[t + 1], t)
        self.recurrent.step_back(dz, dh)


class UsualSimpleCell(UsualCell):
    """The same with f = tanh."""

    order = (0,)

    def wind(self, W: Array, x: Array, steps: slice) -> None:
        h = self.states[0][steps.start : steps.stop + 1]
        kernels.rnn_scan(x, W, self.z[:, steps], self.U, h, self.rest[steps])

    def unwind(self, steps: slice, R: Array, dx: Array, dy: Array, *slopes: Array) -> None:
        h = self.states[0][steps.start : steps.stop + 1]
        kernels.rnn_scan_back(self.z[:, steps], R, self.V, h, dx, dy, slopes[0], self.rest[steps])


@register("layer")
class SimpleRNN(RecurrentUnits):
    """h_t = activation(x_t W + h_(t-1) U + b),  y = h_T

    W is the kernel, U the recurrent kernel, b the bias.
    Shapes  x (B, T, I)  kernel (I, units)  recurrent_kernel (units, units)  bias (units,)  y (B, [T,] units)
    Source  Elman 1990; keras.layers.SimpleRNN
    """

    cell: type[Cell] = SimpleCell

    units: PositiveInt = field(doc=UNITS_DOC, legacy=("output_dim",))
    activation: AnActivation = field("tanh", doc=ACTIVATION_DOC)

    examples = (
        {"units": 3, "input_shape": [4, 2]},
        {"units": 2, "activation": "relu", "return_sequences": True, "go_backwards": True, "input_shape": [3, 2]},
        {"units": 2, "use_bias": False, "dropout": 0.4, "recurrent_dropout": 0.4, "input_shape": [3, 2]},
    )

    def _fill(self, values: dict[str, Any], findings: Any, path: Any) -> None:
        super()._fill(values, findings, path)
        self.cell = UsualSimpleCell if is_usual(self) else SimpleCell
