"""How windows slide over a sample: sizes, steps and padding, shared by convolution and pooling.

Along each axis, `same` padding gives ceil(size / stride) places, with zeros on both sides and the
odd one at the end; `valid` takes the places where the window fits; `causal` (one axis) pads the
beginning alone, so that no output sees what comes after it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np

from nnctl.errors import ConfigError
from nnctl.layers import Array, Layer, Shape, show_shape
from nnctl.rules import PositiveInt

Sizes = PositiveInt | tuple[PositiveInt, ...]
DataFormat = Literal["channels_last", "channels_first"] | None

STRIDES_DOC = "Step of the window; one number for all axes."
PADDING_DOC = "valid: only where the window fits; same: zeros around, as many outputs as inputs / strides."
DATA_FORMAT_DOC = "Whether the channels are the last axis of a sample or the first; null: the last."
ORDERINGS = {"th": "channels_first", "tf": "channels_last"}.__getitem__


@dataclass(frozen=True)
class Windows:
    """Windows over axes of the sizes `input`: `output` places, `before` and `after` of padding."""

    input: Shape
    size: Shape
    strides: Shape
    dilation: Shape
    before: Shape
    after: Shape
    output: Shape

    @property
    def steps(self) -> tuple[Shape, Shape, Shape]:
        """What the kernels want to know."""
        return self.size, self.strides, self.dilation

    @property
    def padded(self) -> Shape:
        return tuple(b + n + a for b, n, a in zip(self.before, self.input, self.after, strict=True))

    @property
    def plain(self) -> bool:
        """Whether every place is its own window, so that there is nothing to gather."""
        return max(self.size) == max(self.strides) == 1 and self.padded == self.input

    @property
    def inside(self) -> tuple[slice, ...]:
        """Where the sample lies in its padded self: an index for (B, *S, C)."""
        return (slice(None), *(slice(b, b + n) for b, n in zip(self.before, self.input, strict=True)))

    def pad(self, x: Array, fill: float = 0.0) -> Array:
        """Return x (B, *S, C) with its padding; x itself where there is none."""
        if self.padded == self.input:
            return x
        wide = np.full((len(x), *self.padded, x.shape[-1]), fill, x.dtype)
        wide[self.inside] = x
        return wide

    def reversed(self) -> Windows:
        """Return the windows that go over the outputs and give the inputs back, for strides of 1."""
        reach = [(k - 1) * d for k, d in zip(self.size, self.dilation, strict=True)]
        before = tuple(r - b for r, b in zip(reach, self.before, strict=True))
        after = tuple(r - a for r, a in zip(reach, self.after, strict=True))
        return Windows(self.output, self.size, self.strides, self.dilation, before, after, self.input)


def slide(sizes: Shape, window: Shape, strides: Shape, dilation: Shape, padding: str) -> Windows:
    """Place windows over axes of the given sizes; ConfigError where not one fits."""
    before, after, output = [], [], []
    for n, k, s, d in zip(sizes, window, strides, dilation, strict=True):
        reach = (k - 1) * d
        if padding == "same":
            total = max((-(-n // s) - 1) * s + reach + 1 - n, 0)
            first = total // 2
        else:
            total = first = reach if padding == "causal" else 0
        before.append(first)
        after.append(total - first)
        output.append((n + total - reach - 1) // s + 1)
    if min(output) < 1:
        raise ConfigError(f"a window of {list(window)} with dilation {list(dilation)} does not fit into {list(sizes)}")
    return Windows(sizes, window, strides, dilation, tuple(before), tuple(after), tuple(output))


class Sliding(Layer):
    """A layer over `axes` axes of space and one of channels, which may come first.

    Data are computed channels-last. A layer with the channels in front gives a view of such data to the
    next one, which so has nothing to copy.
    """

    axes: ClassVar[int]
    leading: ClassVar[int] = 0  # axes between that of the batch and these: of time
    sized: ClassVar[tuple[str, ...]] = ()  # fields that are one number, or one for each axis
    order: ClassVar[tuple[str, ...]] = ()  # Keras' order of the first fields, where inheritance gives another

    data_format: DataFormat

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if "axes" in vars(cls):
            cls.rank = (cls.leading + cls.axes + 1,) * 2
        cls.fields = {**{name: cls.fields[name] for name in cls.order if name in cls.fields}, **cls.fields}

    def conflicts(self) -> Any:
        for name in self.sized:
            value = getattr(self, name)
            if isinstance(value, tuple) and len(value) != self.axes:
                yield name, f"expected an integer or a list of {self.axes}, got {list(value)}"

    def per_axis(self, value: int | tuple[int, ...]) -> Shape:
        return value if isinstance(value, tuple) else (value,) * self.axes

    @property
    def channels_first(self) -> bool:
        return self.data_format == "channels_first"

    def split(self, input_shape: Shape) -> tuple[Shape, int]:
        """Return the sizes of the axes of space, and the number of channels."""
        input_shape = input_shape[self.leading :]
        if self.channels_first:
            return input_shape[1:], input_shape[0]
        return input_shape[:-1], input_shape[-1]

    def join(self, sizes: Shape, channels: int) -> Shape:
        return (channels, *sizes) if self.channels_first else (*sizes, channels)

    def inward(self, x: Array) -> Array:
        """Return x with its channels last; it is copied unless a layer before this one has them so in memory."""
        return np.ascontiguousarray(np.moveaxis(x, -1 - self.axes, -1)) if self.channels_first else x

    def outward(self, y: Array) -> Array:
        """Return y, whose channels are last, with its channels where the user wants them."""
        return np.moveaxis(y, -1, -1 - self.axes) if self.channels_first else y

    def slide(self, input_shape: Shape, window: Shape, strides: Shape, dilation: Shape, padding: str) -> Windows:
        try:
            return slide(self.split(input_shape)[0], window, strides, dilation, padding)
        except ConfigError as error:
            raise ConfigError(f"{self.title()}: {error}; inputs have shape {show_shape(input_shape)}") from None

    def compute_mask(self, x: Array, mask: Array | None) -> Array | None:
        """What slides over time steps has no steps to mask afterwards."""
        return None
