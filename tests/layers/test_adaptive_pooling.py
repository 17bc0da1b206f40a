"""Adaptive pooling by hand: of 5 places, the windows of 3 outputs are 0-1, 1-3 and 3-4."""

from __future__ import annotations

import numpy as np
import pytest

from nnctl.errors import ConfigError
from nnctl.fields import create
from nnctl.layers import Context
from tests.layers.alone import alone, line


@pytest.mark.parametrize(
    ("kind", "values", "slopes"),
    [
        ("Average", [1.5, 3, 4.5], [1 / 2, 1 / 2 + 10 / 3, 10 / 3, 10 / 3 + 100 / 2, 100 / 2]),
        ("Max", [2, 4, 5], [0, 1, 0, 10, 100]),
    ],
)
def test_adaptive_pooling(kind: str, values: list[float], slopes: list[float]) -> None:
    layer = alone({f"Adaptive{kind}Pooling1D": 3}, (5, 1))
    y, cache = layer.forward(line(1, 2, 3, 4, 5), Context())
    np.testing.assert_allclose(y[0, :, 0], values)
    dx = layer.backward(line(1, 10, 100), cache)
    assert dx is not None
    np.testing.assert_allclose(dx[0, :, 0], slopes)
    for rank, shape in ((2, (2, 2)), (3, (2, 2, 1))):
        both = alone({f"Adaptive{kind}Pooling{rank}D": 1}, (*shape, 1))
        y = both.forward(np.arange(4.0).reshape(1, *shape, 1), Context())[0]
        assert y.ravel().tolist() == [3 if kind == "Max" else 1.5]


def test_more_outputs_than_inputs_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"no \[3\] outputs out of inputs of \(None, 2, 1\)"):
        create("layer", {"AdaptiveMaxPooling1D": 3}).build((2, 1))
