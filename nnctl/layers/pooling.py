"""Pooling: the maximum or the mean of every window of a sequence, an image or a volume."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any, Literal

import numpy as np

from nnctl import kernels, threads
from nnctl.fields import field
from nnctl.layers import Array, Context, Shape
from nnctl.layers.windows import DATA_FORMAT_DOC, ORDERINGS, DataFormat, Sizes, Sliding
from nnctl.registry import register

BLOCK_BYTES = 1 << 19  # of inputs: a block stays in the cache while the elements of a window pass over it
POOL_PADDING_DOC = "valid: only where the window fits; same: also over the border, as many outputs as inputs / strides."
POOL_SIZE_DOC = "Size of the window; one number for all axes."


class Pooling(Sliding):
    """One number for each window of each channel; a subclass says which in `pooled` and `slope`."""

    pool_size: Sizes = field(2, doc=POOL_SIZE_DOC, legacy=("pool_length",))
    strides: Sizes | None = field(None, doc="Step of the window; null: its size.", legacy=("stride",))
    padding: Literal["valid", "same"] = field("valid", doc=POOL_PADDING_DOC, legacy=("border_mode",))
    data_format: DataFormat = field("channels_last", doc=DATA_FORMAT_DOC, legacy={"dim_ordering": ORDERINGS})

    sized = ("pool_size", "strides")
    fill = 0.0  # what the padding is taken for
    draws = False  # whether `pooled` draws random numbers, so that the parts must come in turn

    def build(self, input_shape: Shape) -> Shape:
        size = self.per_axis(self.pool_size)
        strides = size if self.strides is None else self.per_axis(self.strides)
        self.windows = self.slide(input_shape, size, strides, (1,) * self.axes, self.padding)
        return self.join(self.windows.output, self.split(input_shape)[1])

    def pooled(self, x: Array, y: Array, ctx: Context) -> Any:
        """Write into y what comes of the windows of the padded x; return what `slope` needs beside both."""
        raise NotImplementedError

    def slope(self, x: Array, y: Array, dy: Array, kept: Any, dx: Array) -> None:
        """Write the gradient of the padded x."""
        raise NotImplementedError

    def forward(self, x: Array, ctx: Context) -> tuple[Array, Any]:
        x = self.inward(x)
        y = np.empty((len(x), *self.windows.output, x.shape[-1]), x.dtype)
        parts = self.blocks(x)
        kept: list[Any] = [None] * len(parts)

        def pool(number: int) -> None:
            part = parts[number]
            kept[number] = self.pooled(self.windows.pad(x[part], self.fill), y[part], ctx)

        self.share(pool, len(parts), in_turn=self.draws)
        return self.outward(y), (x, y, parts, kept)

    def backward(self, dy: Array, cache: Any) -> Array:
        x, y, parts, kept = cache
        dy, dx = self.inward(dy), np.empty(x.shape, x.dtype)

        def spread(number: int) -> None:
            part, own = parts[number], kept[number]
            seen = self.windows.pad(x[part], self.fill)
            alone = seen.shape == dx[part].shape
            wide = dx[part] if alone else np.empty_like(seen)
            self.slope(seen, y[part], dy[part], own, wide)
            if not alone:
                dx[part] = wide[self.windows.inside]

        self.share(spread, len(parts))
        return self.outward(dx)

    def share(self, work: Callable[[int], None], count: int, in_turn: bool = False) -> None:
        """Carry out work(0) to work(count - 1), each thread a run of them."""

        def run(numbers: slice) -> None:
            for number in range(numbers.start, numbers.stop):
                work(number)

        threads.share([partial(run, part) for part in threads.ranges(count, 1 if in_turn else threads.current())])

    def blocks(self, x: Array) -> list[slice]:
        step = max(1, BLOCK_BYTES // max(1, math.prod(x.shape[1:]) * x.itemsize))
        return [slice(start, start + step) for start in range(0, len(x), step)]


class MaxPooling(Pooling):
    """y = maximum of a window; its first one, where there are several, has the gradient."""

    fill = -math.inf

    def pooled(self, x: Array, y: Array, ctx: Context) -> None:
        kernels.max_pool(x, self.windows.size, self.windows.strides, y)

    def slope(self, x: Array, y: Array, dy: Array, kept: None, dx: Array) -> None:
        kernels.max_pool_gradient(x, y, dy, self.windows.size, self.windows.strides, dx)


class AveragePooling(Pooling):
    """y = mean of a window; padding does not count."""

    def build(self, input_shape: Shape) -> Shape:
        output_shape = super().build(input_shape)
        windows = self.windows
        inside = windows.pad(np.ones((1, *windows.input, 1)))
        self.counts = kernels.windows(inside, *windows.steps).sum(axis=tuple(range(-self.axes - 1, -1)))
        return output_shape

    def pooled(self, x: Array, y: Array, ctx: Context) -> None:
        y[...] = 0
        for seen in kernels.elements(x, *self.windows.steps):
            y += seen
        y /= self.counts.astype(y.dtype)

    def slope(self, x: Array, y: Array, dy: Array, kept: None, dx: Array) -> None:
        share = dy / self.counts.astype(dy.dtype)
        dx[...] = 0
        for slope in kernels.elements(dx, *self.windows.steps):
            slope += share


LINE = {"input_shape": [7, 2]}
PLANE = {"input_shape": [4, 5, 2]}
VOLUME = {"input_shape": [3, 4, 2, 2]}


@register("layer", aliases=("MaxPool1D",))
class MaxPooling1D(MaxPooling):
    """y[t] = max_k x[strides t + k], k < pool_size

    Shapes  x (B, T, C)  y (B, T', C)
    Source  keras.layers.MaxPooling1D
    """

    axes = 1
    examples = (LINE, {"pool_size": 3, "strides": 2, "padding": "same", **LINE})


@register("layer", aliases=("MaxPool2D",))
class MaxPooling2D(MaxPooling):
    """y[i, j] = max_kl x[strides i + k, strides j + l], k, l < pool_size

    Shapes  x (B, H, W, C)  y (B, H', W', C)
    Source  Ranzato et al. 2007; keras.layers.MaxPooling2D
    """

    axes = 2
    examples = (PLANE, {"pool_size": [3, 2], "strides": 1, "padding": "same", "data_format": "channels_first", **PLANE})


@register("layer", aliases=("MaxPool3D",))
class MaxPooling3D(MaxPooling):
    """y[i, j, k] = max_lmn x[strides i + l, strides j + m, strides k + n], l, m, n < pool_size

    Shapes  x (B, D, H, W, C)  y (B, D', H', W', C)
    Source  keras.layers.MaxPooling3D
    """

    axes = 3
    examples = (VOLUME, {"pool_size": [2, 3, 1], "strides": 1, **VOLUME})


@register("layer", aliases=("AvgPool1D",))
class AveragePooling1D(AveragePooling):
    """y[t] = mean_k x[strides t + k], k < pool_size

    Shapes  x (B, T, C)  y (B, T', C)
    Source  keras.layers.AveragePooling1D
    """

    axes = 1
    examples = (LINE, {"pool_size": 3, "strides": 2, "padding": "same", **LINE})


@register("layer", aliases=("AvgPool2D",))
class AveragePooling2D(AveragePooling):
    """y[i, j] = mean_kl x[strides i + k, strides j + l], k, l < pool_size

    Shapes  x (B, H, W, C)  y (B, H', W', C)
    Source  LeCun et al. 1998; keras.layers.AveragePooling2D
    """

    axes = 2
    examples = (PLANE, {"pool_size": [3, 2], "strides": 2, "padding": "same", "data_format": "channels_first", **PLANE})


@register("layer", aliases=("AvgPool3D",))
class AveragePooling3D(AveragePooling):
    """y[i, j, k] = mean_lmn x[strides i + l, strides j + m, strides k + n], l, m, n < pool_size

    Shapes  x (B, D, H, W, C)  y (B, D', H', W', C)
    Source  keras.layers.AveragePooling3D
    """

    axes = 3
    examples = (VOLUME, {"pool_size": [2, 3, 1], "strides": 1, **VOLUME})
