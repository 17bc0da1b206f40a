"""Batch normalization by hand, masked, frozen, and far from zero."""

from __future__ import annotations

import numpy as np
import pytest

from nnctl.errors import ConfigError
from nnctl.fields import create
from nnctl.layers import Context
from tests.layers.alone import alone, grads

TRAINING = True


def test_batch_normalization_by_hand() -> None:
    """Of (1, 5), the mean is 3 and the variance 4: n = (-1, 1) and y = 2 n + 10, with epsilon next to nothing."""
    spec = {"BatchNormalization": {"epsilon": 1e-12, "momentum": 0.75}}
    layer = alone(spec, (1,), gamma=2, beta=10, moving_variance=1)
    x = np.array([[1.0], [5.0]])
    y, cache = layer.forward(x, Context(TRAINING))
    np.testing.assert_allclose(y, [[8], [12]])
    moving = {weight.name: weight.value.item() for weight in layer.weights if not weight.trainable}
    assert moving == {"moving_mean": 0.25 * 3, "moving_variance": 0.75 * 1 + 0.25 * 4}
    dx = layer.backward(np.array([[3.0], [4.0]]), cache)
    assert dx is not None
    np.testing.assert_allclose(dx, 0, atol=1e-9)  # two points are always at -1 and 1, whatever x
    np.testing.assert_allclose(grads(layer)["gamma"], -3 + 4)
    np.testing.assert_allclose(grads(layer)["beta"], 3 + 4)
    np.testing.assert_allclose(layer.forward(x, Context())[0], 10 + 2 * (x - 0.75) / np.sqrt(1.75), rtol=1e-9)


def test_masked_steps_do_not_count() -> None:
    layer = alone({"BatchNormalization": {"momentum": 0.0}}, (3, 1), gamma=1)
    x = np.array([[1.0, 5.0, 1000.0]])[:, :, None]
    layer.forward(x, Context(TRAINING, mask=np.array([[True, True, False]])))
    moving = [weight.value.item() for weight in layer.weights if not weight.trainable]
    np.testing.assert_allclose(moving, [3, 4], rtol=1e-6)


def test_a_frozen_one_uses_and_keeps_the_moving_moments() -> None:
    """KERAS.md 14."""
    layer = alone({"BatchNormalization": {"trainable": False}}, (1,), gamma=1, moving_mean=1, moving_variance=4)
    x = np.array([[1.0], [5.0]])
    y = layer.forward(x, Context(TRAINING))[0]
    np.testing.assert_allclose(y, [[0], [4 / np.sqrt(4.001)]])
    assert [weight.value.item() for weight in layer.weights] == [1, 0, 1, 4]


def test_variance_far_from_zero() -> None:
    """RELIABILITY N05: in float32, at mean 10^4, E[x^2] - E[x]^2 would give 0."""
    x = (1e4 + np.random.default_rng(0).normal(size=(64, 28, 28, 4))).astype(np.float32)
    layer = alone({"BatchNormalization": {"momentum": 0.0}}, (28, 28, 4), "float32", gamma=1)
    y = layer.forward(x, Context(TRAINING))[0]
    variance = layer.weights[-1].value
    np.testing.assert_allclose(variance, x.astype(float).var(axis=(0, 1, 2)), rtol=1e-4)
    np.testing.assert_allclose(y.mean(axis=(0, 1, 2), dtype=float), 0, atol=1e-2)


def test_renormalization_by_hand() -> None:
    """Of (1, 5): mean 3, deviation 2; with 1 and 4 of before, r = 1/2 and d = 1/2, so that n = -1, 1 becomes 0, 1."""
    spec = {"BatchNormalization": {"epsilon": 1e-12, "renorm": True, "renorm_momentum": 0.5, "momentum": 0.75}}
    layer = alone(spec, (1,), gamma=1, renorm_mean=1, renorm_stddev=4, moving_stddev=4)
    y, _ = layer.forward(np.array([[1.0], [5.0]]), Context(TRAINING))
    np.testing.assert_allclose(y, [[0], [1]], atol=1e-9)
    moving = {weight.name: weight.value.item() for weight in layer.weights if not weight.trainable}
    want = {"moving_mean": 0.75, "moving_variance": 3.5**2, "moving_stddev": 3.5, "renorm_mean": 2, "renorm_stddev": 3}
    np.testing.assert_allclose([moving[name] for name in want], [*want.values()])


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        ({"rmax": 0.5, "rmin": 1.0}, "expected rmax >= rmin, got 0.5 < 1"),
        ({"dmax": -1.0}, "expected dmax >= 0, got -1"),
        ({"max": 1.0}, "renorm_clipping: expected a mapping"),
    ],
)
def test_limits_that_exclude_each_other_are_refused(limits: dict[str, float], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        create("layer", {"BatchNormalization": {"renorm": True, "renorm_clipping": limits}})
