"""Stochastic pooling by hand, and the probabilities it draws with."""

from __future__ import annotations

import numpy as np

from nnctl import seeds
from nnctl.layers import Context
from tests.layers.alone import alone, image, line


def test_outside_training_values_are_weighted_by_themselves() -> None:
    """(1 * 1 + 3 * 3) / (1 + 3) = 2.5; a negative value has no weight, a window without a positive one gives 0."""
    layer = alone("StochasticPooling1D", (6, 1))
    y, cache = layer.forward(line(1, 3, -5, 2, -1, 0), Context())
    assert y[0, :, 0].tolist() == [2.5, 2, 0]
    dx = layer.backward(line(1, 1, 1), cache)
    assert dx is not None
    assert dx[0, :, 0].tolist() == [(2 * 1 - 2.5) / 4, (2 * 3 - 2.5) / 4, 0, (2 * 2 - 2) / 2, 0, 0]


def test_draws_are_proportional_to_the_values() -> None:
    """Zeiler & Fergus 2013, equation 5: of 20,000 windows (1, 2, 0, 5), an eighth gives 1, a quarter 2, the rest 5."""
    x = np.repeat(image([[1, 2], [0, 5]]), 20_000, axis=0)
    layer = alone("StochasticPooling2D", (2, 2, 1))
    y, cache = layer.forward(x, Context(True, seeds.generator(0, "dropout")))
    shares = [(y == value).mean() for value in (0, 1, 2, 5)]
    np.testing.assert_allclose(shares, [0, 1 / 8, 2 / 8, 5 / 8], atol=0.01)
    dx = layer.backward(np.ones_like(y), cache)
    assert dx is not None
    np.testing.assert_array_equal(dx.sum(axis=(1, 2, 3)), 1)
    np.testing.assert_array_equal((dx * x).sum(axis=(1, 2)), y[:, 0, 0])  # the slope is where the value came from


def test_a_window_without_a_positive_value_gives_nothing_while_training() -> None:
    layer = alone("StochasticPooling1D", (2, 1))
    y, cache = layer.forward(line(-1, 0), Context(True, seeds.generator(0, "dropout")))
    dx = layer.backward(np.ones_like(y), cache)
    assert y.tolist() == [[[0]]]
    assert dx is not None
    assert not dx.any()
