"""GRU: one state, which gates reset and update."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from nnctl import kernels
from nnctl.activations import AnActivation
from nnctl.fields import field
from nnctl.layers import Array, Shape, rows
from nnctl.layers.gates import blocks, make_gates
from nnctl.layers.recurrent import ACTIVATION_DOC, CUDNN, RECURRENT_ACTIVATION_DOC, UNITS_DOC, RecurrentUnits
from nnctl.layers.scan import Cell, Product
from nnctl.layers.stepping import SteppedCell
from nnctl.layers.usual import UsualCell, is_usual
from nnctl.registry import register
from nnctl.rules import PositiveInt


class Biases(Cell):
    """What becomes of the bias b of the inputs and the bias d of the state, the two rows of the layer's."""

    def bias(self) -> Array:
        """All of b, and those of d that do not pass the reset gate."""
        inner, outer = self.layer.bias.value
        return inner + outer * (np.arange(len(outer)) < 2 * self.layer.units)

    def write_bias(self, gradient: Array) -> None:
        u, (inner, outer) = self.layer.units, self.grads.bias
        inner[...] = gradient
        outer[: 2 * u] = gradient[: 2 * u]


class GRUCell(Biases, SteppedCell):
    """z, r = s(x_t W + b + h U + d);  g = a(x_t W_g + b_g + r (h U_g + d_g));  h_t = z h + (1 - z) g"""

    gates = 3

    def prepare(self) -> None:
        super().prepare()
        layer, u = self.layer, self.layer.units
        self.zr, self.g = self.z[..., : 2 * u], self.z[..., 2 * u :]
        self.u, self.r = blocks(self.zr, 2)  # the update gate, the reset gate
        self.act = make_gates([layer.recurrent_activation] * 2, self.zr[0])
        self.act_g = make_gates([layer.activation], self.g[0])
        self.hU = np.empty_like(self.z[0])
        self.hU_g = np.empty_like(self.states[0][1:])  # h U_g + d_g

    def step(self, t: int) -> None:
        (h,), u, hU_g = self.states_at, self.layer.units, self.hU_g[t]
        hU = self.recurrent.step(h[t], self.hU)
        self.zr[t] += hU[:, : 2 * u]
        self.act.forward(self.zr[t], t)
        hU_g[...] = hU[:, 2 * u :]
        if self.layer.use_bias:
            hU_g += self.layer.bias.value[1, 2 * u :]
        self.g[t] += np.multiply(self.r[t], hU_g, out=self.spare)
        self.mix(t)

    def mix(self, t: int) -> None:
        """g = a(g);  h_t = g + z (h - g)"""
        (h,), g, spare = self.states_at, self.g[t], self.spare
        self.act_g.forward(g, t)
        np.subtract(h[t], g, out=spare)
        spare *= self.u[t]
        np.add(spare, g, out=h[t + 1])

    def prepare_back(self) -> None:
        self.du, self.dr, self.dz_g = blocks(self.dz, 3)
        self.dzr = self.dz[..., : 2 * self.layer.units]
        self.dg = np.empty_like(self.hU_g)

    def mix_back(self, t: int, dh: Array, dg: Array) -> None:
        """Write the slopes of the update gate and of the candidate; dh becomes what passes on to h directly."""
        (h,), g, spare = self.states_at, self.g[t], self.spare
        np.subtract(h[t], g, out=spare)
        np.multiply(spare, dh, out=self.du[t])
        np.multiply(dh, self.u[t], out=spare)
        np.subtract(dh, spare, out=dg)
        self.act_g.backward(dg, g, t)
        dh[...] = spare

    def step_back(self, t: int, *slopes: Array) -> None:
        (dh,), dg = slopes, self.dg[t]
        self.mix_back(t, dh, dg)
        np.multiply(dg, self.hU_g[t], out=self.dr[t])
        np.multiply(dg, self.r[t], out=self.dz_g[t])
        self.act.backward(self.dzr[t], self.zr[t], t)
        dh += self.recurrent.step_back(self.dz_at[t], self.spare)

    def write_gradients(self) -> None:
        """The candidate's part of dz is that of h U until the recurrent gradients are written, then that of x W."""
        layer = self.layer
        self.recurrent.gradient(self.states[0][:-1], self.dz, self.grads.recurrent_kernel)
        if layer.use_bias:
            kernels.column_sums(rows(self.dz_g), self.grads.bias[1, 2 * layer.units :])
        self.dz_g[...] = self.dg
        self.write_input_gradients()


class UsualGRUCell(Biases, UsualCell):
    """The same with s = sigmoid and a = tanh; z has the gates in the order z r g."""

    gates = 3
    order = (0, 1, 2)

    def prepare(self) -> None:
        u = self.layer.units
        self.hU_g = np.empty_like(self.states[0][1:])  # h U_g + d_g
        self.outer = self.layer.bias.value[1, 2 * u :] if self.layer.use_bias else np.zeros(u, self.dtype)

    def wind(self, W: Array, x: Array, steps: slice) -> None:
        h = self.states[0][steps.start : steps.stop + 1]
        kernels.gru_scan(x, W, self.z[:, steps], self.U, self.outer, h, self.hU_g[steps], self.rest[steps])

    def scan_back(self, dy: Array, slopes: list[Array]) -> None:
        self.dg = np.empty_like(self.hU_g)
        super().scan_back(dy, slopes)

    def unwind(self, steps: slice, R: Array, dx: Array, dy: Array, *slopes: Array) -> None:
        z, n, h = self.z[:, steps], self.hU_g[steps], self.states[0][steps.start : steps.stop + 1]
        kernels.gru_scan_back(z, R, self.V, h, n, self.dg[steps], dx, dy, slopes[0], self.rest[steps])

    def input_slopes(self, steps: slice) -> list[Array]:
        return [*self.dz[:2, steps], self.dg[steps]]

    def write_gradients(self) -> None:
        super().write_gradients()
        if self.layer.use_bias:
            kernels.column_sums(rows(self.dz[2]), self.grads.bias[1, 2 * self.layer.units :])


class ResetFirstCell(GRUCell):
    """z, r = s(x_t W + b + h U);  g = a(x_t W_g + b_g + (r h) U_g);  h_t = z h + (1 - z) g"""

    bias, write_bias = Cell.bias, Cell.write_bias

    def prepare(self) -> None:
        super().prepare()
        u, U, masks = self.layer.units, self.recurrent.weight, self.recurrent.masks
        self.gate_product = Product(U[:, : 2 * u], None if masks is None else masks[:2])
        self.product = Product(U[:, 2 * u :], None if masks is None else masks[2:])
        self.rh = self.hU_g  # the same memory for what takes its place

    def step(self, t: int) -> None:
        (h,), u = self.states_at, self.layer.units
        self.zr[t] += self.gate_product.forward(h[t], self.hU[:, : 2 * u])
        self.act.forward(self.zr[t], t)
        np.multiply(self.r[t], h[t], out=self.rh[t])
        self.g[t] += self.product.forward(self.rh[t], self.spare)
        self.mix(t)

    def step_back(self, t: int, *slopes: Array) -> None:
        (h,), (dh,), dg, spare = self.states_at, slopes, self.dz_g[t], self.spare
        self.mix_back(t, dh, dg)
        drh = self.product.backward(dg, spare)
        np.multiply(drh, h[t], out=self.dr[t])
        dh += np.multiply(drh, self.r[t], out=drh)
        self.act.backward(self.dzr[t], self.zr[t], t)
        dh += self.gate_product.backward(self.dzr[t], spare)

    def write_gradients(self) -> None:
        grad, u = self.grads.recurrent_kernel, self.layer.units
        self.gate_product.gradient(self.states[0][:-1], self.dzr, grad[:, : 2 * u])
        self.product.gradient(self.rh, self.dz_g, grad[:, 2 * u :])
        self.write_input_gradients()


@register("layer")
class GRU(RecurrentUnits):
    """z, r = s(z_z), s(z_r);  g = a(x_t W_g + b_g + r (h_(t-1) U_g + d_g));  h_t = z h_(t-1) + (1 - z) g;  y = h_T

    The blocks of the kernels are in the order z r g; a is `activation`, s `recurrent_activation`. With
    reset_after false, g = a(x_t W_g + b_g + (r h_(t-1)) U_g), and there is one bias.
    Shapes  x (B, T, I)  kernel (I, 3 units)  recurrent_kernel (units, 3 units)  bias (2, 3 units)  y (B, [T,] units)
    Source  Cho et al. 2014, v3 (reset_after false) and v1; keras.layers.GRU
    """

    units: PositiveInt = field(doc=UNITS_DOC, legacy=("output_dim",))
    activation: AnActivation = field("tanh", doc=ACTIVATION_DOC)
    recurrent_activation: AnActivation = field("sigmoid", doc=RECURRENT_ACTIVATION_DOC, legacy=("inner_activation",))
    reset_after: bool = field(
        True, doc="Apply the reset gate after the recurrent product, which has a bias of its own.", positional=False
    )

    without_effect: ClassVar[Mapping[str, str]] = {"use_cudnn": CUDNN}
    examples = (
        {"units": 3, "input_shape": [4, 2]},
        {"units": 3, "reset_after": False, "return_sequences": True, "input_shape": [4, 2]},
        {"units": 2, "activation": "relu", "use_bias": False, "go_backwards": True, "input_shape": [3, 2]},
        {"units": 2, "dropout": 0.4, "recurrent_dropout": 0.4, "return_sequences": True, "input_shape": [3, 2]},
        {"units": 2, "reset_after": False, "dropout": 0.4, "recurrent_dropout": 0.4, "input_shape": [3, 2]},
    )

    def _fill(self, values: dict[str, Any], findings: Any, path: Any) -> None:
        super()._fill(values, findings, path)
        after: type[Cell] = UsualGRUCell if is_usual(self) else GRUCell
        self.cell = after if self.reset_after else ResetFirstCell

    def bias_shape(self) -> Shape:
        return (2, 3 * self.units) if self.reset_after else (3 * self.units,)
