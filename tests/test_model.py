"""The network: one training step worked by hand, flat vectors, names, shapes, the head."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from nnctl import layers, losses, metrics, optimizers, regularizers
from nnctl.errors import ConfigError
from nnctl.fields import create
from nnctl.findings import LegacyNameWarning
from nnctl.layers import Context
from nnctl.model import Sequential


def compiled(net: list[Any], shape: tuple[int, ...], optimizer: Any, loss: Any, **options: Any) -> Sequential:
    model = Sequential(net, **options)
    model.build(shape)
    model.compile(optimizer, loss)
    return model


def test_one_step_by_hand() -> None:
    """y = 2 x + 1 at x = (1, 3), targets (2, 9): errors (1, -2), loss (1 + 4) / 2 = 2.5.

    dL/dkernel = (2/2) (1*1 + -2*3) = -5, dL/dbias = (1 - 2) = -1; with rate 0.1: kernel 2.5, bias 1.1.
    """
    net = [layers.Dense(1, kernel_initializer={"Constant": 2.0}, bias_initializer="ones")]
    model = compiled(net, (1,), optimizers.SGD(0.1), losses.MeanSquaredError(), dtype="float64")
    loss = model.train_step(np.array([[1.0], [3.0]]), np.array([[2.0], [9.0]]))
    assert loss == pytest.approx(2.5)
    np.testing.assert_allclose([w.item() for w in model.get_weights()], [2.5, 1.1])


def test_penalties_count_in_loss_and_gradient() -> None:
    """A kernel of 2 with l2 = 0.5 adds 2 to the loss and 2 to its gradient; the data cost nothing."""
    net = [layers.Dense(1, kernel_initializer={"Constant": 2.0}, kernel_regularizer={"L2": 0.5}, use_bias=False)]
    model = compiled(net, (1,), optimizers.SGD(0.1), losses.MeanSquaredError(), dtype="float64")
    x = np.array([[1.0]])
    assert model.train_step(x, 2 * x) == pytest.approx(2.0)
    assert model.get_weights()[0].item() == pytest.approx(2.0 - 0.1 * 2.0)


def test_activity_penalty_is_divided_by_the_batch_size() -> None:
    """Two outputs of 2 with l2 = 0.5: (0.5 * 4 * 2) / 2 = 2, and a gradient of 0.5 * 2 * 2 / 2 = 1 at each."""
    net = [layers.Dense(1, kernel_initializer={"Constant": 2.0}, activity_regularizer={"L2": 0.5}, use_bias=False)]
    model = compiled(net, (1,), optimizers.SGD(0.1), losses.MeanSquaredError(), dtype="float64")
    x = np.ones((2, 1))
    assert model.train_step(x, 2 * x) == pytest.approx(2.0)
    assert model.get_weights()[0].item() == pytest.approx(2.0 - 0.1 * (1.0 + 1.0))


def test_weights_are_slices_of_flat_vectors() -> None:
    frozen = layers.Dense(3, trainable=False)
    model = compiled([layers.Dense(2), frozen], (4,), optimizers.Adam(), losses.MeanSquaredError())
    assert np.shares_memory(model.layers[0].kernel.value, model.parameters.values)
    assert np.shares_memory(frozen.kernel.value, model.state.values)
    before = model.get_weights()
    model.train_step(np.ones((5, 4), "float32"), np.zeros((5, 3), "float32"))
    after = model.get_weights()
    assert not np.array_equal(before[0], after[0])
    np.testing.assert_array_equal(before[2], after[2])


def test_layers_below_the_first_trainable_one_get_no_gradient() -> None:
    model = compiled([layers.Flatten(), layers.Dense(2)], (2, 2), optimizers.SGD(), losses.MeanSquaredError())
    assert [layer.needs_dx for layer in model.layers] == [False, False]


def test_names_count_up_and_may_not_repeat() -> None:
    model = Sequential([layers.Dense(1), layers.Dense(1), layers.Dense(1, name="out")])
    assert [layer.name for layer in model.layers] == ["dense", "dense_1", "out"]
    with pytest.raises(ConfigError, match="two layers are called 'out'"):
        model.add(layers.Dense(1, name="out"))


def test_shape_errors_name_both_shapes() -> None:
    with pytest.raises(ConfigError, match=r"\(None, 6\) have 6 values .* \[4\]"):
        Sequential([layers.Reshape([4])]).build((6,))
    with pytest.raises(ConfigError, match="input shape is not known"):
        Sequential([layers.Dense(1)]).build()


def test_softmax_and_its_crossentropy_are_joined() -> None:
    """The joined form gives the gradient y - t even where y is exactly 1."""
    net = [layers.Dense(2, activation="softmax", kernel_initializer={"Constant": 0.0}, bias_initializer="zeros")]
    model = compiled(net, (1,), optimizers.SGD(), losses.SparseCategoricalCrossentropy())
    model.layers[0].bias.value[:] = (500.0, -500.0)
    outputs = model.forward(np.zeros((1, 1), "float32"), Context())
    loss, dz = model.loss_and_gradient(outputs, np.array([1]), None)
    assert loss == 1000.0
    np.testing.assert_array_equal(dz, [[1.0, -1.0]])


def test_metric_columns_keep_the_name_that_was_written() -> None:
    """KERAS.md 12: a string stays the column's name; repeats are numbered."""
    model = Sequential([layers.Dense(1)])
    model.build((2,))
    named = [
        create("metric", "mse"),
        create("metric", "mean_squared_error"),
        metrics.MeanSquaredError(),
        create("metric", "mse"),
    ]
    model.compile(optimizers.SGD(), losses.MeanSquaredError(), named)
    assert [m.column for m in model.metrics] == ["mse", "mean_squared_error", "mean_squared_error_1", "mse_1"]


def test_accuracy_resolves_by_loss_and_shape() -> None:
    expected = [
        ("binary_crossentropy", 1, "BinaryAccuracy"),
        ("binary_crossentropy", 4, "CategoricalAccuracy"),
        ("categorical_crossentropy", 3, "CategoricalAccuracy"),
        ("sparse_categorical_crossentropy", 3, "SparseCategoricalAccuracy"),
        ("mse", 1, "BinaryAccuracy"),
    ]
    for loss, units, kind in expected:
        with pytest.warns(LegacyNameWarning, match="'acc' is an old name"):
            made = create("metric", "acc").resolve(create("loss", loss), (units,))
        assert (type(made).__name__, made.column) == (kind, "acc")


def test_targets_get_the_rank_of_the_outputs() -> None:
    mse, sparse = losses.MeanSquaredError(), losses.SparseCategoricalCrossentropy()
    assert mse.adapt_targets(np.zeros(5), (1,)).shape == (5, 1)
    assert sparse.adapt_targets(np.zeros((5, 1)), (3,)).shape == (5,)
    with pytest.raises(ConfigError, match=r"targets of shape \(N, 2\), got \(N, 3\)"):
        mse.adapt_targets(np.zeros((5, 3)), (2,))
    with pytest.raises(ConfigError, match="from 0 to 2, got -1 in row 1"):
        sparse.adapt_targets(np.array([0, -1]), (3,))
    with pytest.raises(ConfigError, match="whole class numbers"):
        sparse.adapt_targets(np.array([0.5]), (3,))


def test_dropout_keeps_the_rate_and_the_mean() -> None:
    layer = layers.Dropout(0.3)
    y, _ = layer.forward(np.ones((100, 1000), "float32"), Context(True, np.random.Generator(np.random.SFC64(1))))
    assert np.mean(y == 0) == pytest.approx(0.3, abs=0.005)
    assert set(np.unique(y)) == {np.float32(0), np.float32(1 / 0.7)}
    assert layer.forward(np.ones((2, 2)), Context())[1] is None


def test_regularizer_names_of_old() -> None:
    assert regularizers.L1L2(0.1, 0.2).penalty(np.array([1.0, -2.0])) == pytest.approx(0.1 * 3 + 0.2 * 5)


def test_normalization_learns_from_the_rows_that_reach_it() -> None:
    """Behind a Flatten, from two rows (0, 2) and (4, 2): means (2, 2), variances (4, 0)."""
    model = Sequential([layers.Flatten(), layers.Normalization(), layers.Dense(1)])
    model.build((2, 1))
    model.adapt(np.array([[[0.0], [2.0]], [[4.0], [2.0]]], "float32"))
    means, variances, *_ = model.layers[1].weights
    np.testing.assert_array_equal(means.value, [2, 2])
    np.testing.assert_array_equal(variances.value, [4, 0])


@pytest.mark.parametrize("sure", [20.0, 90.0, 100.0])
def test_sure_answers_have_no_denormal_slopes(sure: float) -> None:
    """Many processors compute with denormal numbers a hundred times slower; what is no smaller than 1e-26 stays."""
    model = Sequential([layers.Dense(16), layers.Dense(10, activation="softmax")])
    model.build((4,))
    model.compile(create("optimizer", "SGD"), create("loss", "sparse_categorical_crossentropy"))
    first, last = model.layers
    last.bias.value[3] = sure  # type: ignore[attr-defined]  # a Dense has one
    slopes = []
    backward = first.backward
    first.backward = lambda dy, cache: slopes.append(dy) or backward(dy, cache)  # type: ignore[method-assign]
    x = np.random.default_rng(0).normal(size=(64, 4)).astype("f4")
    model.train_step(x / 100, np.full((64, 1), 3))
    for numbers in (slopes[0], model.parameters.grads):
        assert not ((numbers != 0) & (np.abs(numbers) < np.finfo("f4").tiny)).any()
    assert np.any(slopes[0]) == (sure == 20)
