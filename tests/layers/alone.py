"""A layer by itself, in float64, with weights given by hand."""

from __future__ import annotations

from typing import Any

import numpy as np

from nnctl.fields import create
from nnctl.layers import Layer
from nnctl.model import FlatVectors


def alone(spec: Any, shape: tuple[int, ...], dtype: str = "float64", **weights: Any) -> Layer:
    """Build a layer for inputs of `shape`; the weights that are not given are 0."""
    layer: Layer = create("layer", spec)
    layer.build(shape)
    FlatVectors(layer.weights, dtype)
    named = {weight.name: weight for weight in layer.weights}
    for name, value in weights.items():
        named[name].value[...] = value
    return layer


def grads(layer: Layer) -> dict[str, Any]:
    """Return the gradients that the last `backward` wrote."""
    return {weight.name: weight.grad for weight in layer.weights}


def line(*values: float) -> Any:
    """Return one sequence of one channel, (1, T, 1)."""
    return np.array(values, float)[None, :, None]


def image(rows: Any) -> Any:
    """Return one image of one channel, (1, H, W, 1)."""
    return np.array(rows, float)[None, :, :, None]
