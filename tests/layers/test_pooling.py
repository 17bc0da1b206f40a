"""Maximum and mean of windows, by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from nnctl.errors import ConfigError
from nnctl.fields import create
from nnctl.findings import LegacyNameWarning
from nnctl.layers import Context, pooling
from tests.layers.alone import alone, image, line


def both(spec: Any, x: Any) -> tuple[list[float], list[float]]:
    """Return y and the gradient of sum(y)."""
    layer = alone(spec, x.shape[1:])
    y, cache = layer.forward(x, Context())
    dx = layer.backward(np.ones_like(y), cache)
    assert dx is not None
    return y.ravel().tolist(), dx.ravel().tolist()


def test_max_pooling_1d_gives_the_gradient_to_the_first_maximum() -> None:
    x = line(3, 3, -1, -2, 5)
    assert both("MaxPooling1D", x) == ([3, -1], [1, 0, 1, 0, 0])
    assert both({"MaxPooling1D": {"padding": "same"}}, x) == ([3, -1, 5], [1, 0, 1, 0, 1])
    # Windows that overlap: the first 3 wins once, the second twice.
    assert both({"MaxPooling1D": {"strides": 1}}, x) == ([3, 3, -1, 5], [1, 1, 1, 0, 1])


def test_average_pooling_1d_leaves_padding_out() -> None:
    x = line(1, 3, 5)
    assert both("AveragePooling1D", x) == ([2], [0.5, 0.5, 0])
    assert both({"AveragePooling1D": {"padding": "same"}}, x) == ([2, 5], [0.5, 0.5, 1])


def test_pooling_2d() -> None:
    x = image([[1, 2, 9], [3, 4, 9]])
    assert both("MaxPooling2D", x) == ([4], [0, 0, 0, 0, 1, 0])
    assert both("AveragePooling2D", x) == ([2.5], [0.25, 0.25, 0, 0.25, 0.25, 0])


def test_pooling_3d() -> None:
    x = np.arange(8.0).reshape(1, 2, 2, 2, 1)
    assert both("MaxPooling3D", x)[0] == [7]
    assert both("AveragePooling3D", x)[0] == [3.5]


@pytest.mark.parametrize("name", ["MaxPooling2D", "AveragePooling2D"])
def test_blocks_change_nothing(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    x = np.random.default_rng(0).normal(size=(5, 7, 6, 2))
    spec = {name: {"pool_size": 3, "strides": 2, "padding": "same"}}
    whole = both(spec, x)
    monkeypatch.setattr(pooling, "BLOCK_BYTES", 1)
    assert both(spec, x) == whole


def test_names_of_keras_1() -> None:
    with pytest.warns(LegacyNameWarning):
        layer = create("layer", {"MaxPooling1D": {"pool_length": 3, "stride": 2, "border_mode": "same"}})
    assert (layer.pool_size, layer.strides, layer.padding) == (3, 2, "same")
    with pytest.warns(LegacyNameWarning):
        assert create("layer", {"MaxPooling2D": {"dim_ordering": "th"}}).data_format == "channels_first"


def test_a_window_larger_than_the_input_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"a window of \[2, 2\] .* does not fit into \[1, 4\]"):
        create("layer", "MaxPooling2D").build((1, 4, 3))
