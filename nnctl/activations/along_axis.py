"""Activations along an axis: softmax, its logarithm, and the sparse projection in its place."""

from __future__ import annotations

from typing import Any

import numpy as np

from nnctl.activations import Activation, Array
from nnctl.errors import ConfigError
from nnctl.fields import field
from nnctl.registry import register


class AlongAxis(Activation):
    """y = f(z), each row along `axis` by itself"""

    axis: int = field(-1, doc="Axis along which the values belong together, counted with the batch axis in front.")

    def output_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        rank = len(shape) + 1
        if self.axis == 0 or not -rank < self.axis < rank:
            raise ConfigError(f"{self.title()} has no axis {self.axis} to go along (the batch is 0)")
        return shape


@register("activation", name="softmax")
class Softmax(AlongAxis):
    """y_i = exp(z_i) / sum_j exp(z_j), along `axis`

    Source  Bridle 1990; keras.activations.softmax
    """

    def forward(self, z: Array, out: Array | None = None) -> tuple[Array, Any]:
        y = softmax(z, self.axis, out)
        return y, y

    def backward(self, dy: Array, cache: Array) -> Array:
        dz = dy * cache
        dz -= cache * dz.sum(axis=self.axis, keepdims=True)
        return dz


@register("activation", name="log_softmax")
class LogSoftmax(AlongAxis):
    """y_i = z_i - log sum_j exp(z_j), along `axis`

    Source  keras.activations.log_softmax
    """

    def forward(self, z: Array, out: Array | None = None) -> tuple[Array, Any]:
        y = log_softmax(z, self.axis)
        return y, y

    def backward(self, dy: Array, cache: Array) -> Array:
        return dy - np.exp(cache) * dy.sum(axis=self.axis, keepdims=True)


@register("activation", name="sparsemax")
class Sparsemax(AlongAxis):
    """y_i = max(z_i - tau, 0), along `axis`; tau = (sum over r up to k of the r largest z, summed, - 1) / k

    k is the number of the largest z that the paper lets stay above 0. The paper's tau is
    (the sum of the k largest z - 1) / k, and its y sum to 1; Keras adds up the partial sums too,
    so that this is the same for k = 1 alone. nnctl gives Keras' numbers.
    Source  Martins & Astudillo 2016, algorithm 1; keras.activations.sparsemax
    """

    def forward(self, z: Array, out: Array | None = None) -> tuple[Array, Any]:
        falling = -np.sort(-z, axis=self.axis)
        sums = np.cumsum(falling, axis=self.axis)
        number = _along(np.arange(1, z.shape[self.axis] + 1, dtype=z.dtype), z, self.axis)
        support = falling - (sums - 1) / number > 0
        k = support.sum(axis=self.axis, keepdims=True).astype(z.dtype)
        tau = ((sums * support).sum(axis=self.axis, keepdims=True) - 1) / k
        y = np.maximum(z - tau, 0)
        return y, (z >= tau, k, np.argsort(np.argsort(-z, axis=self.axis), axis=self.axis))

    def backward(self, dy: Array, cache: Any) -> Array:
        inside, k, rank = cache
        dz = dy * inside
        share = np.maximum(k - rank.astype(dy.dtype), 0) / k  # of each z in tau: it is in k - rank of the sums
        dz -= share * dz.sum(axis=self.axis, keepdims=True)
        return dz


def _along(values: Array, z: Array, axis: int) -> Array:
    """Shape a vector so that it broadcasts along one axis of z."""
    shape = [1] * z.ndim
    shape[axis] = -1
    return values.reshape(shape)


def softmax(z: Array, axis: int = -1, out: Array | None = None) -> Array:
    """Return exp(z) / sum exp z along an axis."""
    y = np.subtract(z, z.max(axis=axis, keepdims=True), out=out)
    np.exp(y, out=y)
    y /= y.sum(axis=axis, keepdims=True)
    return y


def log_softmax(z: Array, axis: int = -1) -> Array:
    """Return z - log sum exp z along an axis, finite for any finite z."""
    shifted = z - z.max(axis=axis, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=axis, keepdims=True))
