"""Random noise while training: added (GaussianNoise) or multiplied (GaussianDropout), and AlphaDropout for selu."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from nnctl.fields import field
from nnctl.layers import Array, Context, Layer
from nnctl.layers.dropout import NOISE_SHAPE_DOC, SEED_DOC, NoiseShape, draw_mask, draw_shape
from nnctl.registry import register
from nnctl.rules import Fraction, NonNegativeFloat, NonNegativeInt

# Where selu ends far below zero: -alpha * scale of Klambauer et al. 2017.
SELU_FLOOR = -1.6732632423543772 * 1.0507009873554805


@register("layer")
class GaussianNoise(Layer):
    """y = x + e, e ~ N(0, stddev^2);  y = x when not training

    Shapes  x (B, ...)  y (B, ...)
    Source  keras.layers.GaussianNoise
    """

    stddev: NonNegativeFloat = field(doc="Standard deviation of the noise.", legacy=("sigma",))
    seed: NonNegativeInt | None = field(None, doc=SEED_DOC)

    examples = ({"stddev": 0.5},)

    def forward(self, x: Array, ctx: Context) -> tuple[Array, None]:
        if not ctx.training or self.stddev == 0:
            return x, None
        return x + self.stddev * normal(x, ctx), None

    def backward(self, dy: Array, cache: None) -> Array:
        return dy


@register("layer")
class GaussianDropout(Layer):
    """y = x * e, e ~ N(1, rate / (1 - rate));  y = x when not training

    Shapes  x (B, ...)  y (B, ...)
    Source  Srivastava et al. 2014, section 10; keras.layers.GaussianDropout
    """

    rate: Fraction = field(doc="The noise has the variance that a Dropout of this rate has.", legacy=("p",))
    seed: NonNegativeInt | None = field(None, doc=SEED_DOC)

    examples = ({"rate": 0.3},)

    def forward(self, x: Array, ctx: Context) -> tuple[Array, Any]:
        if not ctx.training or self.rate == 0:
            return x, None
        noise = 1 + math.sqrt(self.rate / (1 - self.rate)) * normal(x, ctx)
        return x * noise, noise

    def backward(self, dy: Array, cache: Any) -> Array:
        return dy if cache is None else dy * cache


@register("layer")
class AlphaDropout(Layer):
    """y = a * (x * keep + floor * (1 - keep)) + b, keep = 1 with probability 1 - rate, else 0;  y = x when not training

    floor is where selu ends, -1.758; a and b leave a mean of 0 and a variance of 1 as they are.
    Shapes  x (B, ...)  y (B, ...)
    Source  Klambauer et al. 2017; keras.layers.AlphaDropout
    """

    rate: Fraction = field(doc="Share of the inputs set to the floor of selu.", legacy=("p",))
    noise_shape: NoiseShape = field(None, doc=NOISE_SHAPE_DOC)
    seed: NonNegativeInt | None = field(None, doc=SEED_DOC)

    examples = ({"rate": 0.3}, {"rate": 0.5, "noise_shape": [None, 1, None], "input_shape": [4, 3]})

    def forward(self, x: Array, ctx: Context) -> tuple[Array, Any]:
        if not ctx.training or self.rate == 0:
            return x, None
        a = ((1 - self.rate) * (1 + self.rate * SELU_FLOOR**2)) ** -0.5
        keep = draw_mask(draw_shape(self.noise_shape, x.shape), self.rate, ctx.random, x.dtype) > 0
        y = np.where(keep, x * a, x.dtype.type(SELU_FLOOR * a))
        y -= a * SELU_FLOOR * self.rate
        return y, keep * x.dtype.type(a)

    def backward(self, dy: Array, cache: Any) -> Array:
        return dy if cache is None else dy * cache


def normal(x: Array, ctx: Context) -> Array:
    """Draw from N(0, 1), as many as x has and of its dtype."""
    assert ctx.random is not None
    return np.asarray(ctx.random.standard_normal(x.shape, dtype=x.dtype.type))
