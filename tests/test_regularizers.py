"""Regularizers by hand."""

from __future__ import annotations

import numpy as np
import pytest

from nnctl.errors import ConfigError
from nnctl.fields import create
from tests.contract.gradients import check_projection


def test_orthogonal_by_hand() -> None:
    """Rows (1, 0) and (3, 4): the cosine is 0.6; columns (1, 3) and (0, 4): 12 / (4 sqrt(10))."""
    w = np.array([[1.0, 0.0], [3.0, 4.0]])
    assert create("regularizer", {"OrthogonalRegularizer": 0.5}).penalty(w) == pytest.approx(0.3)
    columns = create("regularizer", {"OrthogonalRegularizer": {"factor": 1.0, "mode": "columns"}})
    assert columns.penalty(w) == pytest.approx(12 / (4 * np.sqrt(10)))
    with pytest.raises(ConfigError, match="takes a matrix"):
        columns.penalty(np.ones(3))


@pytest.mark.parametrize("mode", ["rows", "columns"])
def test_slope_of_orthogonal(mode: str) -> None:
    regularizer = create("regularizer", {"OrthogonalRegularizer": {"factor": 0.5, "mode": mode}})
    w = np.random.default_rng(1).normal(size=(3, 4))
    check_projection(lambda: np.array(regularizer.penalty(w)), lambda u: [u * regularizer.gradient(w)], [w])
    assert regularizer.gradient(w.astype("float32")).dtype == "float32"
