"""Layers that Keras 3 no longer has; their numbers come from Keras 2 (tf_keras)."""

from __future__ import annotations

from typing import Any

from ..inputs import Draw, normal
from . import LayerCase


def on(x: Draw, name: str, **config: Any) -> LayerCase:
    return LayerCase(name=name, config=config, x=x)


LINE, PLANE = normal(2, 6, 2), normal(2, 4, 5, 2)

CASES = [
    on(normal(4, 5), "ThresholdedReLU"),
    on(normal(4, 5), "ThresholdedReLU", theta=0.3),
    on(LINE, "LocallyConnected1D", filters=3, kernel_size=2),
    on(LINE, "LocallyConnected1D", filters=2, kernel_size=3, strides=2, activation="tanh"),
    on(LINE, "LocallyConnected1D", filters=2, kernel_size=2, use_bias=False),
    on(PLANE, "LocallyConnected2D", filters=2, kernel_size=[2, 3]),
    on(PLANE, "LocallyConnected2D", filters=2, kernel_size=2, strides=[2, 1], activation="relu"),
    on(PLANE, "LocallyConnected2D", filters=2, kernel_size=2, use_bias=False),
]
