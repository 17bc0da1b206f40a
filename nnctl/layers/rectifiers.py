"""Rectifiers with settings, as layers: ReLU, LeakyReLU, ELU, ThresholdedReLU."""

from __future__ import annotations

import numpy as np

from nnctl.fields import field
from nnctl.layers import Array, Context, Layer
from nnctl.registry import register
from nnctl.rules import NonNegativeFloat

THRESHOLD_DOC = "Where the line begins."


class _Elementwise(Layer):
    """y = f(x), and its slope, which is all that backward needs; a subclass gives both in `curve`."""

    def curve(self, x: Array) -> tuple[Array, Array]:
        raise NotImplementedError

    def forward(self, x: Array, ctx: Context) -> tuple[Array, Array]:
        return self.curve(x)

    def backward(self, dy: Array, cache: Array) -> Array:
        return dy * cache


@register("layer")
class ReLU(_Elementwise):
    """y = max_value where x >= max_value;  x where x > threshold;  negative_slope * (x - threshold) elsewhere

    Shapes  x (B, ...)  y (B, ...)
    Source  keras.layers.ReLU
    """

    max_value: NonNegativeFloat | None = field(None, doc="Largest output; null: without limit.")
    negative_slope: NonNegativeFloat = field(0.0, doc="Slope below the threshold.", legacy=("alpha",))
    threshold: NonNegativeFloat = field(0.0, doc=THRESHOLD_DOC)

    examples = ({}, {"max_value": 0.5, "negative_slope": 0.1, "threshold": 0.25})

    def curve(self, x: Array) -> tuple[Array, Array]:
        above = x > self.threshold
        y = np.where(above, x, self.negative_slope * (x - self.threshold) if self.negative_slope else 0)
        slope = np.where(above, 1, self.negative_slope).astype(x.dtype)
        if self.max_value is not None:
            slope[above & (x > self.max_value)] = 0
            np.minimum(y, self.max_value, out=y)
        return y, slope


@register("layer")
class LeakyReLU(_Elementwise):
    """y = x where x > 0, negative_slope * x elsewhere

    Shapes  x (B, ...)  y (B, ...)
    Source  Maas, Hannun & Ng 2013; keras.layers.LeakyReLU
    """

    negative_slope: NonNegativeFloat = field(0.3, doc="Slope below 0.", legacy=("alpha",))

    def curve(self, x: Array) -> tuple[Array, Array]:
        slope = np.where(x > 0, 1, self.negative_slope).astype(x.dtype)
        return x * slope, slope


@register("layer")
class ELU(_Elementwise):
    """y = x where x > 0, alpha * (exp(x) - 1) elsewhere

    Shapes  x (B, ...)  y (B, ...)
    Source  Clevert, Unterthiner & Hochreiter 2016; keras.layers.ELU
    """

    alpha: float = field(1.0, doc="How far below 0 the curve ends.")

    examples = ({}, {"alpha": 0.5})

    def curve(self, x: Array) -> tuple[Array, Array]:
        below = self.alpha * np.expm1(np.minimum(x, 0))
        return np.where(x > 0, x, below), np.where(x > 0, 1, below + self.alpha)


@register("layer")
class ThresholdedReLU(_Elementwise):
    """y = x where x > theta, 0 elsewhere

    Shapes  x (B, ...)  y (B, ...)
    Source  Konda, Memisevic & Krueger 2015; keras.layers.ThresholdedReLU of Keras 2
    """

    theta: NonNegativeFloat = field(1.0, doc=THRESHOLD_DOC)

    examples = ({"theta": 0.25},)

    def curve(self, x: Array) -> tuple[Array, Array]:
        slope = (x > self.theta).astype(x.dtype)
        return x * slope, slope
