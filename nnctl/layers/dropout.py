"""Dropout: while training, a random part of the inputs is set to zero."""

from __future__ import annotations

from typing import Any

import numpy as np

from nnctl.fields import field
from nnctl.layers import Array, Context, Layer
from nnctl.registry import register
from nnctl.rules import Fraction, NonNegativeInt

NoiseShape = tuple[int | None, ...] | None

RATE_DOC = "Share of the inputs set to zero."
NOISE_SHAPE_DOC = "Shape of the draw, batch axis first: an axis of 1 shares one draw; null takes the input's size."
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
        keep = draw_mask(draw_shape(self.noise_shape, x.shape), self.rate, ctx.random, x.dtype)
        return x * keep, keep

    def backward(self, dy: Array, cache: Any) -> Array:
        return dy if cache is None else dy * cache


def draw_shape(noise_shape: NoiseShape, shape: tuple[int, ...]) -> tuple[int, ...]:
    """Return the shape of a draw for inputs of `shape`."""
    if noise_shape is None:
        return shape
    return tuple(own if size is None else size for size, own in zip(noise_shape, shape, strict=True))


def draw_mask(shape: tuple[int, ...], rate: float, random: Any, dtype: Any) -> Array:
    """Return an array of 0 (with probability `rate`) and 1 / (1 - rate).

    The draws are 16 raw random bits each, so `rate` is met to 1/65536 and a draw costs an eighth
    of a uniform float64.
    """
    size = int(np.prod(shape))
    bits = random.bit_generator.random_raw(-(-size // 4)).view(np.uint16)[:size].reshape(shape)
    keep = np.empty(shape, dtype)
    np.greater_equal(bits, round(rate * 65536), out=keep, casting="unsafe")
    keep *= 1 / (1 - rate)
    return keep
