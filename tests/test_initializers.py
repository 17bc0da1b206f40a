"""Initializers: the distributions that they promise, by their moments and bounds."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from nnctl.errors import ConfigError
from nnctl.fields import create
from nnctl.initializers import fans

SHAPE = (200, 300)


def draw(initializer: Any, shape: tuple[int, ...] = SHAPE, seed: int = 0) -> Any:
    return create("initializer", initializer)(shape, np.random.default_rng(seed), "float64")


# name, standard deviation for SHAPE, and the largest magnitude that can occur
PROMISES = [
    ("glorot_uniform", math.sqrt(2 / 500), math.sqrt(6 / 500)),
    ("glorot_normal", math.sqrt(2 / 500), 2 * math.sqrt(2 / 500) / 0.8796),
    ("he_uniform", math.sqrt(2 / 200), math.sqrt(6 / 200)),
    ("he_normal", math.sqrt(2 / 200), 2 * math.sqrt(2 / 200) / 0.8796),
    ("lecun_uniform", math.sqrt(1 / 200), math.sqrt(3 / 200)),
    ("lecun_normal", math.sqrt(1 / 200), 2 * math.sqrt(1 / 200) / 0.8796),
    ("uniform", 0.05 / math.sqrt(3), 0.05),
    ("normal", 0.05, math.inf),
    ("truncated_normal", 0.05 * 0.8796, 0.1),
    ({"VarianceScaling": {"scale": 3.0, "mode": "fan_out", "distribution": "uniform"}}, 0.1, math.sqrt(0.03)),
    ({"VarianceScaling": {"distribution": "untruncated_normal"}}, math.sqrt(1 / 200), math.inf),
    ({"HeUniform": {"input_axes": [1], "output_axes": [0]}}, math.sqrt(2 / 300), math.sqrt(6 / 300)),
]


@pytest.mark.parametrize(("initializer", "deviation", "limit"), PROMISES, ids=lambda value: str(value)[:40])
def test_distribution(initializer: Any, deviation: float, limit: float) -> None:
    """60,000 draws: the mean within 4 standard errors of 0, the deviation within 2 %, no value beyond the limit."""
    values = draw(initializer)
    assert abs(values.mean()) < 4 * deviation / math.sqrt(values.size)
    assert values.std() == pytest.approx(deviation, rel=0.02)
    assert np.abs(values).max() <= limit * 1.0001


@pytest.mark.parametrize("shape", [(5, 3), (3, 5), (3, 3, 2, 4)])
def test_orthogonal_has_orthonormal_rows_or_columns(shape: tuple[int, ...]) -> None:
    q = draw({"Orthogonal": {"gain": 2.0}}, shape).reshape(-1, shape[-1]) / 2
    product = q.T @ q if q.shape[0] >= q.shape[1] else q @ q.T
    np.testing.assert_allclose(product, np.eye(len(product)), atol=1e-12)


def test_orthogonal_does_not_prefer_a_sign() -> None:
    diagonals = np.concatenate([np.diag(draw("orthogonal", (3, 3), seed)) for seed in range(300)])
    assert abs(diagonals.mean()) < 0.1


def test_values_without_chance() -> None:
    np.testing.assert_array_equal(draw({"Identity": 2.0}, (2, 3)), [[2, 0, 0], [0, 2, 0]])
    np.testing.assert_array_equal(draw({"Constant": 0.5}, (2,)), [0.5, 0.5])
    assert draw("zeros").max() == 0
    assert draw("one").min() == 1


def test_a_seed_of_its_own_does_not_touch_the_stream() -> None:
    random = np.random.default_rng(3)
    own = create("initializer", {"RandomNormal": {"seed": 5}})
    first, second = own((4,), random, "float64"), own((4,), random, "float64")
    np.testing.assert_array_equal(first, second)
    assert random.random() == np.random.default_rng(3).random()


def test_fans_of_kernels() -> None:
    assert fans((7,)) == (7, 7)
    assert fans((5, 5, 3, 8)) == (75, 200)


def test_axes_of_the_fans() -> None:
    assert create("initializer", {"GlorotNormal": {"input_axes": [0, 1], "output_axes": [-1]}}).fans((2, 3, 4)) == (
        6,
        4,
    )
    with pytest.raises(ConfigError, match="input_axes and output_axes go together"):
        create("initializer", {"VarianceScaling": {"input_axes": [0]}})
    with pytest.raises(ValueError, match=r"a weight of shape \(2, 3\) has no axis 2"):
        draw({"LecunNormal": {"input_axes": [0], "output_axes": [2]}}, (2, 3))


@pytest.mark.parametrize(("name", "shape"), [("Orthogonal", (3,)), ("Identity", (2, 2, 2))])
def test_shapes_that_an_initializer_cannot_fill(name: str, shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="needs a weight of rank 2"):
        draw(name, shape)
