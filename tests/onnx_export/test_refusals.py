"""What ONNX cannot say is an error that names the layer; what a runtime is told to refuse it does refuse."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from nnctl.activations import Elementwise
from nnctl.errors import ModelFileError
from nnctl.layers.dense import Dense
from nnctl.model import Sequential
from nnctl.onnx_export.network import network
from tests.onnx_export.runtime import build, open_session, run

SHAPE = (4, 2)


@pytest.mark.parametrize(
    "layer",
    [
        {"LSTM": {"units": 2, "stateful": True, "name": "it"}},
        {"Bidirectional": {"layer": {"GRU": {"units": 2, "stateful": True}}, "name": "it"}},
        {"TimeDistributed": {"layer": {"SimpleRNN": {"units": 2, "stateful": True}}, "name": "it"}},
    ],
)
def test_state_that_outlives_a_run(layer: dict[str, Any]) -> None:
    shape = (3, *SHAPE) if "TimeDistributed" in layer else SHAPE
    with pytest.raises(ModelFileError, match=r"layer 'it': is stateful.*train with stateful: false"):
        network(build(layer, input_shape=shape))


def test_a_layer_of_a_plugin_though_it_derives_from_one_of_ours() -> None:
    class Doubled(Dense):
        def forward(self, x: Any, ctx: Any) -> Any:
            return super().forward(2 * x, ctx)

    Doubled.__module__ = "plugin"
    model = Sequential([Doubled(units=2, name="mine"), Dense(units=1)])
    model.build((3,))
    with pytest.raises(ModelFileError, match=r"layer 'mine': .* is of a plugin"):
        network(model)


def test_an_activation_of_a_plugin_which_closes_the_network() -> None:
    class Sine(Elementwise):
        def curve(self, z: Any) -> Any:
            return np.sin(z)

    Sine.__module__ = "plugin"
    model = Sequential([Dense(units=2), Dense(units=1, name="last")])
    model.build((3,))
    model.head = Sine()
    with pytest.raises(ModelFileError, match=r"layer 'last': .* is of a plugin"):
        network(model)


def test_all_layers_are_named_at_once() -> None:
    one = {"units": 2, "stateful": True, "return_sequences": True}
    with pytest.raises(ModelFileError, match=r"layer 'a': .*; layer 'b': "):
        network(build({"LSTM": {**one, "name": "a"}}, {"GRU": {**one, "name": "b"}}, input_shape=SHAPE))


def test_weights_that_float32_cannot_hold() -> None:
    model = build({"Dense": {"units": 1, "name": "huge"}}, input_shape=(2,), dtype="float64")
    model.layers[0].weights[0].value[0] = 1e300
    with pytest.raises(ModelFileError, match="layer 'huge': has numbers too large for float32"):
        network(model)


@pytest.mark.parametrize("word", [5, -1])
def test_a_word_that_the_table_has_not(word: int) -> None:
    """nnctl raises DataError; a negative index must not count from the end, as it would in ONNX (RELIABILITY N07)."""
    session = open_session(build({"Embedding": {"input_dim": 5, "output_dim": 2}}, input_shape=(2,)))
    assert np.isfinite(run(session, [[0, 4]])).all()
    with pytest.raises(Exception, match="out of data bounds"):  # onnxruntime's own
        run(session, [[0, word]])


@pytest.mark.parametrize("word", [1.5, -1.0, 5.0])
def test_a_word_that_is_no_whole_number(word: float) -> None:
    layers = "Identity", {"Embedding": {"input_dim": 5, "output_dim": 2}}
    session = open_session(build(*layers, input_shape=(2,)))
    with pytest.raises(Exception, match="out of data bounds"):
        run(session, [[0.0, word]])
