"""Areas under curves, worked by hand: scores .1 .4 .35 .8 of truths 0 0 1 1 (scikit-learn's example)."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from nnctl.errors import ConfigError
from nnctl.fields import create

TRUTH = np.array([[0.0], [0.0], [1.0], [1.0]])
SCORE = np.array([[0.1], [0.4], [0.35], [0.8]])


def area(config: dict[str, Any], t: Any = TRUTH, y: Any = SCORE) -> float:
    metric = create("metric", {"AUC": config})
    metric.reset()
    metric.update(t, y)
    return float(metric.result())


def test_roc_is_the_share_of_pairs_in_order() -> None:
    """Of the four pairs of a positive and a negative, .35 < .4 alone is in the wrong order."""
    assert area({}) == pytest.approx(0.75)
    assert area({"exact": True}) == 0.75


def test_exact_sees_what_lies_between_two_thresholds() -> None:
    """1e-9 apart all scores fall between two thresholds: chance; a tie counts as half a pair."""
    close = SCORE * 1e-9
    assert area({}, y=close) == pytest.approx(0.5)
    assert area({"exact": True}, y=close) == 0.75
    assert area({"exact": True}, y=np.array([[0.1], [0.4], [0.4], [0.8]])) == pytest.approx((3 + 0.5) / 4)


def test_three_thresholds_by_hand() -> None:
    """Thresholds below 0, .5, above 1: points (1, 1), (0, .5), (0, 0) of the ROC."""
    assert area({"num_thresholds": 3}) == pytest.approx(0.75)
    assert area({"num_thresholds": 3, "summation_method": "minoring"}) == pytest.approx(0.5)
    assert area({"thresholds": [0.5], "summation_method": "majoring"}) == pytest.approx(1.0)


def test_precision_and_recall() -> None:
    """Recall .5 at precision 1, recall 1 at precision 2/3 (.35) and 1/2 (.4 is wrong): minoring strips."""
    assert area({"curve": "PR", "exact": True, "summation_method": "majoring"}) == pytest.approx(0.5 * 1 + 0.5 * 2 / 3)


def test_several_outputs() -> None:
    t, y = np.hstack([TRUTH, 1 - TRUTH]), np.hstack([SCORE, SCORE])
    assert area({"multi_label": True}, t, y) == pytest.approx(0.5)
    assert area({"multi_label": True, "label_weights": [1.0, 0.0]}, t, y) == pytest.approx(0.75)


def test_logits() -> None:
    assert area({"from_logits": True}, y=np.log(SCORE / (1 - SCORE))) == pytest.approx(0.75)


def test_what_does_not_go_together() -> None:
    with pytest.raises(ConfigError, match="num_labels: goes with multi_label"):
        create("metric", {"AUC": {"num_labels": 3}})
    with pytest.raises(ConfigError, match="label_weights is for 2 outputs, the network has 3"):
        create("metric", {"AUC": {"multi_label": True, "label_weights": [1, 2]}}).resolve(None, (3,))
