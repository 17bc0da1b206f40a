"""Curves that level off on both sides: sigmoid, tanh, softsign, and log_sigmoid, which belongs to sigmoid."""

from __future__ import annotations

from typing import Any

import numpy as np

from nnctl.activations import Activation, Array, Elementwise
from nnctl.registry import register


@register("activation", name="tanh")
class Tanh(Activation):
    """y = tanh(z) = (exp(z) - exp(-z)) / (exp(z) + exp(-z))

    Source  keras.activations.tanh
    """

    def forward(self, z: Array, out: Array | None = None) -> tuple[Array, Any]:
        y = np.tanh(z, out=out)
        return y, y

    def backward(self, dy: Array, cache: Array) -> Array:
        slope = cache * cache
        np.subtract(1, slope, out=slope)
        slope *= dy
        return slope


@register("activation", name="sigmoid")
class Sigmoid(Activation):
    """y = 1 / (1 + exp(-z))

    Source  keras.activations.sigmoid
    """

    def forward(self, z: Array, out: Array | None = None) -> tuple[Array, Any]:
        y = sigmoid(z, out)
        return y, y

    def backward(self, dy: Array, cache: Array) -> Array:
        slope = 1 - cache
        slope *= cache
        slope *= dy
        return slope


@register("activation", name="log_sigmoid")
class LogSigmoid(Elementwise):
    """y = log(1 / (1 + exp(-z)))

    Source  keras.activations.log_sigmoid
    """

    def curve(self, z: Array) -> Array:
        return -softplus(-z)

    def slope(self, z: Array) -> Array:
        return sigmoid(-z)


@register("activation", name="softsign")
class Softsign(Elementwise):
    """y = z / (1 + |z|)

    Source  Turian, Bergstra & Bengio 2009; keras.activations.softsign
    """

    def curve(self, z: Array) -> Array:
        return z / (1 + np.abs(z))

    def slope(self, z: Array) -> Array:
        return 1 / np.square(1 + np.abs(z))


@register("activation", name="tanh_shrink")
class TanhShrink(Elementwise):
    """y = z - tanh(z)

    Source  keras.activations.tanh_shrink
    """

    def curve(self, z: Array) -> Array:
        return z - np.tanh(z)

    def slope(self, z: Array) -> Array:
        return np.square(np.tanh(z))


def sigmoid(z: Array, out: Array | None = None) -> Array:
    """Return 1 / (1 + exp(-z)): exp may overflow to infinity, whose reciprocal is the right 0."""
    y = np.negative(z, out=out)
    with np.errstate(over="ignore"):
        np.exp(y, out=y)
    y += 1
    return np.reciprocal(y, out=y)


def softplus(z: Array) -> Array:
    """Return log(1 + exp(z)), finite for any finite z."""
    return np.maximum(z, 0) + np.log1p(np.exp(-np.abs(z)))
