"""Pictures of another size: resized, and cut out of the middle."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any, Literal

import numpy as np

from nnctl.fields import field
from nnctl.layers import Array, Context, Shape
from nnctl.layers.interpolation import INTERPOLATION_DOC, Interpolation, between, mix
from nnctl.layers.windows import DATA_FORMAT_DOC, DataFormat, Sliding
from nnctl.registry import register
from nnctl.rules import PositiveInt


class Resized(Sliding):
    """y = rows @ x[window] @ columns', and `fill_value` where no pixel of x lies"""

    axes = 2

    height: PositiveInt = field(doc="Height of the output.")
    width: PositiveInt = field(doc="Width of the output.")
    data_format: DataFormat = field("channels_last", doc=DATA_FORMAT_DOC)

    fill_value: float = 0.0

    def build(self, input_shape: Shape) -> Shape:
        sizes, channels = self.split(input_shape)
        self.window, self.matrices = self.places(sizes)
        return self.join((self.height, self.width), channels)

    def places(self, sizes: Shape) -> tuple[tuple[slice, ...], list[Array]]:
        """Return the pixels that count, as an index of (B, H, W, C), and what makes rows and columns of them.

        Without matrices the pixels stay as they are.
        """
        raise NotImplementedError

    def ways(self, dtype: Any) -> list[Array]:
        return [matrix.astype(dtype) for matrix in self.matrices]

    def filled(self, dtype: Any) -> Array:
        """Return what is added to (B, H, W, C): fill_value times the share that no pixel of x has of a place."""
        rows, columns = (matrix.sum(axis=1) for matrix in self.matrices)
        return (self.fill_value * (1 - np.outer(rows, columns))[..., None]).astype(dtype)

    def forward(self, x: Array, ctx: Context) -> tuple[Array, Shape]:
        x = self.inward(x)
        y = mix(x[self.window], self.ways(x.dtype)) if self.matrices else x[self.window]
        if self.fill_value and self.matrices:
            y = y + self.filled(x.dtype)
        return self.outward(y), x.shape

    def backward(self, dy: Array, cache: Shape) -> Array:
        dy, dx = self.inward(dy), np.zeros(cache, dy.dtype)
        dx[self.window] = mix(dy, [matrix.T for matrix in self.ways(dy.dtype)]) if self.matrices else dy
        return self.outward(dx)


@register("layer")
class Resizing(Resized):
    """y[i, j] = x at ((i + 1/2) H / height - 1/2, (j + 1/2) W / width - 1/2)

    Bilinear: a weighted mean of the four nearest pixels, bicubic of 16, lanczos3 of 36, lanczos5 of 100; beyond the
    border stands nothing, and the weights of the others grow. With antialias it is of as many more as x is larger.
    Shapes  x (B, H, W, C)  y (B, height, width, C)
    Source  keras.layers.Resizing
    """

    interpolation: Interpolation = field("bilinear", doc=INTERPOLATION_DOC)
    crop_to_aspect_ratio: bool = field(
        False, doc="First cut the largest part out of the middle that has the shape of the output."
    )
    pad_to_aspect_ratio: bool = field(
        False, doc="First put as much around a picture as gives it the shape of the output."
    )
    fill_mode: Literal["constant"] = field("constant", doc="What is put around a picture.")
    fill_value: float = field(0.0, doc="Value of the pixels put around a picture.")
    antialias: bool = field(False, doc="Take the mean of more pixels where the picture gets smaller.")

    order = ("height", "width", "interpolation", "crop_to_aspect_ratio", "pad_to_aspect_ratio", "fill_mode",
             "fill_value", "antialias", "data_format")  # fmt: skip
    examples = (
        {"height": 5, "width": 2, "input_shape": [3, 4, 2]},
        {"height": 2, "width": 5, "interpolation": "nearest", "data_format": "channels_first",
         "input_shape": [2, 3, 4]},
        {"height": 2, "width": 6, "interpolation": "bicubic", "antialias": True, "input_shape": [5, 3, 1]},
        {"height": 3, "width": 3, "crop_to_aspect_ratio": True, "input_shape": [3, 6, 1]},
        {"height": 4, "width": 4, "pad_to_aspect_ratio": True, "fill_value": 0.5, "input_shape": [2, 6, 1]},
    )  # fmt: skip

    def conflicts(self) -> Iterator[tuple[str, str]]:
        yield from super().conflicts()
        if self.crop_to_aspect_ratio and self.pad_to_aspect_ratio:
            yield "pad_to_aspect_ratio", "either crop_to_aspect_ratio or pad_to_aspect_ratio is possible, not both"

    def places(self, sizes: Shape) -> tuple[tuple[slice, ...], list[Array]]:
        wanted = self.height, self.width
        if self.crop_to_aspect_ratio:
            window, sizes = middle(sizes, in_shape_of(sizes, wanted))
        else:
            window = (slice(None),)
        make = partial(between, how=self.interpolation, dtype="float64", antialias=self.antialias)
        if not self.pad_to_aspect_ratio:
            return window, [make(n, m) for n, m in zip(sizes, wanted, strict=True)]
        matrices = []
        for n, m, full in zip(sizes, wanted, around(sizes, wanted), strict=True):
            before = (full - n) // 2  # and as much behind, also where one more would be needed
            matrices.append(make(n + 2 * before, m)[:, before : before + n])
        return window, matrices


@register("layer")
class CenterCrop(Resized):
    """y[i, j] = x[(H - height) // 2 + i, (W - width) // 2 + j]

    A picture that is smaller is resized (bilinear) from the largest part of its middle that has the shape of the
    output.
    Shapes  x (B, H, W, C)  y (B, height, width, C)
    Source  keras.layers.CenterCrop
    """

    order = ("height", "width", "data_format")
    examples = (
        {"height": 2, "width": 3, "input_shape": [5, 4, 2]},
        {"height": 4, "width": 2, "data_format": "channels_first", "input_shape": [2, 3, 5]},
    )

    def places(self, sizes: Shape) -> tuple[tuple[slice, ...], list[Array]]:
        wanted = self.height, self.width
        if sizes[0] >= self.height and sizes[1] >= self.width:
            return middle(sizes, wanted)[0], []
        window, left = middle(sizes, in_shape_of(sizes, wanted))
        return window, [between(n, m, "bilinear", "float64") for n, m in zip(left, wanted, strict=True)]


def middle(sizes: Shape, part: Shape) -> tuple[tuple[slice, ...], Shape]:
    """Return where the middle of a picture lies, as an index of (B, H, W, C), and its sizes."""
    starts = [(n - m) // 2 for n, m in zip(sizes, part, strict=True)]
    return (slice(None), *(slice(start, start + m) for start, m in zip(starts, part, strict=True))), part


def in_shape_of(sizes: Shape, wanted: Shape) -> Shape:
    """Return the largest sizes within `sizes` that stand to each other as those that are wanted.

    >>> in_shape_of((3, 6), (2, 2)), in_shape_of((6, 3), (1, 2))
    ((3, 3), (1, 3))
    """
    return tuple(max(min(n, m), 1) for n, m in zip(sizes, _stretched(sizes, wanted), strict=True))


def around(sizes: Shape, wanted: Shape) -> Shape:
    """Return the smallest sizes around `sizes` that stand to each other as those that are wanted.

    >>> around((3, 6), (2, 2)), around((6, 3), (1, 2))
    ((6, 6), (6, 12))
    """
    return tuple(map(max, sizes, _stretched(sizes, wanted)))


def _stretched(sizes: Shape, wanted: Shape) -> Shape:
    """Return the height that goes with the width, and the width that goes with the height, rounded down."""
    (height, width), (target_height, target_width) = sizes, wanted
    return width * target_height // target_width, height * target_width // target_height
