"""Zero padding and cropping: zeros around a sample, or a margin taken off."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

import numpy as np

from nnctl.errors import ConfigError
from nnctl.fields import field
from nnctl.layers import Array, Context, Shape, show_shape
from nnctl.layers.windows import DATA_FORMAT_DOC, ORDERINGS, DataFormat, Sliding
from nnctl.registry import register
from nnctl.rules import NonNegativeInt, Words

Pair = tuple[NonNegativeInt, NonNegativeInt]
OneAxis = Annotated[NonNegativeInt | Pair, Words("an integer >= 0 or a list [before, after]")]
Margins = Annotated[
    NonNegativeInt | tuple[NonNegativeInt | Pair, ...],
    Words("an integer >= 0, or a list with an integer or a list [before, after] for each axis"),
]


class Margin(Sliding):
    """The same values with other margins; `margins` says how wide they are."""

    data_format: DataFormat = field("channels_last", doc=DATA_FORMAT_DOC, legacy={"dim_ordering": ORDERINGS})

    amount: ClassVar[str]  # the field that says the widths

    @property
    def margins(self) -> tuple[tuple[int, int], ...]:
        """(before, after) for each axis of space."""
        given = getattr(self, self.amount)
        if isinstance(given, tuple) and self.axes == 1:
            return (given,)
        return tuple(m if isinstance(m, tuple) else (m, m) for m in self.per_axis(given))

    def conflicts(self) -> Any:
        given = getattr(self, self.amount)
        if self.axes > 1 and isinstance(given, tuple) and len(given) != self.axes:
            yield self.amount, f"expected an integer or a list of {self.axes}, got {list(given)}"

    def inside(self, sizes: Shape) -> tuple[slice, ...]:
        """Index of what lies between the margins, for channels-last arrays of these sizes."""
        cuts = (slice(b, n - a) for n, (b, a) in zip(sizes, self.margins, strict=True))
        return (slice(None), *cuts)


class Padding(Margin):
    """y = x, and zeros around it"""

    amount = "padding"

    def build(self, input_shape: Shape) -> Shape:
        sizes, channels = self.split(input_shape)
        return self.join(tuple(n + b + a for n, (b, a) in zip(sizes, self.margins, strict=True)), channels)

    def forward(self, x: Array, ctx: Context) -> tuple[Array, None]:
        widths = ((0, 0), *self.margins, (0, 0))
        return self.outward(np.pad(self.inward(x), widths)), None

    def backward(self, dy: Array, cache: None) -> Array:
        dy = self.inward(dy)
        return self.outward(dy[self.inside(dy.shape[1:-1])])


class Cropping(Margin):
    """y = x without its margins"""

    amount = "cropping"

    def build(self, input_shape: Shape) -> Shape:
        sizes, channels = self.split(input_shape)
        left = tuple(n - b - a for n, (b, a) in zip(sizes, self.margins, strict=True))
        if min(left) < 1:
            shown = list(map(list, self.margins))
            raise ConfigError(f"{self.title()}: cropping {shown} leaves nothing of {show_shape(input_shape)}")
        return self.join(left, channels)

    def forward(self, x: Array, ctx: Context) -> tuple[Array, Shape]:
        seen = self.inward(x)
        return self.outward(seen[self.inside(seen.shape[1:-1])]), seen.shape

    def backward(self, dy: Array, cache: Shape) -> Array:
        dx = np.zeros(cache, dy.dtype)
        dx[self.inside(cache[1:-1])] = self.inward(dy)
        return self.outward(dx)


@register("layer")
class ZeroPadding1D(Padding):
    """y[before + t] = x[t], 0 elsewhere

    Shapes  x (B, T, C)  y (B, before + T + after, C)
    Source  keras.layers.ZeroPadding1D
    """

    padding: OneAxis = field(1, doc="Number of zeros: on both sides, or [before, after].")

    axes = 1
    examples = ({"input_shape": [3, 2]}, {"padding": [0, 2], "data_format": "channels_first", "input_shape": [2, 3]})


@register("layer")
class ZeroPadding2D(Padding):
    """y[top + i, left + j] = x[i, j], 0 elsewhere

    Shapes  x (B, H, W, C)  y (B, top + H + bottom, left + W + right, C)
    Source  keras.layers.ZeroPadding2D
    """

    padding: Margins = field(1, doc="Number of zeros: all around, [rows, columns], or [[top, bottom], [left, right]].")

    axes = 2
    examples = ({"input_shape": [2, 3, 2]}, {"padding": [[0, 1], [2, 0]], "input_shape": [2, 3, 2]})


@register("layer")
class ZeroPadding3D(Padding):
    """y[a + i, b + j, c + k] = x[i, j, k], 0 elsewhere

    Shapes  x (B, D, H, W, C)  y (B, D + ..., H + ..., W + ..., C)
    Source  keras.layers.ZeroPadding3D
    """

    padding: Margins = field(1, doc="Number of zeros: all around, one for each axis, or a [before, after] for each.")

    axes = 3
    examples = ({"input_shape": [2, 1, 2, 2]}, {"padding": [[0, 1], [2, 0], [1, 1]], "input_shape": [1, 2, 2, 1]})


@register("layer")
class Cropping1D(Cropping):
    """y[t] = x[before + t]

    Shapes  x (B, T, C)  y (B, T - before - after, C)
    Source  keras.layers.Cropping1D
    """

    cropping: OneAxis = field((1, 1), doc="Number of steps taken off: on both sides, or [before, after].")

    axes = 1
    own = ("data_format",)
    examples = ({"input_shape": [4, 2]}, {"cropping": [0, 2], "input_shape": [4, 2]})


@register("layer")
class Cropping2D(Cropping):
    """y[i, j] = x[top + i, left + j]

    Shapes  x (B, H, W, C)  y (B, H - top - bottom, W - left - right, C)
    Source  keras.layers.Cropping2D
    """

    cropping: Margins = field(
        ((0, 0), (0, 0)), doc="What is taken off: all around, [rows, columns], or [[top, bottom], [left, right]]."
    )

    axes = 2
    examples = (
        {"cropping": 1, "input_shape": [4, 3, 2]},
        {"cropping": [[0, 1], [2, 0]], "data_format": "channels_first", "input_shape": [2, 2, 3]},
    )


@register("layer")
class Cropping3D(Cropping):
    """y[i, j, k] = x[a + i, b + j, c + k]

    Shapes  x (B, D, H, W, C)  y (B, D - ..., H - ..., W - ..., C)
    Source  keras.layers.Cropping3D
    """

    cropping: Margins = field(
        ((1, 1), (1, 1), (1, 1)), doc="What is taken off: all around, one for each axis, or a [before, after] for each."
    )

    axes = 3
    examples = ({"input_shape": [3, 4, 3, 2]}, {"cropping": [0, 1, [1, 0]], "input_shape": [2, 3, 3, 1]})
