"""Pictures made brighter, darker, stronger or paler at random while training."""

from __future__ import annotations

from typing import Any

from nnctl.fields import field
from nnctl.layers import Array, Shape
from nnctl.layers.augmentation import Augmentation, Factor, limits, uniform
from nnctl.registry import register
from nnctl.rules import Probability

ContrastFactor = Probability | tuple[Probability, Probability]

VALUE_RANGE_DOC = "Least and largest value of a pixel, where the results are cut off: [0, 1] for scaled pictures."


class RandomColour(Augmentation):
    """y = T(x), cut off at the ends of value_range"""

    value_range: tuple[float, float] = field((0.0, 255.0), doc=VALUE_RANGE_DOC)

    order = ("factor", "value_range", "seed")

    def cut_off(self, x: Array) -> tuple[Array, Array]:
        """Return x within the range, and where it was so before."""
        low, high = sorted(self.value_range)
        return x.clip(x.dtype.type(low), x.dtype.type(high)), (x >= low) & (x <= high)


@register("layer")
class RandomBrightness(RandomColour):
    """y = x + d * (largest - least), d drawn from factor, cut off at value_range;  y = x when not training

    Shapes  x (B, H, W, C)  y (B, H, W, C)
    Source  keras.layers.RandomBrightness
    """

    factor: Factor = field(doc="Share of the range: f stands for -f to f, or both ends are given.")

    examples = (
        {"factor": 0.1, "value_range": [-3.0, 1.0], "input_shape": [3, 4, 2]},
        {"factor": [0.0, 0.5], "value_range": [-1.0, 1.0], "data_format": "channels_first", "input_shape": [2, 3, 4]},
    )

    def draw(self, shape: Shape, random: Any) -> Any:
        return uniform(random, limits(self.factor), shape[0])

    def transform(self, x: Array, drawn: Any) -> tuple[Array, Any]:
        low, high = sorted(self.value_range)
        return self.cut_off(x + (drawn * (high - low)).astype(x.dtype)[:, None, None, None])

    def transposed(self, dy: Array, cache: Any) -> Array:
        return dy * cache


@register("layer")
class RandomContrast(RandomColour):
    """y = m + c * (x - m), m the mean of each channel, cut off at value_range;  y = x when not training

    c is drawn from 1 - a to 1 + b for a factor [a, b]; one number b stands for [0, b], as in Keras 3.
    Shapes  x (B, H, W, C)  y (B, H, W, C)
    Source  keras.layers.RandomContrast
    """

    factor: ContrastFactor = field(doc="How far c goes below and above 1; one number: above alone.")

    examples = (
        {"factor": 0.3, "value_range": [-2.0, 2.0], "input_shape": [3, 4, 2]},
        {"factor": [0.4, 0.5], "value_range": [-1.0, 1.0], "data_format": "channels_first", "input_shape": [2, 3, 4]},
    )

    def draw(self, shape: Shape, random: Any) -> Any:
        low, high = limits(self.factor, least=0.0)
        return uniform(random, (1 - low, 1 + high), shape[0])

    def transform(self, x: Array, drawn: Any) -> tuple[Array, Any]:
        contrast = drawn.astype(x.dtype)[:, None, None, None]
        mean = x.mean(axis=(1, 2), keepdims=True)
        y, within = self.cut_off((x - mean) * contrast + mean)
        return y, (contrast, within)

    def transposed(self, dy: Array, cache: Any) -> Array:
        contrast, within = cache
        dy = dy * within
        return contrast * dy + (1 - contrast) * dy.mean(axis=(1, 2), keepdims=True)
