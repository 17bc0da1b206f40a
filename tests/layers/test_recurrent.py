"""SimpleRNN, LSTM and GRU by hand; masks, direction, carried state, dropout, old names."""

from __future__ import annotations

from math import exp, tanh
from typing import Any

import numpy as np
import pytest

from nnctl import layers, seeds
from nnctl.data import Batches, Rows
from nnctl.errors import ConfigError
from nnctl.fields import create
from nnctl.findings import LegacyNameWarning
from nnctl.layers import Context, Layer
from nnctl.layers.gates import Gates, TanhGates
from nnctl.model import Sequential
from nnctl.training import Trainer
from tests.layers.alone import alone, grads, line


def sigmoid(z: float) -> float:
    return 1 / (1 + exp(-z))


def adder(**config: Any) -> Layer:
    """h_t = x_t + 10 h_(t-1): the digits of the output are the inputs, the latest last."""
    spec = {"SimpleRNN": {"units": 1, "activation": "linear", "use_bias": False, **config}}
    return alone(spec, (3, 1), **{"simple_rnn_cell/kernel": [[1]], "simple_rnn_cell/recurrent_kernel": [[10]]})


def outputs(layer: Layer, x: Any, mask: Any = None) -> list[float]:
    return [*layer.forward(x, Context(mask=None if mask is None else np.array([mask], bool)))[0].ravel()]


def test_simple_rnn_and_its_gradients() -> None:
    """y = x_3 + 10 x_2 + 100 x_1, so dy/dU = h_2 + 10 h_1 = 12 + 10."""
    layer = adder()
    y, cache = layer.forward(line(1, 2, 3), Context())
    assert y.tolist() == [[123]]
    dx = layer.backward(np.ones((1, 1)), cache)
    assert dx is not None
    assert dx.ravel().tolist() == [100, 10, 1]
    written = grads(layer)
    assert written["simple_rnn_cell/kernel"].item() == 100 * 1 + 10 * 2 + 1 * 3
    assert written["simple_rnn_cell/recurrent_kernel"].item() == 12 + 10


def test_lstm_is_its_formula() -> None:
    """Two steps of one unit; blocks in the order i f g o."""
    W, U, b = [0.1, 0.2, 0.3, 0.4], [0.5, -0.6, 0.7, -0.8], [0.01, 1.0, -0.02, 0.03]
    named = {"lstm_cell/kernel": [W], "lstm_cell/recurrent_kernel": [U], "lstm_cell/bias": b}
    layer = alone({"LSTM": {"units": 1, "return_sequences": True}}, (2, 1), **named)
    h = c = 0.0
    expected = []
    for x in (2.0, -1.0):
        i, f, g, o = (x * w + h * u + a for w, u, a in zip(W, U, b, strict=True))
        c = sigmoid(f) * c + sigmoid(i) * tanh(g)
        h = sigmoid(o) * tanh(c)
        expected.append(h)
    np.testing.assert_allclose(outputs(layer, line(2, -1)), expected, rtol=1e-14)


@pytest.mark.parametrize("reset_after", [True, False])
def test_gru_is_its_formula(reset_after: bool) -> None:
    """Two steps of one unit; blocks in the order z r g; the second bias passes the reset gate."""
    W, U, b, d = [0.1, 0.2, 0.3], [0.5, -0.6, 0.7], [0.01, 0.02, -0.03], [0.04, -0.05, 0.06]
    named = {"gru_cell/kernel": [W], "gru_cell/recurrent_kernel": [U], "gru_cell/bias": [b, d] if reset_after else b}
    layer = alone({"GRU": {"units": 1, "return_sequences": True, "reset_after": reset_after}}, (2, 1), **named)
    d = d if reset_after else [0.0] * 3
    h = 0.0
    expected = []
    for x in (2.0, -1.0):
        z, r = (sigmoid(x * W[k] + b[k] + h * U[k] + d[k]) for k in (0, 1))
        inner = r * (h * U[2] + d[2]) if reset_after else (r * h) * U[2]
        h = z * h + (1 - z) * tanh(x * W[2] + b[2] + inner)
        expected.append(h)
    np.testing.assert_allclose(outputs(layer, line(2, -1)), expected, rtol=1e-14)


def test_forget_gate_starts_open() -> None:
    """Only the second block of the bias is 1, whatever the initializer says of the others."""
    for config, expected in [({}, [0, 1, 0, 0]), ({"bias_initializer": {"Constant": 5}}, [5, 1, 5, 5])]:
        model = Sequential([create("layer", {"LSTM": {"units": 1, **config}})])
        model.build((2, 1))
        assert model.get_weights()[2].tolist() == expected
    model = Sequential([layers.LSTM(1, unit_forget_bias=False)])
    model.build((2, 1))
    assert model.get_weights()[2].tolist() == [0, 0, 0, 0]


def test_backwards_gives_the_outputs_in_the_order_of_processing() -> None:
    assert outputs(adder(go_backwards=True, return_sequences=True), line(1, 2, 3)) == [3, 32, 321]


@pytest.mark.parametrize(
    ("mask", "repeated", "zeroed"),
    [
        ([1, 1, 0], [1, 12, 12], [1, 12, 0]),
        ([0, 1, 1], [0, 2, 23], [0, 2, 23]),
        ([1, 0, 1], [1, 1, 13], [1, 0, 13]),
        ([0, 0, 0], [0, 0, 0], [0, 0, 0]),
    ],
)
def test_masked_steps_repeat_the_last_output_or_give_zero(mask: Any, repeated: Any, zeroed: Any) -> None:
    """KERAS.md 7. The last output is the last of these; its slope passes by the steps that are masked."""
    x = line(1, 2, 3)
    assert outputs(adder(return_sequences=True), x, mask) == repeated
    assert outputs(adder(return_sequences=True, zero_output_for_mask=True), x, mask) == zeroed
    assert outputs(adder(), x, mask) == repeated[-1:]
    layer = adder()
    _, cache = layer.forward(x, Context(mask=np.array([mask], bool)))
    dx = layer.backward(np.ones((1, 1)), cache)
    valid = np.flatnonzero(mask)
    expected = np.zeros(3)
    expected[valid] = 10.0 ** np.arange(len(valid))[::-1]
    assert dx is not None
    assert dx.ravel().tolist() == expected.tolist()


def test_mask_is_handed_on_with_sequences_alone() -> None:
    mask = np.array([[True, False]])
    assert adder(return_sequences=True).compute_mask(line(1, 2), mask) is mask
    assert adder().compute_mask(line(1, 2), mask) is None


def test_stateful_goes_on_where_the_last_batch_ended() -> None:
    layer = adder(stateful=True)
    assert outputs(layer, line(1, 2, 3)) == [123]
    assert outputs(layer, line(4, 5, 6)) == [123456]
    # Before its first valid step a sequence shows nothing, though it has a state.
    assert outputs(layer, line(7, 7, 7), [0, 0, 0]) == [0]
    assert outputs(layer, line(7, 8, 9)) == [123456789]
    layer.reset_state()
    assert outputs(layer, line(1, 2, 3)) == [123]


def test_stateful_expects_one_batch_size() -> None:
    layer = adder(stateful=True)
    layer.forward(np.ones((4, 3, 1)), Context())
    with pytest.raises(ConfigError, match="stateful: it expects batches of 4 rows, as the first had, got 3"):
        layer.forward(np.ones((3, 3, 1)), Context())
    layer.reset_state()
    layer.forward(np.ones((3, 3, 1)), Context())


@pytest.mark.parametrize("wrapped", [False, True])
def test_stateful_training_continues_to_the_same_bits(wrapped: bool) -> None:
    """RELIABILITY R01: the carried state is part of what a run saves."""
    random = np.random.default_rng(0)
    rows = Rows(random.normal(size=(12, 3, 2)).astype("float32"), random.normal(size=(12, 1)).astype("float32"))

    def trainer(epochs: int) -> Trainer:
        inner: Layer = layers.LSTM(2, stateful=True)
        model = Sequential([layers.Bidirectional(inner) if wrapped else inner, layers.Dense(1)])
        model.build((3, 2))
        model.compile(create("optimizer", "adam"), create("loss", "mse"))
        return Trainer(model, Batches(rows, 4), epochs=epochs)

    whole, first, second = trainer(2), trainer(1), trainer(2)
    whole.run()
    first.run()
    second.restore(first.state())
    second.run()
    for a, b in zip(whole.model.get_weights(), second.model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("name", ["SimpleRNN", "LSTM", "GRU"])
def test_dropout_takes_the_same_inputs_at_every_step(name: str) -> None:
    """With one input of two dropped, a sequence sees the other alone, at every step."""
    layer = alone({name: {"units": 1, "dropout": 0.5, "return_sequences": True}}, (6, 2))
    for weight in layer.weights:
        weight.value[...] = 0.3
    x = np.ones((64, 6, 2))
    random = seeds.generator(0, "dropout")
    y, _ = layer.forward(x, Context(True, random))
    cases = [layer.forward(x[:1] * [a, b], Context())[0][0] for a, b in [(0, 0), (0, 2), (2, 0), (2, 2)]]
    assert all(any(np.allclose(row, case) for case in cases) for row in y)
    assert {int(row[-1, 0] * 1e6) for row in y} == {int(case[-1, 0] * 1e6) for case in cases}
    np.testing.assert_array_equal(layer.forward(x, Context())[0][0], layer.forward(x[:1], Context())[0][0])


def test_tanh_gates_are_tanh_and_sigmoid() -> None:
    """One tanh for all blocks, against each activation by itself."""
    functions = [create("activation", name) for name in ("sigmoid", "tanh", "sigmoid")]
    z = np.random.default_rng(0).normal(size=(4, 6)) * 3
    slope = np.random.default_rng(1).normal(size=(4, 6))
    results = []
    for gates in (Gates(functions), TanhGates(functions, z)):
        y, dz = z.copy(), slope.copy()
        gates.forward(y, 0)
        gates.backward(dz, y, 0)
        results.append((y, dz))
    np.testing.assert_allclose(results[0], results[1], rtol=1e-12, atol=1e-15)


def test_one_output_a_layer() -> None:
    with pytest.raises(ConfigError, match="return_state: in a stack of layers each has one output"):
        layers.LSTM(2, return_state=True)


def test_names_of_keras_1() -> None:
    old = {
        "output_dim": 3, "init": "he_normal", "inner_init": "zeros", "inner_activation": "hard_sigmoid",
        "forget_bias_init": "zero", "dropout_W": 0.1, "dropout_U": 0.2, "consume_less": "gpu",
        "W_regularizer": "l2", "U_regularizer": "l1", "b_regularizer": "l2", "input_dim": 5, "input_length": 7,
    }  # fmt: skip
    with pytest.warns(LegacyNameWarning, match="old"):
        layer: Any = create("layer", {"LSTM": old})
    assert (layer.units, layer.input_shape, layer.implementation) == (3, (7, 5), 2)
    assert (layer.dropout, layer.recurrent_dropout, layer.unit_forget_bias) == (0.1, 0.2, False)
    assert [layer.recurrent_activation.title(), layer.recurrent_initializer.title()] == ["hard_sigmoid", "Zeros"]
    assert [r.title() for r in (layer.kernel_regularizer, layer.recurrent_regularizer)] == ["L2", "L1"]
