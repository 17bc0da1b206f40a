"""Softmax over any axis, by hand."""

from __future__ import annotations

import numpy as np

from nnctl.activations import Linear, Softmax
from nnctl.layers import Context
from tests.layers.alone import alone


def test_softmax_over_time_leaves_masked_steps_out() -> None:
    """exp(log 1) and exp(log 3) are 1/4 and 3/4 of their sum."""
    x = np.log([[[1.0], [3.0], [100.0]]])
    layer = alone({"Softmax": {"axis": 1}}, (3, 1))
    y, cache = layer.forward(x, Context(mask=np.array([[True, True, False]])))
    np.testing.assert_allclose(y[0, :, 0], [0.25, 0.75, 0])
    dx = layer.backward(np.array([[[1.0], [0], [5]]]), cache)
    np.testing.assert_allclose(dx, np.array([[[0.25 * 0.75], [-0.25 * 0.75], [0]]]))
    none = layer.forward(x, Context(mask=np.zeros((1, 3), bool)))[0]
    assert not none.any()


def test_as_the_last_layer_it_leaves_softmax_to_the_model() -> None:
    layer = alone("Softmax", (3,))
    x = np.array([[1.0, 2, 3]])
    np.testing.assert_allclose(layer.forward(x, Context())[0], np.exp(x) / np.exp(x).sum())
    assert isinstance(layer.take_head(), Softmax)
    assert layer.forward(x, Context())[0] is x
    assert isinstance(alone({"Softmax": {"axis": 1}}, (3, 1)).take_head(), Linear)
