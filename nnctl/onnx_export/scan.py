"""Recurrent layers step by step: what one step does, as the body of a Scan."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from nnctl.errors import ModelFileError
from nnctl.layers import Shape
from nnctl.layers.gru import GRU
from nnctl.layers.lstm import LSTM
from nnctl.layers.recurrent import Recurrent
from nnctl.layers.simple_rnn import SimpleRNN
from nnctl.onnx_export.graph import Graph, Value

Step = Callable[[Graph, Any, Value, list[Value]], list[Value]]


def simple_step(g: Graph, layer: SimpleRNN, z: Value, states: Sequence[Value]) -> list[Value]:
    """h_t = f(z + h U)"""
    (h,) = states
    return [g.apply(layer.activation, z + h @ _recurrent(g, layer))]


def lstm_step(g: Graph, layer: LSTM, z: Value, states: Sequence[Value]) -> list[Value]:
    """c_t = f c + i g;  h_t = o a(c_t), the gates from z + h U"""
    h, c = states
    return lstm_states(layer, g.split(z + h @ _recurrent(g, layer), 4), c, g.apply)


def lstm_states(layer: Any, blocks: Sequence[Value], c: Value, apply: Callable[[Any, Value], Value]) -> list[Value]:
    """Return h and c after a step, from the blocks of z + h U and the c before it."""
    s, a = layer.recurrent_activation, layer.activation
    i, f, new, o = (apply(act, block) for act, block in zip((s, s, a, s), blocks, strict=True))
    c = f * c + i * new
    return [o * apply(a, c), c]


def gru_step(g: Graph, layer: GRU, x: Value, states: Sequence[Value]) -> list[Value]:
    """h_t = z h + (1 - z) g;  g = a(x_g + r (h U_g + d_g)), or a(x_g + (r h) U_g)"""
    (h,), u = states, layer.units
    x_z, x_r, x_g = g.split(x, 3)
    kernel = layer.recurrent_kernel.value
    outer = layer.bias.value[1] if layer.use_bias and layer.reset_after else np.zeros(3 * u, kernel.dtype)
    h_z, h_r = g.split(h @ g.constant(kernel[:, : 2 * u], "gates_kernel") + g.constant(outer[: 2 * u]), 2)
    z, r = (g.apply(layer.recurrent_activation, value) for value in (x_z + h_z, x_r + h_r))
    U_g, d_g = g.constant(kernel[:, 2 * u :], "candidate_kernel"), g.constant(outer[2 * u :])
    new = g.apply(layer.activation, x_g + (r * (h @ U_g + d_g) if layer.reset_after else (r * h) @ U_g))
    return [z * h + (1.0 - z) * new]


STEPS: dict[type, tuple[Step, int]] = {SimpleRNN: (simple_step, 1), LSTM: (lstm_step, 2), GRU: (gru_step, 1)}


def refuse_stateful(layer: Recurrent) -> None:
    if layer.stateful:
        raise ModelFileError(
            "is stateful, and an ONNX graph keeps nothing from one run to the next; "
            "train with stateful: false, on whole sequences"
        )


def _recurrent(g: Graph, layer: Recurrent) -> Value:
    return g.constant(layer.recurrent_kernel.value, "recurrent_kernel")


def by_scan(g: Graph, layer: Any, x: Value) -> Value:
    """z = x W + b for all steps at once, then step by step."""
    step, count = STEPS[type(layer)]
    z = x @ g.constant(layer.kernel.value, "kernel")
    if layer.use_bias:
        z = z + g.constant(np.atleast_2d(layer.bias.value)[0], "bias")
    return over_steps(g, layer, z, step, count, (layer.units,))


def over_steps(g: Graph, layer: Any, z: Value, step: Step, count: int, sizes: Shape) -> Value:
    """Go through z (B, T, ...) with `count` states of these sizes; a masked step leaves them as they are."""
    zeros = g.Expand(0.0, g.Concat(g.Shape(z, start=0, end=1), list(sizes), axis=0))
    inputs = [z, *([g.Unsqueeze(g.mask.value, [*range(2, 2 + len(sizes))])] if g.mask else [])]
    body = Graph(within=g)
    states = [body.input(f"{g.scope}/state", "float32") for _ in range(count)]
    seen = body.input(f"{g.scope}/z", "float32")
    after = step(body, layer, seen, states)
    shown = after[0]
    if g.mask:
        valid = body.input(f"{g.scope}/valid", "bool")
        after = [body.where(valid, new, old) for new, old in zip(after, states, strict=True)]
        shown = body.where(valid, after[0], 0.0) if layer.zero_output_for_mask else after[0]
    for value in (*after, shown):
        body.output(value, f"{g.scope}/after")
    backwards = int(layer.go_backwards)
    results = g.ops(
        "Scan", count + 1, *[zeros] * count, *inputs,
        body=body, num_scan_inputs=len(inputs), scan_input_axes=[1] * len(inputs),
        scan_input_directions=[backwards] * len(inputs), scan_output_axes=[1],
    )  # fmt: skip
    if layer.return_sequences:
        return results[-1]
    return g.Squeeze(g.Slice(results[-1], [-1], [np.iinfo(np.int32).max], [1]), [1]) if g.mask else results[0]
