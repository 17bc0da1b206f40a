"""Pictures moved, zoomed and turned at random while training: each new place looks up where it came from."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import numpy as np
from annotated_types import Gt, Le

from nnctl.fields import field
from nnctl.layers import Array, Shape
from nnctl.layers.augmentation import Augmentation, Factor, limits, uniform
from nnctl.layers.sampling import FillMode, give_back, look_up
from nnctl.registry import register

Interpolation = Literal["bilinear", "nearest"]
ZoomShare = Annotated[float, Gt(-1), Le(1)]
ZoomFactor = ZoomShare | tuple[ZoomShare, ZoomShare]

ROW_OF_ONES = np.array([1.0, 0.0, 0.0, 0.0, 1.0, 0.0])  # every place comes from itself


class RandomAffine(Augmentation):
    """y[i, j] = x at (row, column) of A (j, i, 1), A of shape (2, 3) drawn for each picture

    Between four pixels lies their weighted mean, or the nearest of them. Places outside of x, by `fill_mode`:
    reflect (d c b a | a b c d | d c b a), wrap (a b c d | a b c d), nearest (a a a | a b c d | d d d), or
    constant: `fill_value`.
    """

    fill_mode: FillMode = field("reflect", doc="What stands beyond the edges: mirrored, repeated, edge, or fill_value.")
    interpolation: Interpolation = field("bilinear", doc="What stands between pixels: their mean, or the nearest.")
    fill_value: float = field(0.0, doc="Value beyond the edges where fill_mode is constant.")

    def matrices(self, drawn: Array, height: int, width: int) -> Array:
        """Return (B, 6): from column j and row i of y to  a j + b i + c,  d j + e i + f  of x."""
        raise NotImplementedError

    def transform(self, x: Array, drawn: Any) -> tuple[Array, Any]:
        made = self.matrices(drawn, *x.shape[1:3])
        return look_up(x, made, self.fill_mode, self.interpolation == "bilinear", self.fill_value)

    def transposed(self, dy: Array, cache: Any) -> Array:
        return give_back(dy, cache)


@register("layer")
class RandomTranslation(RandomAffine):
    """y[i, j] = x[i - s, j - t], s and t shares of H and W drawn from the factors;  y = x when not training

    A positive factor moves pictures down and to the right.
    Shapes  x (B, H, W, C)  y (B, H, W, C)
    Source  keras.layers.RandomTranslation
    """

    height_factor: Factor = field(doc="Share of the height: f stands for -f to f, or both ends are given.")
    width_factor: Factor = field(doc="Share of the width, in the same way.")

    order = ("height_factor", "width_factor", "fill_mode", "interpolation", "seed", "fill_value", "data_format")
    examples = (
        {"height_factor": 0.4, "width_factor": [-0.3, 0.6], "input_shape": [4, 5, 2]},
        {"height_factor": 1.0, "width_factor": 0.5, "fill_mode": "constant", "fill_value": 2, "input_shape": [3, 4, 1]},
        {"height_factor": 0.5, "width_factor": 0.5, "fill_mode": "wrap", "input_shape": [4, 3, 2]},
        {"height_factor": 0, "width_factor": 0.5, "data_format": "channels_first", "input_shape": [2, 4, 3]},
        {"height_factor": 0.5, "width_factor": 0, "interpolation": "nearest", "input_shape": [3, 4, 1]},
    )

    def draw(self, shape: Shape, random: Any) -> Any:
        ends = limits(self.height_factor), limits(self.width_factor)
        return np.stack([uniform(random, pair, shape[0]) for pair in ends], axis=1)

    def matrices(self, drawn: Array, height: int, width: int) -> Array:
        made = np.tile(ROW_OF_ONES, (len(drawn), 1))
        made[:, 2], made[:, 5] = -drawn[:, 1] * width, -drawn[:, 0] * height
        return made


@register("layer")
class RandomZoom(RandomAffine):
    """y[i, j] = x at the middle + z * ((i, j) - the middle), z drawn from 1 + height_factor and width_factor

    A negative factor shows a part larger, a positive one shows all of it smaller; y = x when not training.
    Shapes  x (B, H, W, C)  y (B, H, W, C)
    Source  keras.layers.RandomZoom
    """

    height_factor: ZoomFactor = field(doc="Added to 1: f stands for -f to f, or both ends are given.")
    width_factor: ZoomFactor | None = field(None, doc="The same for the width; null: that of the height.")

    order = ("height_factor", "width_factor", "fill_mode", "interpolation", "seed", "fill_value", "data_format")
    examples = (
        {"height_factor": 0.4, "input_shape": [4, 5, 2]},
        {"height_factor": [-0.5, -0.2], "width_factor": 0.5, "fill_mode": "constant", "input_shape": [4, 3, 1]},
    )

    def draw(self, shape: Shape, random: Any) -> Any:
        tall = uniform(random, limits(self.height_factor), shape[0])
        wide = tall if self.width_factor is None else uniform(random, limits(self.width_factor), shape[0])
        return 1 + np.stack([tall, wide], axis=1)

    def matrices(self, drawn: Array, height: int, width: int) -> Array:
        tall, wide = drawn.T
        made = np.tile(ROW_OF_ONES, (len(drawn), 1))
        made[:, 0], made[:, 2] = wide, (width - 1) / 2 * (1 - wide)
        made[:, 4], made[:, 5] = tall, (height - 1) / 2 * (1 - tall)
        return made


@register("layer")
class RandomRotation(RandomAffine):
    """y = x turned about its middle by an angle drawn from factor times 360 degrees;  y = x when not training

    A positive angle turns pictures counter-clockwise.
    Shapes  x (B, H, W, C)  y (B, H, W, C)
    Source  keras.layers.RandomRotation
    """

    factor: Factor = field(doc="Share of a full turn: f stands for -f to f, or both ends are given.")

    order = ("factor", "fill_mode", "interpolation", "seed", "fill_value", "data_format")
    examples = (
        {"factor": 0.1, "input_shape": [4, 5, 2]},
        {"factor": [0.2, 0.3], "fill_mode": "wrap", "interpolation": "nearest", "input_shape": [4, 4, 1]},
    )

    def draw(self, shape: Shape, random: Any) -> Any:
        return uniform(random, limits(self.factor), shape[0]) * 2 * np.pi

    def matrices(self, drawn: Array, height: int, width: int) -> Array:
        cos, sin, x, y = np.cos(drawn), np.sin(drawn), (width - 1) / 2, (height - 1) / 2
        return np.stack([cos, -sin, x - x * cos + y * sin, sin, cos, y - x * sin - y * cos], axis=1)
