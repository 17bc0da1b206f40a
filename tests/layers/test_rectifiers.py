"""Rectifiers by hand: values, and slopes beside them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from nnctl.fields import create
from nnctl.findings import LegacyNameWarning
from nnctl.layers import Context
from tests.layers.alone import alone


@pytest.mark.parametrize(
    ("spec", "values", "slopes"),
    [
        ("ReLU", [0, 0, 0.5, 3], [0, 0, 1, 1]),
        (
            {"ReLU": {"max_value": 1, "negative_slope": 0.1, "threshold": 0.75}},
            [-0.275, -0.075, -0.025, 1],
            [0.1, 0.1, 0.1, 0],
        ),
        ({"LeakyReLU": 0.5}, [-1, 0, 0.5, 3], [0.5, 0.5, 1, 1]),
        ({"ELU": 2}, [2 * np.expm1(-2), 0, 0.5, 3], [2 * np.exp(-2), 2, 1, 1]),
        ("ThresholdedReLU", [0, 0, 0, 3], [0, 0, 0, 1]),
    ],
)
def test_rectifiers(spec: Any, values: list[float], slopes: list[float]) -> None:
    layer = alone(spec, (4,))
    y, cache = layer.forward(np.array([[-2, 0, 0.5, 3]]), Context())
    np.testing.assert_allclose(y, [values], rtol=1e-12)
    np.testing.assert_allclose(layer.backward(np.ones_like(y), cache), [slopes], rtol=1e-12)


def test_alpha_was_the_slope() -> None:
    with pytest.warns(LegacyNameWarning, match="negative_slope"):
        assert create("layer", {"LeakyReLU": {"alpha": 0.2}}).negative_slope == 0.2
