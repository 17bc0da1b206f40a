"""Normalizations within a sample, by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from nnctl.errors import ConfigError
from nnctl.fields import create
from nnctl.layers import Context
from tests.layers.alone import alone


def forward(spec: Any, x: Any, **weights: Any) -> Any:
    return alone(spec, np.shape(x)[1:], **weights).forward(np.array(x, float), Context())[0]


def test_layer_normalization() -> None:
    """Of (1, 5) the mean is 3 and the standard deviation 2; over both axes of ((1, 1), (5, 5)) as well."""
    tiny = {"epsilon": 1e-12}
    np.testing.assert_allclose(forward({"LayerNormalization": tiny}, [[1, 5]], gamma=[2, 3], beta=1), [[-1, 4]])
    y = forward({"LayerNormalization": {"axis": [1, 2], **tiny}}, [[[1, 1], [5, 5]]], gamma=1)
    np.testing.assert_allclose(y, [[[-1, -1], [1, 1]]])
    y = forward({"LayerNormalization": {"rms_scaling": True, **tiny}}, [[1, 5]], gamma=1)
    np.testing.assert_allclose(y, [[0.5, 2.5]])  # divided by the deviation, the mean stays


def test_group_normalization() -> None:
    """Channels (1, 5) and (0, 20) are groups."""
    y = forward({"GroupNormalization": {"groups": 2, "epsilon": 1e-12}}, [[1, 5, 0, 20]], gamma=1)
    np.testing.assert_allclose(y, [[-1, 1, -1, 1]])
    with pytest.raises(ConfigError, match="the channels must be a multiple of groups"):
        create("layer", {"GroupNormalization": 3}).build((4,))


def test_rms_normalization() -> None:
    """sqrt((3^2 + 4^2 + 0 + 0) / 4) = 2.5"""
    np.testing.assert_allclose(forward("RMSNormalization", [[3, 4, 0, 0]], scale=1), [[1.2, 1.6, 0, 0]], rtol=1e-6)


def test_unit_normalization() -> None:
    np.testing.assert_allclose(forward("UnitNormalization", [[3, 4], [0, 0]]), [[0.6, 0.8], [0, 0]])


def test_an_axis_that_is_not_there() -> None:
    with pytest.raises(ConfigError, match=r"LayerNormalization: inputs of shape \(None, 4\) have no axis 2"):
        create("layer", {"LayerNormalization": 2}).build((4,))
