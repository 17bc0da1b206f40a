"""Spatial dropout: a channel is there, or it is not."""

from __future__ import annotations

import numpy as np
import pytest

from nnctl import seeds
from nnctl.layers import Context
from tests.layers.alone import alone


@pytest.mark.parametrize(("rank", "shape"), [(1, (4,)), (2, (2, 2)), (3, (1, 2, 2))])
def test_whole_channels_are_dropped(rank: int, shape: tuple[int, ...]) -> None:
    layer = alone({f"SpatialDropout{rank}D": 0.25}, (*shape, 1000))
    x = np.ones((2, *shape, 1000))
    assert layer.forward(x, Context())[0] is x
    y, cache = layer.forward(x, Context(True, seeds.generator(0, "dropout")))
    channels = y.reshape(2, 4, 1000)
    assert (channels == channels[:, :1]).all()
    assert {*np.unique(y)} == {0, 1 / 0.75}
    np.testing.assert_allclose(y.mean(), 1, atol=0.05)
    np.testing.assert_array_equal(layer.backward(x, cache), y)


def test_channels_first() -> None:
    layer = alone({"SpatialDropout2D": {"rate": 0.5, "data_format": "channels_first"}}, (100, 2, 2))
    y = layer.forward(np.ones((1, 100, 2, 2)), Context(True, seeds.generator(0, "dropout")))[0]
    assert (y == y[:, :, :1, :1]).all()
    assert 0 < (y == 0).mean() < 1
