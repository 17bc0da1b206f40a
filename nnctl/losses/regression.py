"""Losses of numbers: distances between y and t."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from nnctl.fields import field
from nnctl.losses import EPSILON, Array, Loss, widen
from nnctl.registry import register
from nnctl.rules import PositiveFloat


class Difference(Loss):
    """value = mean(distance(y - t)), over the last axis"""

    def distance(self, difference: Array) -> Array:
        raise NotImplementedError

    def slope(self, difference: Array) -> Array:
        raise NotImplementedError

    def forward(self, y: Array, t: Array) -> tuple[Array, Any]:
        difference = y - t
        return self.distance(difference).mean(axis=-1), difference

    def backward(self, scale: Any, cache: Array) -> Array:
        return self.slope(cache) * (scale * (1 / cache.shape[-1]))


@register("loss", aliases=("mse", "MSE"))
class MeanSquaredError(Difference):
    """value = mean((y - t)^2), over the last axis

    Source  keras.losses.MeanSquaredError
    """

    def distance(self, difference: Array) -> Array:
        return np.square(difference)

    def backward(self, scale: Any, cache: Array) -> Array:
        return cache * (scale * (2 / cache.shape[-1]))


@register("loss", aliases=("mae", "MAE"))
class MeanAbsoluteError(Difference):
    """value = mean(|y - t|), over the last axis; the slope at 0 is 0

    Source  keras.losses.MeanAbsoluteError
    """

    def distance(self, difference: Array) -> Array:
        return np.abs(difference)

    def slope(self, difference: Array) -> Array:
        return np.sign(difference)


@register("loss", legacy=("huber_loss",))
class Huber(Difference):
    """value = mean(d^2 / 2 where |d| <= delta, else delta |d| - delta^2 / 2), d = y - t, over the last axis

    Source  Huber 1964; keras.losses.Huber
    """

    delta: PositiveFloat = field(1.0, doc="Where the parabola turns into a line.")

    examples = ({}, {"delta": 0.3})

    def distance(self, difference: Array) -> Array:
        size = np.abs(difference)
        near = np.minimum(size, self.delta)
        return near * (size - 0.5 * near)

    def slope(self, difference: Array) -> Array:
        return np.clip(difference, -self.delta, self.delta)


@register("loss")
class LogCosh(Difference):
    """value = mean(log cosh(y - t)), over the last axis

    Source  keras.losses.LogCosh
    """

    def distance(self, difference: Array) -> Array:
        size = np.abs(difference)
        return size + np.log1p(np.exp(-2 * size)) - math.log(2)

    def slope(self, difference: Array) -> Array:
        return np.tanh(difference)


@register("loss", aliases=("mape", "MAPE"))
class MeanAbsolutePercentageError(Loss):
    """value = 100 mean(|y - t| / max(|t|, 1e-7)), over the last axis

    Source  keras.losses.MeanAbsolutePercentageError
    """

    def forward(self, y: Array, t: Array) -> tuple[Array, Any]:
        relative = (y - t) / np.maximum(np.abs(t), EPSILON)
        return 100 * np.abs(relative).mean(axis=-1), (relative, t)

    def backward(self, scale: Any, cache: tuple[Array, Array]) -> Array:
        relative, t = cache
        return np.sign(relative) / np.maximum(np.abs(t), EPSILON) * (scale * (100 / t.shape[-1]))


@register("loss", aliases=("msle", "MSLE"))
class MeanSquaredLogarithmicError(Loss):
    """value = mean((log(1 + y) - log(1 + t))^2), over the last axis; numbers below 1e-7 count as that

    Source  keras.losses.MeanSquaredLogarithmicError
    """

    def forward(self, y: Array, t: Array) -> tuple[Array, Any]:
        difference = np.log(np.maximum(y, EPSILON) + 1) - np.log(np.maximum(t, EPSILON) + 1)
        return np.square(difference).mean(axis=-1), (y, difference)

    def backward(self, scale: Any, cache: tuple[Array, Array]) -> Array:
        y, difference = cache
        slope = difference / (np.maximum(y, EPSILON) + 1) * (y >= EPSILON)
        return slope * (scale * (2 / y.shape[-1]))


@register("loss", legacy=("cosine_proximity", "cosine"))
class CosineSimilarity(Loss):
    """value = -sum(y t) / (|y| |t|), over `axis`: -1 where they point one way, 1 where they are opposed

    The metric of this name is the similarity itself, without the minus.
    Source  keras.losses.CosineSimilarity
    """

    averages = False

    axis: int = field(-1, doc="Axis of the vectors.")

    examples = ({}, {"axis": 1})

    def forward(self, y: Array, t: Array) -> tuple[Array, Any]:
        inverse = inverse_norm(y, self.axis)
        unit, goal = y * inverse, t * inverse_norm(t, self.axis)
        return -(unit * goal).sum(axis=self.axis), (inverse, unit, goal)

    def backward(self, scale: Any, cache: tuple[Array, ...]) -> Array:
        inverse, unit, goal = cache
        along = (unit * goal).sum(axis=self.axis, keepdims=True) * (inverse < 1 / EPSILON)  # else the norm is no slope
        return (along * unit - goal) * (inverse * widen(scale, self.axis, unit.ndim))


def inverse_norm(x: Array, axis: int) -> Array:
    """Return 1 / |x| along an axis, 1e7 at most, with that axis kept as 1."""
    norm = np.sqrt(np.square(x).sum(axis=axis, keepdims=True))
    return 1 / np.maximum(norm, EPSILON)
