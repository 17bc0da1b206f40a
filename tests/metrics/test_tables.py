"""Metrics of the table of true and predicted classes; the expected numbers are scikit-learn's."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from nnctl.fields import create

TRUE = np.array([0, 1, 2, 2, 1, 0, 2])
SAID = np.array([0, 2, 2, 1, 1, 0, 2])


def fed(spec: Any, t: Any, y: Any, weight: Any = None) -> Any:
    metric = create("metric", spec)
    metric.reset()
    metric.update(t, y, weight)
    return metric


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ("ConfusionMatrix", 5 / 7),
        ("MatthewsCorrelation", (5 * 7 - 17) / (49 - 17)),
        ("CohenKappa", 1 - 2 / (7 - 17 / 7)),
        ({"CohenKappa": "linear"}, 1 - 2 / ((8 + 12 + 2 * 12) / 7)),
    ],
    ids=str,
)
def test_agreement(spec: Any, expected: float) -> None:
    """Two, two and three samples of each class and as many taken for each: sum t_k p_k is 4 + 4 + 9 = 17."""
    for t in (TRUE, np.eye(3)[TRUE]):
        assert fed(spec, t, np.eye(3)[SAID]).result() == pytest.approx(expected)


def test_the_matrix_itself() -> None:
    assert fed("ConfusionMatrix", TRUE, np.eye(3)[SAID]).matrix.tolist() == [[2, 0, 0], [0, 1, 1], [0, 1, 2]]


def test_one_output_is_two_classes() -> None:
    matrix = fed("ConfusionMatrix", np.array([[0.0], [1.0], [1.0]]), np.array([[0.2], [0.7], [0.4]])).matrix
    assert matrix.tolist() == [[1, 0], [1, 1]]


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ({"MeanIoU": {"num_classes": 3}}, (1 + 1 / 3 + 2 / 4) / 3),
        ({"MeanIoU": {"num_classes": 3, "ignore_class": 0}}, (1 / 3 + 2 / 4) / 2),
        ({"IoU": {"num_classes": 3, "target_class_ids": [2]}}, 2 / 4),
    ],
    ids=str,
)
def test_overlap_of_class_numbers(spec: Any, expected: float) -> None:
    assert fed(spec, TRUE, SAID).result() == pytest.approx(expected, rel=1e-6)


def test_overlap_of_one_hot_rows_and_scores() -> None:
    t, y = np.eye(3)[TRUE], np.eye(3)[SAID]
    assert fed({"OneHotMeanIoU": 3}, t, y).result() == pytest.approx((1 + 1 / 3 + 2 / 4) / 3, rel=1e-6)
    assert fed({"OneHotIoU": {"num_classes": 3, "target_class_ids": [1]}}, t, y).result() == pytest.approx(
        1 / 3, rel=1e-6
    )
    scores = np.array([[0.5], [0.4], [0.9], [0.1]])
    assert fed("BinaryIoU", np.array([[1], [1], [0], [0]]), scores).result() == pytest.approx(1 / 3, rel=1e-6)
