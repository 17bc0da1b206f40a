"""Activations: elementwise functions y = f(z), and softmax over the last axis.

The contract is `forward(z, out=None) -> (y, cache)` and `backward(dy, cache) -> dz`. `out` is
memory that the result may be written to (a layer passes z itself when it has no more use for it);
an activation that needs z again in `backward` leaves it alone. Names are Keras' (lower case).
"""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np

from nnctl.fields import Thing
from nnctl.registry import register
from nnctl.rules import Of

Array = np.ndarray[Any, np.dtype[Any]]


class Activation(Thing):
    """y = f(z)"""

    def forward(self, z: Array, out: Array | None = None) -> tuple[Array, Any]:
        raise NotImplementedError

    def backward(self, dy: Array, cache: Any) -> Array:
        raise NotImplementedError


AnActivation = Annotated[Activation, Of("activation")]


@register("activation", name="linear")
class Linear(Activation):
    """y = z

    Source  keras.activations.linear
    """

    def forward(self, z: Array, out: Array | None = None) -> tuple[Array, Any]:
        return z, None

    def backward(self, dy: Array, cache: Any) -> Array:
        return dy


@register("activation", name="relu")
class Relu(Activation):
    """y = max(z, 0)

    The derivative at 0 is 0.
    Source  Nair & Hinton 2010; keras.activations.relu
    """

    def forward(self, z: Array, out: Array | None = None) -> tuple[Array, Any]:
        y = np.maximum(z, 0, out=out)
        return y, y

    def backward(self, dy: Array, cache: Array) -> Array:
        return dy * (cache > 0)


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


@register("activation", name="softmax")
class Softmax(Activation):
    """y_i = exp(z_i) / sum_j exp(z_j), over the last axis

    Source  Bridle 1990; keras.activations.softmax
    """

    def forward(self, z: Array, out: Array | None = None) -> tuple[Array, Any]:
        y = np.subtract(z, z.max(axis=-1, keepdims=True), out=out)
        np.exp(y, out=y)
        y /= y.sum(axis=-1, keepdims=True)
        return y, y

    def backward(self, dy: Array, cache: Array) -> Array:
        dz = dy * cache
        dz -= cache * dz.sum(axis=-1, keepdims=True)
        return dz


def sigmoid(z: Array, out: Array | None = None) -> Array:
    """Return 1 / (1 + exp(-z)): exp may overflow to infinity, whose reciprocal is the right 0."""
    y = np.negative(z, out=out)
    with np.errstate(over="ignore"):
        np.exp(y, out=y)
    y += 1
    return np.reciprocal(y, out=y)
