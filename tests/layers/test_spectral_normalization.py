"""SpectralNormalization by hand: the largest singular value becomes 1, in training alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from nnctl.errors import ConfigError
from nnctl.fields import create
from nnctl.layers import Context
from nnctl.model import Sequential
from tests.layers.alone import alone

DENSE = {"SpectralNormalization": {"layer": {"Dense": {"units": 2, "use_bias": False}}}}
X = np.ones((1, 2))


def test_training_divides_the_kernel_by_its_largest_singular_value() -> None:
    kernel = np.array([[4.0, 0.0], [0.0, 1.0]])
    weights: dict[str, Any] = {"dense/kernel": kernel, "vector_u": [[1.0, 1.0]]}
    layer: Any = alone(DENSE, (2,), "float64", **weights)
    np.testing.assert_array_equal(layer.forward(X, Context())[0], [[4, 1]])  # not training: nothing moves
    for _ in range(60):
        y, _ = layer.forward(X, Context(training=True))
    np.testing.assert_allclose(y, [[1, 0.25]], rtol=1e-12)
    np.testing.assert_allclose(np.abs(layer.vector_u.value), [[1, 0]], atol=1e-12)


def test_a_kernel_of_zeros_stays_and_so_does_u() -> None:
    layer: Any = alone(DENSE, (2,), vector_u=[[0.5, 0.5]])
    y, _ = layer.forward(X, Context(training=True))
    assert not y.any()
    assert layer.vector_u.value.tolist() == [[0.5, 0.5]]


@pytest.mark.parametrize("inner", [{"LSTM": 2}, {"TimeDistributed": {"layer": {"Dense": 2}}}, {"Dropout": 0.2}])
def test_a_layer_without_kernel_is_refused(inner: Any) -> None:
    with pytest.raises(ConfigError, match="needs a layer with a kernel or embeddings"):
        create("layer", {"SpectralNormalization": {"layer": inner}}).build_on((3, 2))


def test_the_activation_within_is_the_head_of_the_network() -> None:
    layer = create("layer", {"SpectralNormalization": {"layer": {"Dense": {"units": 3, "activation": "softmax"}}}})
    model = Sequential([layer])
    model.build((4,))
    assert model.head.title() == "softmax"
    np.testing.assert_allclose(model.predict_batch(np.ones((2, 4), "float32")).sum(axis=1), 1, rtol=1e-6)


def test_masks_are_those_of_the_layer_within() -> None:
    embedding = {"Embedding": {"input_dim": 3, "output_dim": 2, "mask_zero": True}}
    layer: Any = alone({"SpectralNormalization": {"layer": embedding}}, (2,))
    assert layer.makes_mask
    assert layer.compute_mask(np.array([[0, 2]]), None).tolist() == [[False, True]]
