"""ConvLSTM: an LSTM over images, whose two products are convolutions, so that its states are images too.

To the scan over time (scan.py) every place of an image is a row of its own: a step of B images with P
places is an LSTM's step of B P rows, and only the products know which rows lie side by side.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, ClassVar, Literal

import numpy as np

from nnctl import kernels
from nnctl.activations import AnActivation
from nnctl.activations.along_axis import AlongAxis
from nnctl.fields import field
from nnctl.initializers import Initializer
from nnctl.layers import Array, Context, Shape, rows
from nnctl.layers.convolution import DILATION_DOC, FILTERS_DOC, KERNEL_SIZE_DOC, Filtering, strided_and_dilated
from nnctl.layers.correlation import correlate, input_gradient, kernel_gradient
from nnctl.layers.lstm import ForgetAtFirst, LSTMCell, forget_bias_field
from nnctl.layers.recurrent import ACTIVATION_DOC, RECURRENT_ACTIVATION_DOC, Recurrent
from nnctl.layers.scan import Given, Product
from nnctl.layers.stepping import SteppedCell
from nnctl.layers.windows import (
    ORDERINGS,
    PADDING_DOC,
    STRIDES_DOC,
    DataFormat,
    Sizes,
    Sliding,
    Windows,
    slide,
)
from nnctl.registry import register
from nnctl.rules import PositiveInt

WHERE_CHANNELS_DOC = "Whether the channels are the last axis of an image or the first, behind the time; null: the last."


class Correlation(Product):
    """A Product with the windows of images: w is (*K, I, O), x the images or the rows of their places."""

    def __init__(self, weight: Array, windows: Windows, masks: Array | None) -> None:
        super().__init__(weight, masks)
        self.windows = windows

    def forward(self, x: Array, out: Array) -> Array:
        for images, w, y in zip(self._kept(x), *self._by_mask(self.weight, out), strict=True):
            y[...] = correlate(images, w, self.windows).reshape(y.shape)
        return out

    def backward(self, dy: Array, out: Array) -> Array:
        dx = self._images(out)
        for number, (w, part) in enumerate(zip(*self._by_mask(self.weight, dy), strict=True)):
            slope = input_gradient(self._places(part), w, self.windows)
            if self.masks is None:
                dx[...] = slope
                continue
            keep = self.masks[number]
            slope = (slope.reshape(-1, *keep.shape) * keep).reshape(dx.shape)
            dx[...] = slope if number == 0 else dx + slope
        return out

    def gradient(self, x: Array, dy: Array, out: Array) -> Array:
        for images, part, grad in zip(self._kept(x), *self._by_mask(dy, out), strict=True):
            grad[...] = kernel_gradient(images, self._places(part), self.windows)
        return out

    step, step_back = forward, backward

    def _kept(self, x: Array) -> list[Array]:
        """Return the images that each gate sees, or those that all see."""
        if self.masks is None:
            return [self._images(x)]
        return [self._images(x.reshape(-1, *keep.shape) * keep) for keep in self.masks]

    def _by_mask(self, *arrays: Array) -> list[list[Array]]:
        return [[array] for array in arrays] if self.masks is None else self.parts(*arrays)

    def _images(self, x: Array) -> Array:
        return x.reshape(-1, *self.windows.input, self.weight.shape[-2])

    def _places(self, dy: Array) -> Array:
        return dy.reshape(-1, *self.windows.output, dy.shape[-1])


class OverImages(SteppedCell):
    """What makes a cell go over images, in front of its class: x is (T, B, *S, C), a row of z one place."""

    def take_in(self, given: Given) -> Array:
        layer = self.layer
        self.x = np.ascontiguousarray(self.ordered(given.x))
        self.places = math.prod(layer.windows.output)
        self.inputs = Correlation(layer.kernel.value, layer.windows, given.input_masks)
        self.recurrent = Correlation(layer.recurrent_kernel.value, layer.recurrent_windows, given.state_masks)
        steps, batch = self.x.shape[:2]
        z = self.inputs.forward(self.x, np.empty((steps, batch * self.places, layer.kernel.shape[-1]), self.dtype))
        if layer.use_bias:  # no 1 among the inputs: padding would put zeros beside it
            z += layer.bias.value
        return z

    def shaped(self, rows: Array) -> Array:
        return rows.reshape(*rows.shape[:-2], -1, *self.layer.state_shape)

    def flat(self, y: Array) -> Array:
        return y.reshape(*y.shape[: -len(self.layer.state_shape) - 1], -1, y.shape[-1])

    def write_input_gradients(self) -> None:
        self.inputs.gradient(self.x, self.dz, self.grads.kernel)
        if self.layer.use_bias:
            kernels.column_sums(rows(self.dz), self.grads.bias)


class ConvLSTMCell(OverImages, LSTMCell):
    """z = x_t * W + h_(t-1) * U + b, where * correlates"""


class ConvLSTM(Recurrent, Sliding):
    """A Recurrent over images of `axes` axes."""

    cell: type[OverImages] = ConvLSTMCell
    leading = 1
    sized: ClassVar[tuple[str, ...]] = Filtering.sized
    joined = Filtering.joined
    order: ClassVar[tuple[str, ...]] = (*Filtering.order[:-1], "recurrent_activation", "use_bias")

    filters: PositiveInt = field(doc=FILTERS_DOC, legacy=("nb_filter",))
    kernel_size: Sizes = field(doc=KERNEL_SIZE_DOC)
    strides: Sizes = field(1, doc=STRIDES_DOC + " Of the inputs; the state's is 1.", legacy=("subsample",))
    padding: Literal["valid", "same"] = field(
        "valid", doc=PADDING_DOC + " Of the inputs; the state's is same.", legacy=("border_mode",)
    )
    data_format: DataFormat = field("channels_last", doc=WHERE_CHANNELS_DOC, legacy={"dim_ordering": ORDERINGS})
    dilation_rate: Sizes = field(1, doc=DILATION_DOC + " Of the inputs; the state's is 1.")
    activation: AnActivation = field("tanh", doc=ACTIVATION_DOC)
    recurrent_activation: AnActivation = field("sigmoid", doc=RECURRENT_ACTIVATION_DOC, legacy=("inner_activation",))
    unit_forget_bias: bool = forget_bias_field()

    def conflicts(self) -> Iterator[tuple[str, str]]:
        yield from Recurrent.conflicts(self)
        yield from Sliding.conflicts(self)
        yield from strided_and_dilated(self)
        for name in ("activation", "recurrent_activation"):
            f = getattr(self, name)
            if isinstance(f, AlongAxis) and (self.channels_first or f.axis != -1):
                yield name, f"{f.title()} must go along the filters: with axis -1, and data_format channels_last"

    def build(self, input_shape: Shape) -> Shape:
        self.steps, channels = input_shape[0], self.split(input_shape)[1]
        size, strides, dilation = map(self.per_axis, (self.kernel_size, self.strides, self.dilation_rate))
        self.windows = self.slide(input_shape, size, strides, dilation, self.padding)
        ones = (1,) * self.axes
        self.recurrent_windows = slide(self.windows.output, size, ones, ones, "same")
        self.state_shape = (*self.windows.output, self.filters)
        self.add_weights("conv_lstm_cell", size, channels)
        shape = self.join(self.windows.output, self.filters)
        return (self.steps, *shape) if self.return_sequences else shape

    def bias_start(self) -> Initializer:
        return ForgetAtFirst(self.bias_initializer) if self.unit_forget_bias else self.bias_initializer

    @property
    def drops_by_gate(self) -> bool:
        return True

    def forward(self, x: Array, ctx: Context) -> tuple[Array, Any]:
        y, parts = super().forward(self.inward(x), ctx)
        return self.outward(y), parts

    def backward(self, dy: Array, cache: Any) -> Array | None:
        dx = super().backward(self.inward(dy), cache)
        return None if dx is None else self.outward(dx)


@register("layer")
class ConvLSTM1D(ConvLSTM):
    """i, f, o = s(z_i), s(z_f), s(z_o);  g = a(z_g);  c_t = f c_(t-1) + i g;  h_t = o a(c_t);  y = h_T

    z = x_t * kernel + h_(t-1) * recurrent_kernel + bias, its blocks in the order i f g o; * is Conv1D's sum over a
    window, for h with strides 1 and padding same; a is `activation`, s `recurrent_activation`.
    Shapes  x (B, T, S, C)  kernel (kernel_size, C, 4 filters)  recurrent_kernel (kernel_size, filters, 4 filters)
            bias (4 filters,)  y (B, [T,] S', filters)
    Source  Shi et al. 2015, without its peepholes; keras.layers.ConvLSTM1D
    """

    axes = 1
    examples = (
        {"filters": 2, "kernel_size": 2, "input_shape": [3, 4, 2]},
        {"filters": 2, "kernel_size": 3, "padding": "same", "return_sequences": True, "dropout": 0.4,
         "recurrent_dropout": 0.4, "input_shape": [3, 4, 2]},
    )  # fmt: skip


@register("layer")
class ConvLSTM2D(ConvLSTM):
    """i, f, o = s(z_i), s(z_f), s(z_o);  g = a(z_g);  c_t = f c_(t-1) + i g;  h_t = o a(c_t);  y = h_T

    z = x_t * kernel + h_(t-1) * recurrent_kernel + bias, its blocks in the order i f g o; * is Conv2D's sum over a
    window, for h with strides 1 and padding same; a is `activation`, s `recurrent_activation`.
    Shapes  x (B, T, H, W, C)  kernel (*kernel_size, C, 4 filters)  recurrent_kernel (*kernel_size, filters, 4 filters)
            bias (4 filters,)  y (B, [T,] H', W', filters)
    Source  Shi et al. 2015, without its peepholes; keras.layers.ConvLSTM2D
    """

    axes = 2
    examples = (
        {"filters": 2, "kernel_size": 2, "input_shape": [3, 3, 3, 1]},
        {"filters": 2, "kernel_size": [1, 2], "strides": [1, 2], "padding": "same", "return_sequences": True,
         "go_backwards": True, "activation": "softsign", "input_shape": [2, 2, 3, 2]},
        {"filters": 2, "kernel_size": 2, "data_format": "channels_first", "use_bias": False, "return_sequences": True,
         "input_shape": [2, 1, 3, 3]},
        {"filters": 1, "kernel_size": 2, "dilation_rate": 2, "recurrent_dropout": 0.4, "input_shape": [2, 4, 3, 1]},
    )  # fmt: skip


@register("layer")
class ConvLSTM3D(ConvLSTM):
    """i, f, o = s(z_i), s(z_f), s(z_o);  g = a(z_g);  c_t = f c_(t-1) + i g;  h_t = o a(c_t);  y = h_T

    z = x_t * kernel + h_(t-1) * recurrent_kernel + bias, its blocks in the order i f g o; * is Conv3D's sum over a
    window, for h with strides 1 and padding same; a is `activation`, s `recurrent_activation`.
    Shapes  x (B, T, D, H, W, C)  kernel (*kernel_size, C, 4 filters)
            recurrent_kernel (*kernel_size, filters, 4 filters)  bias (4 filters,)  y (B, [T,] D', H', W', filters)
    Source  Shi et al. 2015, without its peepholes; keras.layers.ConvLSTM3D
    """

    axes = 3
    examples = (
        {"filters": 1, "kernel_size": 2, "input_shape": [2, 2, 3, 2, 1]},
        {"filters": 2, "kernel_size": [1, 2, 1], "padding": "same", "return_sequences": True,
         "recurrent_activation": "hard_sigmoid", "input_shape": [2, 2, 2, 2, 1]},
    )  # fmt: skip
