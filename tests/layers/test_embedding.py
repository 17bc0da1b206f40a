"""Embedding and Masking by hand: rows, repeated rows, wrong indices, masked losses and metrics."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from nnctl import kernels, layers, seeds
from nnctl.errors import DataError
from nnctl.fields import create
from nnctl.findings import LegacyNameWarning
from nnctl.layers import Context
from nnctl.model import Sequential
from tests.layers.alone import alone, grads

TABLE = [[0.0, 1], [10, 11], [20, 21]]


def embedding(**config: Any) -> Any:
    return alone({"Embedding": {"input_dim": 3, "output_dim": 2, **config}}, (2,), embeddings=TABLE)


@pytest.mark.parametrize("dtype", ["int32", "uint8", "float32"])
def test_embedding_and_its_gradient(dtype: str) -> None:
    """Row 1 occurs twice, so it gets both slopes; row 0 does not occur."""
    layer = embedding()
    y, cache = layer.forward(np.array([[2, 1], [1, 2]], dtype), Context())
    assert y.tolist() == [[[20, 21], [10, 11]], [[10, 11], [20, 21]]]
    grads(layer)["embeddings"][:] = np.nan
    layer.backward(np.array([[[1.0, 2], [3, 4]], [[5, 6], [7, 8]]]), cache)
    assert grads(layer)["embeddings"].tolist() == [[0, 0], [3 + 5, 4 + 6], [1 + 7, 2 + 8]]


def test_add_rows_is_a_sum() -> None:
    random = np.random.default_rng(0)
    indices, values = random.integers(0, 20, 500), random.normal(size=(500, 3))
    out, expected = np.full((25, 3), np.nan), np.zeros((25, 3))
    kernels.add_rows(out, indices, values)
    for index, value in zip(indices, values, strict=True):
        expected[index] += value
    np.testing.assert_allclose(out, expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (np.array([[0, 1], [2, 3]]), r"from 0 to 2, got 3 in row 1 at \[1\]; set input_dim"),
        (np.array([[0, -1]]), r"got -1 in row 0 at \[1\]"),
        (np.array([[0, 1.5]]), r"got 1.5 in row 0 at \[1\]"),
        (np.array([[0, np.nan]]), r"got nan in row 0 at \[1\]"),
    ],
)
def test_wrong_index_never_wraps_round(x: Any, message: str, recwarn: Any) -> None:
    """RELIABILITY N07."""
    with pytest.raises(DataError, match=message):
        embedding().forward(x, Context())
    assert not recwarn.list


def test_mask_zero() -> None:
    x = np.array([[2, 0], [0, 1]])
    assert embedding(mask_zero=True).compute_mask(x, None).tolist() == [[True, False], [False, True]]
    assert embedding().compute_mask(x, None) is None


def test_dropout_of_keras_1_drops_words() -> None:
    """Every place of a word has the same fate."""
    layer = embedding(dropout=0.5)
    y, _ = layer.forward(np.array([[1, 2]] * 8), Context(True, seeds.generator(3, "dropout")))
    assert (y == y[:1]).all()
    assert {*y[0, :, 0]} <= {0, 20, 40}


def test_names_of_keras_1() -> None:
    old = {"input_dim": 3, "output_dim": 2, "init": "zeros", "W_regularizer": "l2", "input_length": 7}
    with pytest.warns(LegacyNameWarning):
        layer: Any = create("layer", {"Embedding": old})
    assert (layer.input_shape, layer.input_dim, layer.embeddings_initializer.title()) == ((7,), 3, "Zeros")


def test_masking() -> None:
    layer: Any = create("layer", {"Masking": {"mask_value": 5}})
    x = np.array([[[5.0, 5], [5, 1], [0, 0]]])
    y, cache = layer.forward(x, Context())
    assert y.tolist() == [[[0, 0], [5, 1], [0, 0]]]
    assert layer.compute_mask(x, None).tolist() == [[False, True, True]]
    assert layer.backward(np.ones_like(x), cache).tolist() == [[[0, 0], [1, 1], [1, 1]]]


def test_masked_loss_and_metrics_count_valid_steps() -> None:
    """KERAS.md 8."""
    model = Sequential([layers.Embedding(3, 1, mask_zero=True)], dtype="float64")
    model.build((2,))
    model.set_weights([np.array([[0.9], [0.9], [0.2]])])
    metrics = [create("metric", name) for name in ("accuracy", "mse")]
    model.compile(create("optimizer", "sgd"), create("loss", "mse"), metrics)
    x, t = np.array([[1, 0], [2, 1]]), np.array([[[1.0], [0]], [[1], [1]]])
    loss = model.test_step(x, t)
    assert loss == pytest.approx((0.01 + 0.64 + 0.01) / 3)
    assert [metric.result() for metric in model.metrics] == pytest.approx([2 / 3, loss])
