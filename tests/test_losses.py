"""Losses by hand: one small example each, and what the reductions do with weights and masks."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from nnctl.errors import ConfigError
from nnctl.fields import create

LN2 = math.log(2)


@pytest.mark.parametrize(
    ("spec", "t", "y", "values"),
    [
        ("mse", [[0, 2]], [[1, 4]], [2.5]),
        ("mae", [[0, 2]], [[1, 4]], [1.5]),
        ("mape", [[2, 4]], [[1, 5]], [37.5]),
        ("msle", [[0, math.e - 1]], [[math.e - 1, math.e - 1]], [0.5]),
        ("huber", [[0, 0]], [[0.5, 3]], [(0.125 + 2.5) / 2]),
        ({"Huber": 2.0}, [[0, 0]], [[1, 3]], [(0.5 + 4) / 2]),
        ("log_cosh", [[0]], [[1000]], [1000 - LN2]),
        ("cosine_similarity", [[3, 4], [1, 0]], [[6, 8], [-2, 0]], [-1, 1]),
        ("poisson", [[2]], [[1]], [1]),
        ("kl_divergence", [[0.5, 0.5]], [[0.25, 0.75]], [0.5 * math.log(2) + 0.5 * math.log(2 / 3)]),
        ("hinge", [[-1, 1]], [[0.5, 2]], [0.75]),
        ("hinge", [[0, 1]], [[0.5, 2]], [0.75]),
        ("squared_hinge", [[0, 1]], [[0.5, 0]], [(2.25 + 1) / 2]),
        ("categorical_hinge", [[0, 1, 0]], [[0.5, 0.25, 0]], [1.25]),
        ("binary_crossentropy", [[1, 0]], [[0.5, 0.5]], [LN2]),
        ({"BinaryCrossentropy": {"from_logits": True}}, [[1, 0]], [[0, 0]], [LN2]),
        ({"BinaryCrossentropy": {"label_smoothing": 0.5}}, [[1]], [[0.5]], [LN2]),
        ("categorical_crossentropy", [[0, 1]], [[0.5, 0.5]], [LN2]),
        ("categorical_crossentropy", [[0, 1]], [[3, 1]], [2 * LN2]),
        ("binary_focal_crossentropy", [[1]], [[0.5]], [LN2 / 4]),
        ({"BinaryFocalCrossentropy": True}, [[1], [0]], [[0.5], [0.5]], [LN2 / 16, 3 * LN2 / 16]),
        ("categorical_focal_crossentropy", [[0, 1]], [[0.5, 0.5]], [LN2 / 16]),
        ({"Dice": {"axis": 1}}, [[1, 0], [1, 1]], [[1, 0], [0, 1]], [0, 1 / 3]),
        ({"Tversky": {"alpha": 1.0, "beta": 0.0, "axis": 1}}, [[1, 1, 0]], [[1, 0, 1]], [0.5]),
    ],
    ids=str,
)  # fmt: skip
def test_value(spec: Any, t: list[Any], y: list[Any], values: list[float]) -> None:
    got, _ = create("loss", spec).forward(np.array(y, float), np.array(t, float))
    np.testing.assert_allclose(got, values, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize(
    ("spec", "values"),
    [
        ("sparse_categorical_crossentropy", [LN2, math.log(4)]),
        ({"SparseCategoricalCrossentropy": {"ignore_class": 1}}, [LN2, 0]),
        ({"CategoricalGeneralizedCrossEntropy": {"q": 0.5}}, [2 * (1 - math.sqrt(0.5)), 1]),
    ],
    ids=str,
)
def test_value_for_class_numbers(spec: Any, values: list[float]) -> None:
    y = np.array([[0.5, 0.25, 0.25], [0.25, 0.25, 0.5]])
    np.testing.assert_allclose(create("loss", spec).forward(y, np.array([0, 1]))[0], values, rtol=1e-6)


def test_dice_is_one_number_for_the_batch() -> None:
    """2 * 2 of (2 + 3): what the weights do to it is their mean."""
    loss = create("loss", "dice")
    values, _ = loss.forward(np.array([[1.0, 1.0], [1.0, 0.0]]), np.array([[1.0, 0.0], [1.0, 0.0]]))
    assert values.shape == ()
    assert loss.scale(values, None, None)[0] == pytest.approx(1 - 4 / 5)
    assert loss.scale(values, np.array([1.0, 3.0]), None)[0] == pytest.approx(2 * (1 - 4 / 5))


def test_circle_by_hand() -> None:
    """Rows 0 and 1 are of one class and at a right angle (d = 1), row 2 is the other and like row 0 (d = 0).

    gamma 1, margin 0.5: pairs of a class cost d^2 - 0.25, others 1.5 * 0.5 = 0.75 at d = 0 and -0.25 at d = 1.
    """
    y, t = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 0.0]]), np.array([0, 0, 1])
    loss = create("loss", {"Circle": {"gamma": 1.0, "margin": 0.5}})
    values, _ = loss.forward(y, t)
    np.testing.assert_allclose(values[:2], [math.log1p(math.exp(0.75 + 0.75)), math.log1p(math.exp(0.75 - 0.25))])
    assert values[2] == 0
    assert loss.counted(values, t, None).tolist() == [True, True, False]
    assert loss.adapt_targets(np.array([7, 9, 7]), (2,)).tolist() == [7, 9, 7]  # more classes than outputs


@pytest.mark.parametrize(
    ("reduction", "plain", "weighted", "masked"),
    [
        ("sum_over_batch_size", 2.0, 2.5, 1.5),
        ("sum", 6.0, 7.5, 3.0),
        ("mean_with_sample_weight", 2.0, 7.5 / 3.5, 1.5),
    ],
)
def test_reductions(reduction: str, plain: float, weighted: float, masked: float) -> None:
    loss = create("loss", {"mse": {"reduction": reduction}})
    values, weight = np.array([1.0, 2.0, 3.0]), np.array([0.5, 2.0, 1.0])
    assert loss.scale(values, None, None)[0] == pytest.approx(plain)
    assert loss.scale(values, weight, None)[0] == pytest.approx(weighted)
    assert loss.scale(values, None, np.array([True, True, False]))[0] == pytest.approx(masked)


@pytest.mark.parametrize("reduction", [None, "none"])
def test_no_reduction_is_refused(reduction: Any) -> None:
    with pytest.raises(ConfigError, match="reduction: training needs one number a batch"):
        create("loss", {"mse": {"reduction": reduction}})


def test_ignored_places_leave_the_mean() -> None:
    """Two of four places count: their mean is log 2, whatever the batch holds beside."""
    loss = create("loss", {"SparseCategoricalCrossentropy": {"ignore_class": -1}})
    t = np.array([0, -1, 1, -1])
    values, _ = loss.forward(np.full((4, 2), 0.5), t)
    assert loss.scale(values, None, loss.counted(values, t, None))[0] == pytest.approx(LN2)
