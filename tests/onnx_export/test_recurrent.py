"""Recurrent nets as ONNX: which operators they become, in all settings, with and without masks."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

from nnctl.model import Sequential
from nnctl.onnx_export.network import network
from tests.onnx_export.runtime import ROWS, build, check

STEPS, INPUTS = 5, 2
CELLS = {"SimpleRNN": "RNN", "LSTM": "LSTM", "GRU": "GRU"}
SETTINGS = [
    pytest.param(*values, id="-".join(map(str, values)))
    for values in itertools.product(CELLS, (False, True), (False, True), (False, True))
]


def steps(masked: bool = False) -> Any:
    x = np.random.default_rng(2).normal(size=(ROWS + 1, STEPS, INPUTS)).astype(np.float32)
    if masked:
        x[0, :2] = x[1, 1:3] = x[2, 3:] = x[3] = 0  # the beginning, the middle, the end, all
    return x


def operators(model: Sequential) -> list[str]:
    return [node.op for node in network(model).nodes]


@pytest.mark.parametrize(("cell", "sequences", "backwards", "masked"), SETTINGS)
def test_directions_sequences_and_masks(cell: str, sequences: bool, backwards: bool, masked: bool) -> None:
    """Without a mask the operator of ONNX does it, with one a Scan."""
    config = {"units": 3, "return_sequences": sequences, "go_backwards": backwards}
    layers = ["Masking"] * masked + [{cell: config}]
    model = build(*layers, input_shape=(STEPS, INPUTS))
    assert ("Scan" if masked else CELLS[cell]) in operators(model)
    check(model, steps(masked))


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("activation", ["relu", "linear", "softsign", "hard_sigmoid", "hard_sigmoid_keras2"])
def test_activations_that_the_operators_know(cell: str, activation: str) -> None:
    gates = {} if cell == "SimpleRNN" else {"recurrent_activation": activation}
    model = build({cell: {"units": 3, "activation": activation, **gates}}, input_shape=(STEPS, INPUTS))
    assert CELLS[cell] in operators(model)
    check(model, steps())


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("activation", ["gelu", "softmax", {"relu": {"max_value": 0.5}}])
def test_any_other_activation(cell: str, activation: Any) -> None:
    model = build({cell: {"units": 3, "activation": activation}}, input_shape=(STEPS, INPUTS))
    assert "Scan" in operators(model)
    check(model, steps())


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("config", [{"reset_after": False}, {"use_bias": False}, {"zero_output_for_mask": True}])
def test_settings_of_a_gru(config: dict[str, Any], masked: bool) -> None:
    config = {"units": 3, "return_sequences": True, **config}
    check(build(*["Masking"] * masked, {"GRU": config}, input_shape=(STEPS, INPUTS)), steps(masked))


@pytest.mark.parametrize("mode", ["concat", "sum", "mul", "ave"])
@pytest.mark.parametrize("masked", [False, True])
def test_both_directions(mode: str, masked: bool) -> None:
    lower = {"Bidirectional": {"layer": {"GRU": {"units": 2, "return_sequences": True}}, "merge_mode": mode}}
    upper = {"Bidirectional": {"layer": {"LSTM": 2}, "merge_mode": mode}}
    check(build(*["Masking"] * masked, lower, upper, input_shape=(STEPS, INPUTS)), steps(masked))


def test_outputs_of_both_directions_are_turned_once() -> None:
    """The operator gives them in the order of time, so nothing is turned at all."""
    layer = {"layer": {"LSTM": {"units": 2, "return_sequences": True}}}
    assert "Slice" not in operators(build({"Bidirectional": layer}, input_shape=(STEPS, INPUTS)))


def test_words_with_padding() -> None:
    """mask_zero, through a stack: zeros at the end and at the beginning."""
    words = {"Embedding": {"input_dim": 7, "output_dim": 3, "mask_zero": True}}
    inner = {"LSTM": {"units": 3, "return_sequences": True}}
    model = build(words, {"Dropout": 0.3}, inner, {"GRU": 2}, {"Dense": 1}, input_shape=(STEPS,))
    check(model, np.array([[1, 2, 3, 0, 0], [0, 0, 6, 5, 4], [1, 0, 2, 0, 3], [0] * 5]))


def test_softmax_over_the_steps_that_count() -> None:
    check(build("Masking", {"Softmax": {"axis": 1}}, input_shape=(STEPS, INPUTS)), steps(masked=True)[:3])


def test_many_steps() -> None:
    """Rounding does not add up: 200 steps, with values that have drawn near the ends of the gates."""
    model = build({"LSTM": {"units": 8, "return_sequences": True}}, {"GRU": 8}, input_shape=(200, INPUTS))
    x = 5 * np.random.default_rng(4).normal(size=(ROWS, 200, INPUTS)).astype(np.float32)
    check(model, x)
