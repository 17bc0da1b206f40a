"""Upsampling: every place repeated, or the places between two filled in along a line."""

from __future__ import annotations

from typing import Any

import numpy as np

from nnctl.fields import field
from nnctl.layers import Array, Context, Shape
from nnctl.layers.interpolation import INTERPOLATION_DOC, Interpolation, between, mix
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
    """y[i, j] = x[i // size, j // size];  otherwise a weighted mean of the places nearby

    Place i of y lies at (i + 1/2) / size - 1/2 in x. Bilinear takes the four nearest places, bicubic 16, lanczos3 36,
    lanczos5 100; beyond the border stands nothing, and the weights of the others grow.
    Shapes  x (B, H, W, C)  y (B, H size, W size, C)
    Source  keras.layers.UpSampling2D
    """

    interpolation: Interpolation = field("nearest", doc=INTERPOLATION_DOC)

    axes = 2
    examples = (
        {"size": [1, 3], "input_shape": [2, 2, 2]},
        {"size": [3, 2], "interpolation": "bilinear", "data_format": "channels_first", "input_shape": [2, 2, 3]},
    )

    def forward(self, x: Array, ctx: Context) -> tuple[Array, Any]:
        if self.interpolation == "nearest":
            return super().forward(x, ctx)
        x = self.inward(x)
        matrices = self.matrices(x.shape[1:-1], x.dtype)
        return self.outward(mix(x, matrices)), matrices

    def matrices(self, sizes: Shape, dtype: Any) -> list[Array]:
        """Return what makes the new places of each axis, (new, old)."""
        pairs = zip(sizes, self.factors, strict=True)
        return [between(n, n * factor, self.interpolation, dtype) for n, factor in pairs]

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
