"""Activations by hand: values and slopes that a pencil can check."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from nnctl.fields import create

E1 = math.exp(-1)
S1 = 1 / (1 + E1)  # sigmoid(1)
LN2 = math.log(2)


@pytest.mark.parametrize(
    ("spec", "z", "y", "slope"),
    [
        ("linear", [-2, 3], [-2, 3], [1, 1]),
        ("relu", [-2, 0, 3], [0, 0, 3], [0, 0, 1]),
        ({"relu": {"negative_slope": 0.5, "threshold": 1.0, "max_value": 4.0}}, [-1, 2, 9], [-1, 2, 4], [0.5, 1, 0]),
        ("relu6", [-1, 5, 7], [0, 5, 6], [0, 1, 0]),
        ("leaky_relu", [-5, 5], [-1, 5], [0.2, 1]),
        ({"threshold": {"threshold": 1.0, "default_value": -3.0}}, [0, 1, 2], [-3, -3, 2], [0, 0, 1]),
        ("hard_tanh", [-2, 0.5, 2], [-1, 0.5, 1], [0, 1, 0]),
        ("hard_sigmoid", [-3, 0, 1.5], [0, 0.5, 0.75], [0, 1 / 6, 1 / 6]),
        ("hard_sigmoid_keras2", [-3, 0, 1], [0, 0.5, 0.7], [0, 0.2, 0.2]),
        ("hard_silu", [-4, 1, 4], [0, 4 / 6, 4], [0, 5 / 6, 1]),
        ("hard_swish", [1.0], [4 / 6], [5 / 6]),
        ("hard_shrink", [-0.4, 0.6], [0, 0.6], [0, 1]),
        ("soft_shrink", [-0.6, 0.4, 1.5], [-0.1, 0, 1.0], [1, 0, 1]),
        ("tanh_shrink", [0.0, 1.0], [0, 1 - math.tanh(1)], [0, math.tanh(1) ** 2]),
        ("sparse_plus", [-2, 0, 2], [0, 0.25, 2], [0, 0.5, 1]),
        ("sparse_sigmoid", [-2, 0.5, 2], [0, 0.75, 1], [0, 0.5, 0]),
        ("sigmoid", [0.0, 1.0], [0.5, S1], [0.25, S1 * (1 - S1)]),
        ("tanh", [0.0], [0], [1]),
        ("log_sigmoid", [0.0], [-LN2], [0.5]),
        ("softsign", [-1, 3], [-0.5, 0.75], [0.25, 1 / 16]),
        ("softplus", [0.0], [LN2], [0.5]),
        ("elu", [-1, 2], [E1 - 1, 2], [E1, 1]),
        ("selu", [-1, 1], [1.0507009873554805 * 1.6732632423543772 * (E1 - 1), 1.0507009873554805],
         [1.0507009873554805 * 1.6732632423543772 * E1, 1.0507009873554805]),
        ({"celu": 2.0}, [-2, 1], [2 * (E1 - 1), 1], [E1, 1]),
        ("gelu", [0.0, 1.0], [0, 0.8413447460685429], [0.5, 1.0833154705876864]),
        ({"gelu": True}, [0.0], [0], [0.5]),
        ("silu", [1.0], [S1], [S1 + S1 * (1 - S1)]),
        ("swish", [0.0], [0], [0.5]),
        ("mish", [0.0], [0], [0.6]),
        ("squareplus", [0.0, 1.5], [1, 2], [0.5, 0.8]),
        ("exponential", [0.0, 1.0], [1, math.e], [1, math.e]),
    ],
    ids=str,
)  # fmt: skip
def test_value_and_slope(spec: Any, z: list[float], y: list[float], slope: list[float]) -> None:
    activation = create("activation", spec)
    values, cache = activation.forward(np.array(z, float))
    np.testing.assert_allclose(values, y, rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(activation.backward(np.ones(len(z)), cache), slope, rtol=1e-12, atol=1e-15)


def test_softmax_along_another_axis() -> None:
    z = np.log(np.array([[1.0, 2.0], [3.0, 2.0]]))
    np.testing.assert_allclose(create("activation", {"softmax": 0}).forward(z)[0], [[0.25, 0.5], [0.75, 0.5]])
    np.testing.assert_allclose(
        create("activation", {"log_softmax": 0}).forward(z)[0], np.log([[0.25, 0.5], [0.75, 0.5]])
    )


def test_sparsemax_picks_one_that_is_far_ahead() -> None:
    y, cache = create("activation", "sparsemax").forward(np.array([[3.0, 1.0, 0.0]]))
    np.testing.assert_array_equal(y, [[1.0, 0.0, 0.0]])
    np.testing.assert_array_equal(create("activation", "sparsemax").backward(np.ones((1, 3)), cache), np.zeros((1, 3)))


def test_gelu_keeps_its_digits_far_to_the_left() -> None:
    """P(Z <= -10) is 7.6e-24: 1 + erf(-10 / sqrt(2)) would be 0."""
    y, _ = create("activation", "gelu").forward(np.array([-10.0]))
    np.testing.assert_allclose(y, -10 * 7.61985302416052e-24, rtol=1e-12)


def test_a_spec_names_an_activation_by_its_name_alone_where_it_can() -> None:
    assert create("activation", "relu").to_spec() == "relu"
    assert create("activation", {"elu": 0.5}).to_spec() == {"elu": {"alpha": 0.5}}
