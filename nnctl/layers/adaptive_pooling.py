"""Adaptive pooling: as many windows as outputs are wanted, as even as they can be."""

from __future__ import annotations

from typing import Any

import numpy as np

from nnctl.errors import ConfigError
from nnctl.fields import field
from nnctl.layers import Array, Context, Shape, show_shape
from nnctl.layers.interpolation import mix
from nnctl.layers.windows import DATA_FORMAT_DOC, DataFormat, Sizes, Sliding
from nnctl.registry import register


class AdaptivePooling(Sliding):
    """Window i of n places goes from floor(i n / output_size) up to ceil((i + 1) n / output_size), on each axis."""

    output_size: Sizes = field(doc="Number of outputs along each axis; one number for all axes.")
    data_format: DataFormat = field("channels_last", doc=DATA_FORMAT_DOC)

    sized = ("output_size",)

    def build(self, input_shape: Shape) -> Shape:
        sizes, channels = self.split(input_shape)
        wanted = self.per_axis(self.output_size)
        if any(m > n for n, m in zip(sizes, wanted, strict=True)):
            raise ConfigError(f"{self.title()}: no {list(wanted)} outputs out of inputs of {show_shape(input_shape)}")
        self.spans = [spans(n, m) for n, m in zip(sizes, wanted, strict=True)]
        return self.join(wanted, channels)


class AdaptiveAveragePooling(AdaptivePooling):
    """y = mean of each window"""

    def forward(self, x: Array, ctx: Context) -> tuple[Array, Any]:
        x = self.inward(x)
        matrices = [averaging(own, n, x.dtype) for own, n in zip(self.spans, x.shape[1:-1], strict=True)]
        return self.outward(mix(x, matrices)), matrices

    def backward(self, dy: Array, cache: Any) -> Array:
        return self.outward(mix(self.inward(dy), [matrix.T for matrix in cache]))


class AdaptiveMaxPooling(AdaptivePooling):
    """y = maximum of each window, axis by axis; the first one has the gradient"""

    def forward(self, x: Array, ctx: Context) -> tuple[Array, Any]:
        y, kept = self.inward(x), []
        for axis, own in enumerate(self.spans, 1):
            turned = np.moveaxis(y, axis, 0)
            where = np.stack([turned[a:b].argmax(axis=0) + a for a, b in own])
            kept.append((turned.shape, where))
            y = np.moveaxis(np.take_along_axis(turned, where, axis=0), 0, axis)
        return self.outward(y), kept

    def backward(self, dy: Array, cache: Any) -> Array:
        dx = self.inward(dy)
        for axis, (shape, where) in reversed([*enumerate(cache, 1)]):
            wide = np.zeros(shape, dx.dtype)
            for place, part in zip(where, np.moveaxis(dx, axis, 0), strict=True):  # windows may share a place
                at = place[None]
                np.put_along_axis(wide, at, np.take_along_axis(wide, at, axis=0) + part, axis=0)
            dx = np.moveaxis(wide, 0, axis)
        return self.outward(dx)


def spans(n: int, wanted: int) -> list[tuple[int, int]]:
    """Return where each window begins and ends.

    >>> spans(7, 3)
    [(0, 3), (2, 5), (4, 7)]
    """
    return [(i * n // wanted, -(-(i + 1) * n // wanted)) for i in range(wanted)]


def averaging(own: list[tuple[int, int]], n: int, dtype: Any) -> Array:
    """Return the matrix (windows, n) that takes the mean of each window."""
    matrix = np.zeros((len(own), n), dtype)
    for row, (a, b) in zip(matrix, own, strict=True):
        row[a:b] = 1 / (b - a)
    return matrix


@register("layer")
class AdaptiveAveragePooling1D(AdaptiveAveragePooling):
    """y[i] = mean of x[i T // output_size : ceil((i + 1) T / output_size)]

    Shapes  x (B, T, C)  y (B, output_size, C)
    Source  keras.layers.AdaptiveAveragePooling1D
    """

    axes = 1
    examples = ({"output_size": 3, "input_shape": [5, 2]},)


@register("layer")
class AdaptiveAveragePooling2D(AdaptiveAveragePooling):
    """y[i, j] = mean of window i of the rows and window j of the columns, as AdaptiveAveragePooling1D has them

    Shapes  x (B, H, W, C)  y (B, *output_size, C)
    Source  keras.layers.AdaptiveAveragePooling2D
    """

    axes = 2
    examples = ({"output_size": [2, 3], "data_format": "channels_first", "input_shape": [2, 3, 4]},)


@register("layer")
class AdaptiveAveragePooling3D(AdaptiveAveragePooling):
    """y[i, j, k] = mean of the windows i, j, k of the three axes, as AdaptiveAveragePooling1D has them

    Shapes  x (B, D, H, W, C)  y (B, *output_size, C)
    Source  keras.layers.AdaptiveAveragePooling3D
    """

    axes = 3
    examples = ({"output_size": 2, "input_shape": [2, 3, 4, 1]},)


@register("layer")
class AdaptiveMaxPooling1D(AdaptiveMaxPooling):
    """y[i] = maximum of x[i T // output_size : ceil((i + 1) T / output_size)]

    Shapes  x (B, T, C)  y (B, output_size, C)
    Source  keras.layers.AdaptiveMaxPooling1D
    """

    axes = 1
    examples = ({"output_size": 3, "input_shape": [5, 2]},)


@register("layer")
class AdaptiveMaxPooling2D(AdaptiveMaxPooling):
    """y[i, j] = maximum of window i of the rows and window j of the columns, as AdaptiveMaxPooling1D has them

    Shapes  x (B, H, W, C)  y (B, *output_size, C)
    Source  keras.layers.AdaptiveMaxPooling2D
    """

    axes = 2
    examples = ({"output_size": [2, 3], "data_format": "channels_first", "input_shape": [2, 3, 4]},)


@register("layer")
class AdaptiveMaxPooling3D(AdaptiveMaxPooling):
    """y[i, j, k] = maximum of the windows i, j, k of the three axes, as AdaptiveMaxPooling1D has them

    Shapes  x (B, D, H, W, C)  y (B, *output_size, C)
    Source  keras.layers.AdaptiveMaxPooling3D
    """

    axes = 3
    examples = ({"output_size": 2, "input_shape": [2, 3, 4, 1]},)
