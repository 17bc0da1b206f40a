"""Counts at thresholds, worked by hand: scores .1 .4 .35 .8 of truths 0 0 1 1 (scikit-learn's example)."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from nnctl.errors import ConfigError
from nnctl.fields import create

TRUTH = np.array([[0.0], [0.0], [1.0], [1.0]])
SCORE = np.array([[0.1], [0.4], [0.35], [0.8]])
HOT = np.eye(3)[[0, 1, 2, 1]]
ROWS = np.array([[0.6, 0.3, 0.1], [0.2, 0.5, 0.3], [0.5, 0.2, 0.3], [0.5, 0.4, 0.1]])  # argmax 0 1 0 0


def result(spec: Any, t: Any = TRUTH, y: Any = SCORE, weight: Any = None) -> Any:
    metric = create("metric", spec)
    metric.reset()
    metric.update(t, y, None if weight is None else np.array(weight))
    return metric.result()


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ("TruePositives", 1),
        ("FalsePositives", 0),
        ("TrueNegatives", 2),
        ("FalseNegatives", 1),
        ({"TruePositives": {"thresholds": [0.5, 0.2]}}, [1, 2]),
        ("Precision", 1),
        ("Recall", 0.5),
        ({"Precision": {"thresholds": 0.35}}, 0.5),  # .35 is not above .35
        ({"Recall": {"thresholds": [0.3, 0.9]}}, [1, 0]),
        ({"SensitivityAtSpecificity": 0.5}, 1),
        ({"SensitivityAtSpecificity": 0.9}, 0.5),
        ({"SpecificityAtSensitivity": 1.0}, 0.5),
        ({"PrecisionAtRecall": 1.0}, 2 / 3),
        ({"RecallAtPrecision": 1.0}, 0.5),
    ],
    ids=str,
)
def test_yes_or_no(spec: Any, expected: Any) -> None:
    np.testing.assert_allclose(result(spec), expected)


def test_the_best_threshold_may_be_an_equal_score() -> None:
    """PrecisionAtRecall 1: at any threshold below .35 (and above .1) two of three yes are right."""
    assert result({"PrecisionAtRecall": 0.5}) == 1


def test_weights_count() -> None:
    assert result("Recall", weight=[1, 1, 3, 1]) == 0.25


def test_of_one_class_or_the_highest_k() -> None:
    assert result({"Recall": {"class_id": 1, "thresholds": 0.35}}, HOT, ROWS) == 1
    assert result({"Recall": {"top_k": 2}}, HOT, ROWS) == 1
    assert result({"Precision": {"top_k": 2}}, HOT, ROWS) == 0.5
    assert result({"Precision": {"top_k": 1, "class_id": 0}}, HOT, ROWS) == pytest.approx(1 / 3)
    with pytest.raises(ConfigError, match="class_id from 0 to 2"):
        create("metric", {"Recall": {"class_id": 3}}).resolve(None, (3,))


def test_class_numbers_serve_as_one_hot_rows() -> None:
    assert result({"Recall": {"top_k": 2}}, np.array([0, 1, 2, 1]), ROWS) == 1


def test_f_scores() -> None:
    """Precision and recall: class 0 1/3 and 1, class 1 1 and 1/2, class 2 nothing."""
    np.testing.assert_allclose(result("F1Score", HOT, ROWS), [0.5, 2 / 3, 0], rtol=1e-6)
    assert result({"F1Score": {"average": "macro"}}, HOT, ROWS) == pytest.approx(7 / 18, rel=1e-6)
    assert result({"F1Score": {"average": "micro"}}, HOT, ROWS) == pytest.approx(0.5, rel=1e-6)
    assert result({"F1Score": {"average": "weighted"}}, HOT, ROWS) == pytest.approx(0.5 / 4 + 1 / 3, rel=1e-6)
    np.testing.assert_allclose(result({"FBeta": {"beta": 2}}, HOT, ROWS), [5 / 7, 5 / 9, 0], rtol=1e-6)


def test_f_score_of_one_output_takes_a_half_as_threshold() -> None:
    assert result({"FBeta": {"beta": 2}}) == pytest.approx(5 * 0.5 / (4 * 1 + 0.5), rel=1e-6)


def test_columns_are_named_as_in_keras() -> None:
    names = {"FBetaScore": "fbeta_score", "F1Score": "f1_score", "AUC": "auc", "LogCoshError": "logcosh"}
    for name, column in names.items():
        assert create("metric", {name: {}}).column == column
    assert create("metric", "AUC").column == "AUC"


def test_a_vector_fills_its_column_with_its_mean() -> None:
    metric = create("metric", {"Recall": {"thresholds": [0.3, 0.9]}})
    metric.reset()
    metric.update(TRUTH, SCORE)
    assert metric.number() == 0.5
