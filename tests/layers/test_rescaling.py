"""Rescaling and normalization by fixed numbers, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from nnctl.errors import ConfigError
from nnctl.fields import create
from nnctl.layers import Context
from nnctl.layers.rescaling import Normalization
from tests.layers.alone import alone


def test_rescaling() -> None:
    layer = alone({"Rescaling": {"scale": [0.5, 2], "offset": -1}}, (2,))
    y, cache = layer.forward(np.array([[4.0, 3.0]]), Context())
    dx = layer.backward(np.array([[1.0, 1.0]]), cache)
    assert y.tolist() == [[1, 5]]
    assert dx is not None
    assert dx.tolist() == [[0.5, 2]]


def test_normalization_by_given_numbers_and_back() -> None:
    given = {"mean": [1, 2], "variance": [4, 0]}
    x = np.array([[3.0, 2.0]])
    y = alone({"Normalization": given}, (2,)).forward(x, Context())[0]
    assert y.tolist() == [[1, 0]]  # a variance of 0 divides by 1e-7
    again = alone({"Normalization": {**given, "invert": True}}, (2,)).forward(y, Context())[0]
    np.testing.assert_allclose(again, x)


def test_normalization_takes_its_numbers_from_the_data() -> None:
    """RELIABILITY N05: far from zero in float32 as well; more rows than it looks at together."""
    layer = alone("Normalization", (2,), "float32")
    assert isinstance(layer, Normalization)
    random = np.random.default_rng(0)
    x = (random.normal(size=(10_000, 2)) * [1, 3] + [1e4, -5]).astype(np.float32)
    layer.adapt(x)
    mean, variance, count = (weight.value for weight in layer.weights)
    np.testing.assert_allclose(mean, x.astype(float).mean(axis=0), rtol=1e-6)
    np.testing.assert_allclose(variance, x.astype(float).var(axis=0), rtol=1e-5)
    assert count.shape == ()
    y = layer.forward(x, Context())[0]
    np.testing.assert_allclose(y.std(axis=0), 1, rtol=1e-3)
    whole = alone({"Normalization": {"axis": None}}, (2, 2))
    assert isinstance(whole, Normalization)
    whole.adapt(np.array([[[1.0, 5.0], [1.0, 5.0]]]))
    assert [weight.value.item() for weight in whole.weights[:2]] == [3, 4]


def test_mean_and_variance_go_together() -> None:
    with pytest.raises(ConfigError, match="mean and variance go together"):
        create("layer", {"Normalization": {"mean": 1.0}})
    with pytest.raises(ConfigError, match=r"mean has 3 numbers, inputs have shape \(None, 2\)"):
        create("layer", {"Normalization": {"mean": [1, 2, 3], "variance": [1, 1, 1]}}).build((2,))
