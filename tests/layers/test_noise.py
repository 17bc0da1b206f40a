"""Noise: nothing outside training, the promised moments while training."""

from __future__ import annotations

import numpy as np
import pytest

from nnctl import seeds
from nnctl.layers import Context
from tests.layers.alone import alone

MANY = 200_000


@pytest.mark.parametrize(
    ("spec", "mean", "deviation"),
    [
        ({"GaussianNoise": 0.5}, 2, 0.5),
        ({"GaussianDropout": 0.2}, 2, 2 * (0.2 / 0.8) ** 0.5),
    ],
)
def test_gaussian_noise(spec: dict[str, float], mean: float, deviation: float) -> None:
    layer = alone(spec, (MANY,))
    x = np.full((1, MANY), 2.0)
    assert layer.forward(x, Context())[0] is x
    y = layer.forward(x, Context(True, seeds.generator(0, "dropout")))[0]
    np.testing.assert_allclose([y.mean(), y.std()], [mean, deviation], rtol=0.01)


def test_alpha_dropout_leaves_mean_0_and_variance_1() -> None:
    layer = alone({"AlphaDropout": 0.3}, (MANY,))
    random = seeds.generator(0, "dropout")
    x = random.standard_normal((1, MANY))
    assert layer.forward(x, Context())[0] is x
    y, cache = layer.forward(x, Context(True, random))
    np.testing.assert_allclose([y.mean(), y.std()], [0, 1], atol=0.01)
    dx = layer.backward(np.ones_like(y), cache)
    assert dx is not None
    np.testing.assert_allclose((dx == 0).mean(), 0.3, atol=0.01)
    assert len(np.unique(y[dx == 0])) == 1  # whatever is dropped comes out as one value
