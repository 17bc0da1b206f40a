"""Smooth rectifiers: near z on the right, bounded or vanishing on the left."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from nnctl.activations import Activation, Array, Elementwise
from nnctl.activations.saturating import sigmoid, softplus
from nnctl.fields import field
from nnctl.registry import register
from nnctl.rules import NonNegativeFloat, PositiveFloat

# Fixed point of mean 0 and variance 1 (Klambauer et al. 2017, eq. 14).
SELU_ALPHA = 1.6732632423543772
SELU_SCALE = 1.0507009873554805


@register("activation", name="elu")
class Elu(Elementwise):
    """y = z where z > 0, else alpha (exp(z) - 1)

    Source  Clevert, Unterthiner & Hochreiter 2016; keras.activations.elu
    """

    alpha: float = field(1.0, doc="Minus the value far to the left.")

    examples = ({}, {"alpha": 0.5})

    def curve(self, z: Array) -> Array:
        return np.where(z > 0, z, self.alpha * np.expm1(np.minimum(z, 0)))

    def slope(self, z: Array) -> Array:
        return np.where(z > 0, 1, self.alpha * np.exp(np.minimum(z, 0)))


@register("activation", name="selu")
class Selu(Elementwise):
    """y = scale z where z > 0, else scale alpha (exp(z) - 1); scale = 1.0507..., alpha = 1.6732...

    The slope at 0 is scale, as in TensorFlow.
    Source  Klambauer et al. 2017, eq. 2; keras.activations.selu
    """

    def curve(self, z: Array) -> Array:
        return SELU_SCALE * np.where(z > 0, z, SELU_ALPHA * np.expm1(np.minimum(z, 0)))

    def slope(self, z: Array) -> Array:
        return SELU_SCALE * np.where(z >= 0, 1, SELU_ALPHA * np.exp(np.minimum(z, 0)))


@register("activation", name="celu")
class Celu(Elementwise):
    """y = max(z, 0) + alpha (exp(min(z, 0) / alpha) - 1)

    The slope at 0 is 1; TensorFlow counts the point twice there and says 2.
    Source  Barron 2017; keras.activations.celu
    """

    alpha: PositiveFloat = field(1.0, doc="Minus the value far to the left.")

    examples = ({}, {"alpha": 2.0})

    def curve(self, z: Array) -> Array:
        return np.maximum(z, 0) + self.alpha * np.expm1(np.minimum(z, 0) / self.alpha)

    def slope(self, z: Array) -> Array:
        return np.where(z > 0, 1, np.exp(np.minimum(z, 0) / self.alpha))


@register("activation", name="gelu")
class Gelu(Activation):
    """y = z P(Z <= z), Z ~ N(0, 1); approximate: z (1 + tanh(sqrt(2 / pi) (z + 0.044715 z^3))) / 2

    Source  Hendrycks & Gimpel 2016; keras.activations.gelu
    """

    approximate: bool = field(False, doc="Use the formula with tanh.")

    examples = ({}, {"approximate": True})

    def forward(self, z: Array, out: Array | None = None) -> tuple[Array, Any]:
        p = sigmoid(_gelu_argument(z)) if self.approximate else _normal_cdf(z)
        return z * p, (z, p)

    def backward(self, dy: Array, cache: tuple[Array, Array]) -> Array:
        z, p = cache
        z = np.clip(z, -100, 100)  # beyond, the density is 0
        if self.approximate:
            density = p * (1 - p) * (math.sqrt(8 / math.pi) * (1 + 3 * 0.044715 * np.square(z)))
        else:
            density = np.exp(-0.5 * np.square(z)) * (1 / math.sqrt(2 * math.pi))
        return dy * (p + z * density)


@register("activation", name="silu", aliases=("swish",))
class Silu(Elementwise):
    """y = z / (1 + exp(-z))

    Source  Ramachandran, Zoph & Le 2017; keras.activations.silu
    """

    def curve(self, z: Array) -> Array:
        e = np.exp(-np.abs(z))
        return np.where(z > 0, z, z * e) / (1 + e)

    def slope(self, z: Array) -> Array:
        p = sigmoid(z)
        return p + z * (p * sigmoid(-z))


@register("activation", name="mish")
class Mish(Elementwise):
    """y = z tanh(log(1 + exp(z)))

    Source  Misra 2019; keras.activations.mish
    """

    def curve(self, z: Array) -> Array:
        return z * _tanh_of_softplus(z)

    def slope(self, z: Array) -> Array:
        t = _tanh_of_softplus(z)
        return t + z * (1 - np.square(t)) * sigmoid(z)


@register("activation", name="softplus")
class Softplus(Elementwise):
    """y = log(1 + exp(z))

    Source  Dugas et al. 2001; keras.activations.softplus
    """

    def curve(self, z: Array) -> Array:
        return softplus(z)

    def slope(self, z: Array) -> Array:
        return sigmoid(z)


@register("activation", name="squareplus")
class Squareplus(Elementwise):
    """y = (z + sqrt(z^2 + b)) / 2

    Source  Barron 2021; keras.activations.squareplus
    """

    b: NonNegativeFloat = field(4.0, doc="Width of the bend.")

    examples = ({}, {"b": 1.0})

    def curve(self, z: Array) -> Array:
        root = np.sqrt(np.square(z) + self.b)
        far = np.maximum(root + np.abs(z), np.finfo(z.dtype).tiny)
        return np.where(z > 0, far / 2, self.b / (2 * far))  # b / ... : no difference of near numbers

    def slope(self, z: Array) -> Array:
        root = np.sqrt(np.square(z) + self.b)
        return 0.5 + 0.5 * z / np.maximum(root, np.finfo(z.dtype).tiny)


@register("activation", name="exponential")
class Exponential(Activation):
    """y = exp(z)

    Source  keras.activations.exponential
    """

    def forward(self, z: Array, out: Array | None = None) -> tuple[Array, Any]:
        with np.errstate(over="ignore"):  # infinity is the answer, and the trainer's affair
            y = np.exp(z, out=out)
        return y, y

    def backward(self, dy: Array, cache: Array) -> Array:
        return dy * cache


def _normal_cdf(z: Array) -> Array:
    """Return P(Z <= z) = erfc(-z / sqrt(2)) / 2, exact also far to the left."""
    erfc = np.vectorize(math.erfc, otypes=[np.float64])
    return (0.5 * erfc(-math.sqrt(0.5) * z.astype(np.float64))).astype(z.dtype)


def _gelu_argument(z: Array) -> Array:
    """Return 2 sqrt(2 / pi) (z + 0.044715 z^3): (1 + tanh(u)) / 2 is the sigmoid of 2 u."""
    return math.sqrt(8 / math.pi) * (z + 0.044715 * (z * z * z))


def _tanh_of_softplus(z: Array) -> Array:
    """Return tanh(log(1 + exp(z))) as a quotient in exp(-|z|), which neither overflows nor cancels."""
    e = np.exp(-np.abs(z))
    upper = np.where(z > 0, 1 + 2 * e, e * (e + 2))
    lower = np.where(z > 0, 2 * e * e, 2)
    return upper / (upper + lower)
