"""SimpleRNN, LSTM and GRU: the operator of that name where it can say the layer, else a Scan over the steps.

The operators know some activations, and no mask but a length: masked steps at the beginning or in the
middle, and whatever else they lack, are written out as what a step does (scan.py).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from nnctl.activations import Activation, Linear, rectifiers, saturating
from nnctl.layers import Array
from nnctl.layers.gru import GRU
from nnctl.layers.lstm import LSTM
from nnctl.layers.simple_rnn import SimpleRNN
from nnctl.onnx_export import converts
from nnctl.onnx_export.graph import Graph, Value
from nnctl.onnx_export.scan import by_scan, refuse_stateful

# What the operators call an activation, with its alpha and beta.
NAMES: dict[type[Activation], tuple[str, tuple[float, ...]]] = {
    saturating.Tanh: ("Tanh", ()),
    saturating.Sigmoid: ("Sigmoid", ()),
    saturating.Softsign: ("Softsign", ()),
    rectifiers.HardSigmoid: ("HardSigmoid", (1 / 6, 0.5)),
    rectifiers.HardSigmoidKeras2: ("HardSigmoid", (0.2, 0.5)),
    Linear: ("Affine", (1.0, 0.0)),
}
# Blocks of the kernels in the operator's order: LSTM has i o f c, nnctl i f g o.
BLOCKS = {SimpleRNN: (0,), LSTM: (0, 3, 1, 2), GRU: (0, 1, 2)}
OPERATORS = {SimpleRNN: "RNN", LSTM: "LSTM", GRU: "GRU"}


@converts(SimpleRNN, LSTM, GRU)
def recurrent(g: Graph, layer: Any, x: Value) -> Value:
    refuse_stateful(layer)
    if g.mask is None and all(_name(f) for f in _activations(layer)):
        return _by_operator(g, layer, x)
    return by_scan(g, layer, x)


def _activations(layer: Any) -> list[Activation]:
    """Return the activations in the order of the operators."""
    f, gates = layer.activation, getattr(layer, "recurrent_activation", None)
    return {SimpleRNN: [f], LSTM: [gates, f, f], GRU: [gates, f]}[type(layer)]


def _name(f: Activation) -> tuple[str, tuple[float, ...]] | None:
    if isinstance(f, rectifiers.Relu):
        return ("Relu", ()) if f.simple else None
    return NAMES.get(type(f))


def _by_operator(g: Graph, layer: Any, x: Value) -> Value:
    named = [_name(f) or ("", ()) for f in _activations(layer)]
    settings = [values for _, values in named if values]
    attributes: dict[str, Any] = {
        "hidden_size": layer.units,
        "direction": "reverse" if layer.go_backwards else "forward",
        "activations": [name for name, _ in named],
    }
    if settings:
        attributes |= {"activation_alpha": [a for a, _ in settings], "activation_beta": [b for _, b in settings]}
    if isinstance(layer, GRU):
        attributes["linear_before_reset"] = int(layer.reset_after)
    weights = [g.constant(values[None], name) for name, values in _weights(layer).items()]
    count = 3 if isinstance(layer, LSTM) else 2
    y, last, *_ = g.ops(OPERATORS[type(layer)], count, g.transpose(x, (1, 0, 2)), *weights, **attributes)
    if not layer.return_sequences:
        return g.Squeeze(last, [0])
    y = g.transpose(g.Squeeze(y, [1]), (1, 0, 2))  # (T, 1, B, units), whatever the direction in the order of time
    return g.flip(y, 1) if layer.go_backwards else y


def _weights(layer: Any) -> dict[str, Array]:
    """Return the weights as the operators want them: a row a unit, block after block."""
    blocks = BLOCKS[type(layer)]

    def ordered(values: Array) -> Array:
        parts = np.split(values, len(blocks), axis=-1)
        return np.concatenate([parts[i] for i in blocks], axis=-1).T

    weights = {"kernel": ordered(layer.kernel.value), "recurrent_kernel": ordered(layer.recurrent_kernel.value)}
    if layer.use_bias:
        inner, *outer = np.atleast_2d(layer.bias.value)
        weights["bias"] = np.concatenate([ordered(b) for b in (inner, *(outer or [np.zeros_like(inner)]))])
    return weights
