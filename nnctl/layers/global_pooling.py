"""Global pooling: the maximum or the mean of each channel over all places."""

from __future__ import annotations

from typing import Any

import numpy as np

from nnctl.fields import field
from nnctl.layers import Array, Context, Shape
from nnctl.layers.windows import DATA_FORMAT_DOC, ORDERINGS, DataFormat, Sliding
from nnctl.registry import register


class GlobalPooling(Sliding):
    """One number for each channel."""

    data_format: DataFormat = field("channels_last", doc=DATA_FORMAT_DOC, legacy={"dim_ordering": ORDERINGS})
    keepdims: bool = field(False, doc="Leave the axes of space in place, each of size 1.")

    def build(self, input_shape: Shape) -> Shape:
        channels = self.split(input_shape)[1]
        first = 2 if self.channels_first else 1
        self.over = tuple(range(first, first + self.axes))
        return self.join((1,) * self.axes, channels) if self.keepdims else (channels,)

    def spread(self, y: Array) -> Array:
        """Give y the axes of x again."""
        return y if self.keepdims else np.expand_dims(y, self.over)


class GlobalMaxPooling(GlobalPooling):
    """y = maximum; where there are several, they share the gradient evenly."""

    def forward(self, x: Array, ctx: Context) -> tuple[Array, Any]:
        y = x.max(axis=self.over, keepdims=self.keepdims)
        return y, (x, y)

    def backward(self, dy: Array, cache: Any) -> Array:
        x, y = cache
        hit = (x == self.spread(y)).astype(x.dtype)
        hit *= self.spread(dy) / hit.sum(axis=self.over, keepdims=True)
        return hit


class GlobalAveragePooling(GlobalPooling):
    """y = mean."""

    def forward(self, x: Array, ctx: Context) -> tuple[Array, Any]:
        return x.mean(axis=self.over, keepdims=self.keepdims), x.shape

    def backward(self, dy: Array, cache: Any) -> Array:
        size = np.prod([cache[axis] for axis in self.over], dtype=int)
        return np.broadcast_to(self.spread(dy) / dy.dtype.type(size), cache)


@register("layer", aliases=("GlobalMaxPool1D",))
class GlobalMaxPooling1D(GlobalMaxPooling):
    """y = max_t x[t]

    Shapes  x (B, T, C)  y (B, C)
    Source  keras.layers.GlobalMaxPooling1D
    """

    axes = 1
    examples = ({"input_shape": [4, 3]}, {"keepdims": True, "data_format": "channels_first", "input_shape": [3, 4]})


@register("layer", aliases=("GlobalMaxPool2D",))
class GlobalMaxPooling2D(GlobalMaxPooling):
    """y = max_ij x[i, j]

    Shapes  x (B, H, W, C)  y (B, C)
    Source  keras.layers.GlobalMaxPooling2D
    """

    axes = 2
    examples = ({"input_shape": [2, 3, 3]}, {"keepdims": True, "input_shape": [2, 3, 3]})


@register("layer", aliases=("GlobalMaxPool3D",))
class GlobalMaxPooling3D(GlobalMaxPooling):
    """y = max_ijk x[i, j, k]

    Shapes  x (B, D, H, W, C)  y (B, C)
    Source  keras.layers.GlobalMaxPooling3D
    """

    axes = 3
    examples = ({"input_shape": [2, 3, 2, 2]},)


@register("layer", aliases=("GlobalAvgPool1D",))
class GlobalAveragePooling1D(GlobalAveragePooling):
    """y = mean_t x[t], over the steps that are not masked

    Where a mask leaves none, y is NaN, as in Keras.
    Shapes  x (B, T, C)  y (B, C)
    Source  Lin, Chen & Yan 2014; keras.layers.GlobalAveragePooling1D
    """

    axes = 1
    examples = ({"input_shape": [4, 3]}, {"keepdims": True, "data_format": "channels_first", "input_shape": [3, 4]})

    def forward(self, x: Array, ctx: Context) -> tuple[Array, Any]:
        if ctx.mask is None:
            y, shape = super().forward(x, ctx)
            return y, (shape, None)
        kept = np.expand_dims(ctx.mask, 1 if self.channels_first else 2).astype(x.dtype)
        with np.errstate(invalid="ignore"):
            share = kept / kept.sum(axis=self.over, keepdims=True)
        y = np.sum(np.where(kept, x, 0) * share, axis=self.over, keepdims=self.keepdims)
        return y, (x.shape, np.where(kept, share, 0))

    def backward(self, dy: Array, cache: Any) -> Array:
        shape, share = cache
        return super().backward(dy, shape) if share is None else self.spread(dy) * share


@register("layer", aliases=("GlobalAvgPool2D",))
class GlobalAveragePooling2D(GlobalAveragePooling):
    """y = mean_ij x[i, j]

    Shapes  x (B, H, W, C)  y (B, C)
    Source  Lin, Chen & Yan 2014; keras.layers.GlobalAveragePooling2D
    """

    axes = 2
    examples = ({"input_shape": [2, 3, 3]}, {"keepdims": True, "input_shape": [2, 3, 3]})


@register("layer", aliases=("GlobalAvgPool3D",))
class GlobalAveragePooling3D(GlobalAveragePooling):
    """y = mean_ijk x[i, j, k]

    Shapes  x (B, D, H, W, C)  y (B, C)
    Source  keras.layers.GlobalAveragePooling3D
    """

    axes = 3
    examples = ({"input_shape": [2, 3, 2, 2]},)
