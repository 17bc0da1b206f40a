"""Augmentation: while training, every picture is changed at random, so that none is seen twice as it was."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import numpy as np
from annotated_types import Ge, Le

from nnctl.fields import field
from nnctl.layers import Array, Context, Shape
from nnctl.layers.dropout import SEED_DOC
from nnctl.layers.windows import DATA_FORMAT_DOC, DataFormat, Sliding
from nnctl.registry import register
from nnctl.rules import NonNegativeInt

Share = Annotated[float, Ge(-1), Le(1)]
Factor = Share | tuple[Share, Share]


class Augmentation(Sliding):
    """y = T(x), one T drawn for each picture;  y = x when not training

    A layer draws all it needs of T at once (`draw`); what it drew alone says what `transform` does.
    """

    axes = 2

    seed: NonNegativeInt | None = field(None, doc=SEED_DOC)
    data_format: DataFormat = field("channels_last", doc=DATA_FORMAT_DOC)

    def build(self, input_shape: Shape) -> Shape:
        return input_shape

    def forward(self, x: Array, ctx: Context) -> tuple[Array, Any]:
        if not ctx.training:
            return x, None
        x = self.inward(x)
        y, cache = self.transform(x, self.draw(x.shape, ctx.random))
        return self.outward(y), cache if self.needs_dx else None

    def backward(self, dy: Array, cache: Any) -> Array | None:
        if cache is None:
            return dy if self.needs_dx else None
        return self.outward(self.transposed(self.inward(dy), cache))

    def draw(self, shape: Shape, random: Any) -> Any:
        """Draw what happens to pictures (B, H, W, C), one by one."""
        raise NotImplementedError

    def transform(self, x: Array, drawn: Any) -> tuple[Array, Any]:
        """Return the changed pictures, and what `transposed` needs."""
        raise NotImplementedError

    def transposed(self, dy: Array, cache: Any) -> Array:
        """Return the slope with respect to the pictures."""
        raise NotImplementedError

    def compute_mask(self, x: Array, mask: Array | None) -> Array | None:
        return mask


def limits(factor: Factor, least: float = -1.0) -> tuple[float, float]:
    """Return the ends of what a factor allows: f stands for -f to f, cut off at `least`.

    >>> limits(0.2), limits((0.3, -0.1)), limits(0.2, least=0)
    ((-0.2, 0.2), (-0.1, 0.3), (0, 0.2))
    """
    if isinstance(factor, tuple):
        return min(factor), max(factor)
    return max(-abs(factor), least), abs(factor)


def uniform(random: Any, ends: tuple[float, float], count: int) -> Array:
    low, high = ends
    return np.asarray(low + (high - low) * random.random(count))


@register("layer")
class RandomFlip(Augmentation):
    """y = x, or x in the mirror, each with probability 1/2;  y = x when not training

    With horizontal_and_vertical a picture is mirrored both ways or not at all, as in Keras.
    Shapes  x (B, H, W, C)  y (B, H, W, C)
    Source  keras.layers.RandomFlip
    """

    mode: Literal["horizontal", "vertical", "horizontal_and_vertical"] = field(
        "horizontal_and_vertical", doc="Left and right change places, top and bottom do, or both."
    )

    order = ("mode", "seed", "data_format")
    examples = (
        {"input_shape": [3, 4, 2]},
        {"mode": "horizontal", "input_shape": [3, 4, 2]},
        {"mode": "vertical", "data_format": "channels_first", "input_shape": [2, 3, 4]},
    )

    def draw(self, shape: Shape, random: Any) -> Any:
        return random.random(shape[0]) <= 0.5

    def transform(self, x: Array, drawn: Any) -> tuple[Array, Any]:
        mirror = {"horizontal": (2,), "vertical": (1,)}.get(self.mode, (1, 2))
        return np.where(drawn[:, None, None, None], np.flip(x, mirror), x), drawn

    def transposed(self, dy: Array, cache: Any) -> Array:
        return self.transform(dy, cache)[0]
