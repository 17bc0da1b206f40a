"""Maximum and mean over all places, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from nnctl.layers import Context
from tests.layers.alone import alone


@pytest.mark.parametrize(("rank", "shape"), [(1, (4,)), (2, (2, 2)), (3, (1, 2, 2))])
def test_global_pooling(rank: int, shape: tuple[int, ...]) -> None:
    x = np.array([[1, 40], [2, 30], [3, 20], [3, 10]], float).reshape(1, *shape, 2)
    dy = np.array([[1.0, 2.0]])
    largest = alone(f"GlobalMaxPooling{rank}D", x.shape[1:])
    y, cache = largest.forward(x, Context())
    assert y.tolist() == [[3, 40]]
    dx = largest.backward(dy, cache)
    assert dx is not None
    assert dx.reshape(4, 2).tolist() == [[0, 2], [0, 0], [0.5, 0], [0.5, 0]]  # equal maxima share
    mean = alone(f"GlobalAveragePooling{rank}D", x.shape[1:])
    y, cache = mean.forward(x, Context())
    assert y.tolist() == [[2.25, 25]]
    dx = mean.backward(dy, cache)
    assert dx is not None
    assert dx.reshape(4, 2).tolist() == [[0.25, 0.5]] * 4


def test_channels_first_and_keepdims() -> None:
    spec = {"GlobalMaxPooling2D": {"data_format": "channels_first", "keepdims": True}}
    layer = alone(spec, (2, 1, 3))
    x = np.arange(6.0).reshape(1, 2, 1, 3)
    assert layer.forward(x, Context())[0].tolist() == [[[[2]], [[5]]]]


def test_the_mean_over_time_counts_the_steps_that_are_there() -> None:
    """A row without any step gives NaN, as in Keras (KERAS.md 9), and no gradient."""
    layer = alone("GlobalAveragePooling1D", (3, 1))
    x = np.array([[1, 2, 30], [4, 5, 6]], float)[:, :, None]
    mask = np.array([[True, True, False], [False] * 3])
    y, cache = layer.forward(x, Context(mask=mask))
    np.testing.assert_array_equal(y, [[1.5], [np.nan]])
    dx = layer.backward(np.ones_like(y), cache)
    assert dx is not None
    assert dx[:, :, 0].tolist() == [[0.5, 0.5, 0], [0, 0, 0]]
    assert layer.compute_mask(x, mask) is None
