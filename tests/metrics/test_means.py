"""Means of one value a sample, and scores of numbers, worked by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from nnctl.errors import ConfigError
from nnctl.fields import create

T = np.array([[1.0, 0.0], [3.0, 4.0]])
Y = np.array([[2.0, 0.0], [3.0, 2.0]])
ROWS = np.array([[0.5, 0.3, 0.2], [0.2, 0.3, 0.5], [0.4, 0.4, 0.2]])


def result(spec: Any, t: Any = T, y: Any = Y, weight: Any = None) -> Any:
    metric = create("metric", spec)
    metric.reset()
    metric.update(np.asarray(t), y, None if weight is None else np.array(weight))
    return metric.result()


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ("RootMeanSquaredError", np.sqrt(5 / 4)),
        ("mse", 5 / 4),
        ("CosineSimilarity", (1 + 17 / 5 / np.sqrt(13)) / 2),
        ("LogCoshError", (np.log(np.cosh(1)) + np.log(np.cosh(2))) / 4),
        ("R2Score", ((1 - 1 / 2) + (1 - 4 / 8)) / 2),
        ({"R2Score": {"class_aggregation": None}}, [0.5, 0.5]),
        ({"R2Score": {"num_regressors": 1}}, 1 - 0.5 * 3 / 2),
        ("PearsonCorrelation", 0),
        ("ConcordanceCorrelation", (2 * 0.5 / (1 + 0.25 + 0.25) - 2 * 0.25 / (0.25 + 0.25 + 1)) / 2),
        ("Mean", 7 / 4),
        ("Sum", 7),
        ({"Mean": {"output": 1}}, 1),
        ({"Sum": {"output": 0}}, 5),
    ],
    ids=str,
)
def test_of_numbers(spec: Any, expected: Any) -> None:
    np.testing.assert_allclose(result(spec), expected, rtol=1e-6, atol=1e-12)


def test_weights_of_samples() -> None:
    assert result("RootMeanSquaredError", weight=[3, 1]) == pytest.approx(np.sqrt((3 * 0.5 + 2) / 4))
    assert result("Sum", weight=[3, 1]) == 11
    assert result({"Sum": {"output": 1}}, weight=[3, 1]) == 2


def test_an_output_that_there_is_not() -> None:
    mean = create("metric", {"Mean": {"output": 2, "name": "third"}})
    with pytest.raises(ConfigError, match="third: output must be less than 2, got 2"):
        mean.resolve(create("loss", "mse"), (2,))


def test_top_k() -> None:
    """The highest is right once; the third sample's tie counts for both; class 0 of the second comes last."""
    assert result({"SparseTopKCategoricalAccuracy": 1}, [0, 0, 1], ROWS) == pytest.approx(2 / 3)
    assert result({"TopKCategoricalAccuracy": 2}, np.eye(3)[[1, 0, 1]], ROWS) == pytest.approx(2 / 3)
    ids = np.array([[2, 0], [1, 2]])
    assert result({"SparseTopKCategoricalAccuracy": {"k": 1, "from_sorted_ids": True}}, [2, 2], ids) == 0.5


def test_ignored_places_and_weights() -> None:
    """As in Keras: they weigh nothing where there are weights, and count as 0 where there are none."""
    spec = {"SparseCategoricalCrossentropy": {"ignore_class": 0}}
    half = np.full((2, 2), 0.5)
    assert result(spec, [0, 1], half) == pytest.approx(np.log(2) / 2)
    assert result(spec, [0, 1], half, [1, 1]) == pytest.approx(np.log(2))


def test_similarity_over_the_batch_is_refused() -> None:
    with pytest.raises(ConfigError, match="axis: 0 is the batch"):
        create("metric", {"CosineSimilarity": 0})
