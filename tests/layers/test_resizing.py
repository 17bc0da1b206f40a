"""Resizing and CenterCrop by hand."""

from __future__ import annotations

import numpy as np
import pytest

from nnctl.errors import ConfigError
from nnctl.fields import create
from nnctl.layers import Context
from tests.layers.alone import alone, image


def test_bilinear_goes_along_lines_and_gives_slopes_back() -> None:
    layer = alone({"Resizing": {"height": 1, "width": 4}}, (1, 2, 1))
    y, cache = layer.forward(image([[0, 4]]), Context())
    assert y[0, :, :, 0].tolist() == [[0, 1, 3, 4]]
    dx = layer.backward(image([[1, 1, 1, 10]]), cache)
    assert dx is not None
    assert dx[0, :, :, 0].tolist() == [[2, 11]]


def test_padding_puts_the_same_on_both_sides() -> None:
    """A picture of 1 x 3 gets one row above and one below before it becomes 3 x 3."""
    config = {"height": 3, "width": 3, "pad_to_aspect_ratio": True, "fill_value": 7.0}
    y = alone({"Resizing": config}, (1, 3, 1)).forward(image([[1, 2, 3]]), Context())[0]
    assert y[0, :, :, 0].tolist() == [[7, 7, 7], [1, 2, 3], [7, 7, 7]]


def test_cropping_takes_the_middle() -> None:
    config = {"height": 1, "width": 1, "crop_to_aspect_ratio": True}
    y = alone({"Resizing": config}, (1, 3, 1)).forward(image([[1, 2, 3]]), Context())[0]
    assert y.item() == 2
    layer = alone({"CenterCrop": {"height": 1, "width": 2}}, (1, 4, 1))
    y = layer.forward(image([[1, 2, 3, 4]]), Context())[0]
    assert y[0, :, :, 0].tolist() == [[2, 3]]


def test_a_picture_that_is_too_small_is_resized() -> None:
    y = alone({"CenterCrop": {"height": 2, "width": 2}}, (1, 3, 1)).forward(image([[1, 2, 3]]), Context())[0]
    assert y[0, :, :, 0].tolist() == [[2, 2], [2, 2]]


def test_cropping_and_padding_exclude_each_other() -> None:
    with pytest.raises(ConfigError, match="pad_to_aspect_ratio: either crop_to_aspect_ratio or"):
        create(
            "layer", {"Resizing": {"height": 2, "width": 2, "crop_to_aspect_ratio": True, "pad_to_aspect_ratio": True}}
        )


def test_float32_stays() -> None:
    layer = alone(
        {"Resizing": {"height": 4, "width": 4, "pad_to_aspect_ratio": True, "fill_value": 0.3}}, (2, 6, 1), "float32"
    )
    assert layer.forward(np.ones((1, 2, 6, 1), "float32"), Context())[0].dtype == np.float32
