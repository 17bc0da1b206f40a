"""Upsampling: every place repeated, or the places between two filled in along a line."""

from __future__ import annotations

import math
from typing import Any, Literal

import numpy as np

from nnctl.fields import field
from nnctl.layers import Array, Context, Shape
from nnctl.layers.windows import DATA_FORMAT_DOC, ORDERINGS, DataFormat, Sizes, Sliding
from nnctl.registry import register

SIZE_DOC = "How many times larger; one number for all axes."


class UpSampling(Sliding):
    """y = x, every place `size` times along each axis"""

    size: Sizes = field(2, doc=SIZE_DOC, legacy=("length",))
    data_format: DataFormat = field("channels_last", doc=DATA_FORMAT_DOC, legacy={"dim_ordering": ORDERINGS})

    sized = ("size",)
    order = ("size", "data_format")

    def build(self, input_shape: Shape) -> Shape:
        sizes, channels = self.split(input_shape)
        self.factors = self.per_axis(self.size)
        return self.join(tuple(n * f for n, f in zip(sizes, self.factors, strict=True)), channels)

    def forward(self, x: Array, ctx: Context) -> tuple[Array, Any]:
        y = self.inward(x)
        for axis, factor in enumerate(self.factors, 1):
            y = np.repeat(y, factor, axis=axis)
        return self.outward(y), None

    def backward(self, dy: Array, cache: Any) -> Array:
        dy = self.inward(dy)
        split: list[int] = []
        for n, factor in zip(dy.shape[1:-1], self.factors, strict=True):
            split += [n // factor, factor]
        copies = tuple(range(2, 2 * self.axes + 1, 2))
        return self.outward(dy.reshape(len(dy), *split, dy.shape[-1]).sum(axis=copies))


@register("layer")
class UpSampling1D(UpSampling):
    """y[t] = x[t // size]

    Shapes  x (B, T, C)  y (B, T size, C)
    Source  keras.layers.UpSampling1D
    """

    axes = 1
    own = ("data_format",)
    examples = ({"input_shape": [3, 2]},)


@register("layer")
class UpSampling2D(UpSampling):
    """y[i, j] = x[i // size, j // size];  bilinear: a weighted mean of the four nearest places

    Bilinear: place i of y lies at (i + 1/2) / size - 1/2 in x; beyond the border stands the border's value.
    Shapes  x (B, H, W, C)  y (B, H size, W size, C)
    Source  keras.layers.UpSampling2D
    """

    interpolation: Literal["nearest", "bilinear"] = field("nearest", doc="How the new places are filled.")

    axes = 2
    examples = (
        {"size": [1, 3], "input_shape": [2, 2, 2]},
        {"size": [3, 2], "interpolation": "bilinear", "data_format": "channels_first", "input_shape": [2, 2, 3]},
    )

    def forward(self, x: Array, ctx: Context) -> tuple[Array, Any]:
        if self.interpolation == "nearest":
            return super().forward(x, ctx)
        x = self.inward(x)
        matrices = [bilinear(n, n * factor, x.dtype) for n, factor in zip(x.shape[1:-1], self.factors, strict=True)]
        return self.outward(mix(x, matrices)), matrices

    def backward(self, dy: Array, cache: Any) -> Array:
        if cache is None:
            return super().backward(dy, cache)
        return self.outward(mix(self.inward(dy), [matrix.T for matrix in cache]))


@register("layer")
class UpSampling3D(UpSampling):
    """y[i, j, k] = x[i // size, j // size, k // size]

    Shapes  x (B, D, H, W, C)  y (B, D size, H size, W size, C)
    Source  keras.layers.UpSampling3D
    """

    axes = 3
    examples = ({"size": [1, 2, 2], "input_shape": [1, 2, 2, 2]},)


def mix(x: Array, matrices: list[Array]) -> Array:
    """Return x (B, *S, C) with each axis of S replaced by what a matrix (new, old) makes of it."""
    for axis, matrix in enumerate(matrices, 1):
        x = np.moveaxis(np.tensordot(matrix, x, (1, axis)), 0, axis)
    return x


def bilinear(n: int, m: int, dtype: Any) -> Array:
    """Return the matrix (m, n) that makes m places of n along one axis, on lines between two neighbours.

    >>> bilinear(2, 4, "float64").tolist()
    [[1.0, 0.0], [0.75, 0.25], [0.25, 0.75], [0.0, 1.0]]
    """
    matrix = np.zeros((m, n), dtype)
    for place, weights in enumerate(matrix):
        at = (place + 0.5) * n / m - 0.5
        below = math.floor(at)
        weights[min(max(below, 0), n - 1)] += 1 - (at - below)
        weights[min(below + 1, n - 1)] += at - below
    return matrix
