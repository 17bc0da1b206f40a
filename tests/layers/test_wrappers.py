"""Bidirectional and TimeDistributed by hand: orders, masks, merges, names, frozen layers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from nnctl import layers
from nnctl.errors import ConfigError
from nnctl.fields import create
from nnctl.findings import LegacyNameWarning
from nnctl.layers import Context
from nnctl.model import Sequential
from tests.layers.alone import alone, grads, line

ADDER = {"units": 1, "activation": "linear", "use_bias": False}  # h_t = x_t + 10 h_(t-1)


def both_ways(return_sequences: bool, **config: Any) -> Any:
    spec = {"Bidirectional": {"layer": {"SimpleRNN": {**ADDER, "return_sequences": return_sequences}}, **config}}
    values = {
        f"{way}_simple_rnn/simple_rnn_cell/{name}": [[value]]
        for way in ("forward", "backward")
        for name, value in (("kernel", 1), ("recurrent_kernel", 10))
    }
    return alone(spec, (3, 1), **values)


def test_bidirectional_reads_the_sequence_from_both_ends() -> None:
    layer = both_ways(False)
    y, cache = layer.forward(line(1, 2, 3), Context())
    assert y.tolist() == [[123, 321]]
    assert layer.backward(np.array([[1.0, 0]]), cache).ravel().tolist() == [100, 10, 1]
    assert layer.backward(np.array([[0, 1.0]]), cache).ravel().tolist() == [1, 10, 100]
    assert grads(layer)["backward_simple_rnn/simple_rnn_cell/recurrent_kernel"].item() == 32 + 10 * 3


def test_bidirectional_sequences_are_side_by_side_in_time() -> None:
    y, _ = both_ways(True).forward(line(1, 2, 3), Context())
    assert y[0].T.tolist() == [[1, 12, 123], [321, 32, 3]]


def test_bidirectional_gives_zeros_at_masked_steps() -> None:
    """KERAS.md 7: inside Bidirectional those steps are zero, in both directions."""
    y, _ = both_ways(True).forward(line(1, 2, 3), Context(mask=np.array([[True, True, False]])))
    assert y[0].T.tolist() == [[1, 12, 0], [21, 2, 0]]


@pytest.mark.parametrize(("mode", "merged"), [("sum", 444), ("mul", 123 * 321), ("ave", 222)])
def test_bidirectional_merges(mode: str, merged: float) -> None:
    assert both_ways(False, merge_mode=mode).forward(line(1, 2, 3), Context())[0].tolist() == [[merged]]


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"merge_mode": None}, "merge_mode: null gives two outputs"),
        ({"layer": {"Dense": 2}}, "layer: expected a recurrent layer"),
        ({"layer": {"LSTM": {"units": 2, "go_backwards": True}}}, "needs a backward_layer that goes forwards"),
        ({"backward_layer": {"LSTM": 2}}, "backward_layer: go_backwards is false in both layers"),
        (
            {"backward_layer": {"LSTM": {"units": 2, "go_backwards": True, "return_sequences": True}}},
            "must be the same",
        ),
        (
            {"layer": {"LSTM": {"units": 2, "activity_regularizer": "l2"}}, "merge_mode": "sum"},
            "needs merge_mode concat",
        ),
    ],
)
def test_bidirectional_says_what_does_not_fit(config: Any, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        create("layer", {"Bidirectional": {"layer": {"LSTM": 2}, **config}})


def test_bidirectional_leaves_the_given_layer_alone() -> None:
    given = layers.LSTM(2, return_sequences=True)
    wrapper = layers.Bidirectional(given)
    wrapper.build((3, 1))
    assert (given.name, given.zero_output_for_mask, given.weights) == (None, False, [])
    assert [weight.name for weight in wrapper.weights][::3] == [
        "forward_lstm/lstm_cell/kernel",
        "backward_lstm/lstm_cell/kernel",
    ]


def test_frozen_wrapper_does_not_freeze_what_is_inside() -> None:
    """KERAS.md 15."""
    for wrapper, frozen in [
        (layers.Bidirectional(layers.LSTM(2), trainable=False), False),
        (layers.TimeDistributed(layers.Dense(2), trainable=False), False),
        (layers.Bidirectional(layers.LSTM(2, trainable=False)), True),
    ]:
        wrapper.build((3, 1))
        assert {weight.trainable for weight in wrapper.weights} == {not frozen}


def test_time_distributed_is_the_layer_at_every_step() -> None:
    layer: Any = alone({"TimeDistributed": {"layer": {"Dense": 1}}}, (2, 2), **{"dense/kernel": [[1], [10]]})
    y, cache = layer.forward(np.array([[[1.0, 2], [3, 4]]]), Context(mask=np.array([[True, False]])))
    assert y.tolist() == [[[21], [43]]]
    assert layer.backward(np.array([[[1.0], [2]]]), cache).tolist() == [[[1, 10], [2, 20]]]
    assert grads(layer)["dense/kernel"].ravel().tolist() == [1 + 2 * 3, 2 + 2 * 4]


def test_time_distributed_normalises_each_step_by_itself() -> None:
    """As in Keras: the moments are those of one step's batch, and the moving mean moves once a step."""
    layer: Any = alone({"TimeDistributed": {"layer": {"BatchNormalization": {"scale": False}}}}, (2, 1))
    x = np.array([[[1.0], [10]], [[3.0], [30]]])
    y, cache = layer.forward(x, Context(training=True))
    np.testing.assert_allclose(y[:, :, 0], [[-1, -1], [1, 1]], atol=1e-3)
    assert layer.weights[1].value.item() == pytest.approx((0 * 0.99 + 2 * 0.01) * 0.99 + 20 * 0.01)
    layer.backward(np.ones_like(y), cache)
    assert layer.weights[0].grad.item() == 4  # beta's, over both steps


def test_time_distributed_gives_its_head_away() -> None:
    model = Sequential([layers.TimeDistributed(layers.Dense(2, activation="softmax"))])
    model.build((3, 2))
    model.compile(create("optimizer", "sgd"), create("loss", "sparse_categorical_crossentropy"))
    assert model.fused
    np.testing.assert_allclose(model.predict_batch(np.ones((1, 3, 2), "float32")).sum(axis=-1), 1, rtol=1e-6)


def test_time_distributed_dense_is_dense() -> None:
    with pytest.warns(LegacyNameWarning, match="'Dense' in Keras 3"):
        layer = create("layer", {"TimeDistributedDense": 3})
    assert layer.build((4, 2)) == (4, 3)
