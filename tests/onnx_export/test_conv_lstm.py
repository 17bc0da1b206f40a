"""Convolutional LSTMs as ONNX: every direction, mask and layout, and activations that go along the filters."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

from nnctl.errors import ModelFileError
from nnctl.onnx_export.network import network
from tests.onnx_export.runtime import ROWS, build, check

SHAPE = (4, 3, 4, 2)
TWO: dict[str, Any] = {"filters": 3, "kernel_size": 2}


def films() -> Any:
    return np.random.default_rng(2).normal(size=(ROWS, *SHAPE)).astype(np.float32)


@pytest.mark.parametrize(("sequences", "backwards", "first"), [*itertools.product((False, True), repeat=3)])
def test_directions_sequences_and_layouts(sequences: bool, backwards: bool, first: bool) -> None:
    config = {**TWO, "return_sequences": sequences, "go_backwards": backwards, "padding": "same",
              "data_format": "channels_first" if first else "channels_last"}  # fmt: skip
    check(build({"ConvLSTM2D": config}, input_shape=SHAPE), films())


@pytest.mark.parametrize("config", [{"return_sequences": True}, {}, {"return_sequences": True,
                                                                    "zero_output_for_mask": True}])  # fmt: skip
def test_behind_a_mask(config: dict[str, Any]) -> None:
    """Words of two numbers each, made pictures without losing their mask."""
    words = {"Embedding": {"input_dim": 7, "output_dim": 2, "mask_zero": True}}
    model = build(words, {"TimeDistributed": {"layer": {"Reshape": [2, 1]}}}, {"ConvLSTM1D": {**TWO, **config}},
                  input_shape=(5,))  # fmt: skip
    (scan,) = [node for node in network(model).nodes if node.op == "Scan"]
    assert scan.attributes["num_scan_inputs"] == 2  # the images and the mask
    check(model, np.array([[1, 2, 3, 0, 0], [0, 0, 6, 5, 4], [1, 0, 2, 0, 3], [0] * 5]))


@pytest.mark.parametrize("activation", ["softmax", "log_softmax", "gelu"])
def test_activations(activation: str) -> None:
    config = {**TWO, "activation": activation, "recurrent_activation": "hard_sigmoid", "strides": 2}
    check(build({"ConvLSTM2D": config}, input_shape=SHAPE), films())


def test_both_directions() -> None:
    layer = {"ConvLSTM2D": {**TWO, "return_sequences": True}}
    check(build({"Bidirectional": {"layer": layer}}, {"ConvLSTM2D": TWO}, input_shape=SHAPE), films())


def test_state_that_outlives_a_run() -> None:
    with pytest.raises(ModelFileError, match=r"layer 'it': is stateful.*train with stateful: false"):
        network(build({"ConvLSTM2D": {**TWO, "stateful": True, "name": "it"}}, input_shape=SHAPE))
