"""Dropout: while training, a random part of the inputs is set to zero."""

from __future__ import annotations

from typing import Any

import numpy as np

from nnctl import kernels
from nnctl.fields import field
from nnctl.layers import Array, Context, Layer
from nnctl.registry import register
from nnctl.rules import Fraction, NonNegativeInt

NoiseShape = tuple[int | None, ...] | None

RATE_DOC = "Share of the inputs set to zero."
NOISE_SHAPE_DOC = "Shape of the draw, batch axis first: an axis of 1 shares one draw; null takes the input's size."
LEVELS = 65536
SEED_DOC = "Accepted for Keras' sake: draws come from the seed of the spec."


@register("layer")
class Dropout(Layer):
    """y = x * keep / (1 - rate), keep = 1 with probability 1 - rate, else 0;  y = x when not training

    Shapes  x (B, ...)  y (B, ...)
    Source  Srivastava et al. 2014; keras.layers.Dropout
    """

    rate: Fraction = field(doc=RATE_DOC, legacy=("p",))
    noise_shape: NoiseShape = field(None, doc=NOISE_SHAPE_DOC)
    seed: NonNegativeInt | None = field(None, doc=SEED_DOC)

    examples = ({"rate": 0.3}, {"rate": 0.5, "noise_shape": [None, 1, None], "input_shape": [4, 3]})

    def forward(self, x: Array, ctx: Context) -> tuple[Array, Any]:
        if not ctx.training or self.rate == 0:
            return x, None
        if self.noise_shape is not None:
            keep = draw_mask(draw_shape(self.noise_shape, x.shape), self.rate, ctx.random, x.dtype)
            return x * keep, keep
        bits = draw_bits(x.shape, ctx.random)
        return self.dropped(x, bits), bits

    def backward(self, dy: Array, cache: Any) -> Array:
        if cache is None:
            return dy
        return dy * cache if self.noise_shape is not None else self.dropped(dy, cache)

    def dropped(self, x: Array, bits: Array) -> Array:
        y = np.empty(x.shape, x.dtype)
        kernels.drop(x, bits, round(self.rate * LEVELS), 1 / (1 - self.rate), y)
        return y


def draw_shape(noise_shape: NoiseShape, shape: tuple[int, ...]) -> tuple[int, ...]:
    """Return the shape of a draw for inputs of `shape`."""
    if noise_shape is None:
        return shape
    return tuple(own if size is None else size for size, own in zip(noise_shape, shape, strict=True))


def draw_mask(shape: tuple[int, ...], rate: float, random: Any, dtype: Any) -> Array:
    """Return an array of 0 (with probability `rate`) and 1 / (1 - rate)."""
    keep = np.empty(shape, dtype)
    np.greater_equal(draw_bits(shape, random), round(rate * LEVELS), out=keep, casting="unsafe")
    keep *= 1 / (1 - rate)
    return keep


def draw_bits(shape: tuple[int, ...], random: Any) -> Array:
    """Return whole numbers below LEVELS.

    They are raw random bits: a rate is met to 1 / LEVELS, and a draw costs an eighth of a uniform float64.
    """
    size = int(np.prod(shape))
    bits: Array = random.bit_generator.random_raw(-(-size // 4)).view(np.uint16)[:size].reshape(shape)
    return bits
