"""Convolution: one small kernel, applied at every place of a sequence, an image or a volume."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any, ClassVar, Literal

import numpy as np

from nnctl import kernels
from nnctl.activations import Activation, AnActivation, Linear
from nnctl.constraints import AConstraint
from nnctl.errors import ConfigError
from nnctl.fields import field
from nnctl.initializers import AnInitializer
from nnctl.layers import Array, Context, Shape, show_shape
from nnctl.layers.correlation import correlate, input_gradient, kernel_gradient
from nnctl.layers.windows import (
    DATA_FORMAT_DOC,
    ORDERINGS,
    PADDING_DOC,
    STRIDES_DOC,
    DataFormat,
    Sizes,
    Sliding,
    Windows,
)
from nnctl.registry import register
from nnctl.regularizers import ARegularizer
from nnctl.rules import PositiveInt

FILTERS_DOC = "Number of outputs at each place."
KERNEL_SIZE_DOC = "Size of the window; one number for all axes."
DILATION_DOC = "Distance between the elements of the window."


class Filtering(Sliding):
    """y = activation(filtered(x) + bias): what all layers with a sliding kernel share.

    A subclass has the fields `kernel_size`, `strides` and `padding`, and gives `filtered` and `gradients`.
    """

    sized: ClassVar[tuple[str, ...]] = ("kernel_size", "strides", "dilation_rate")
    order: ClassVar[tuple[str, ...]] = (
        "filters",
        "kernel_size",
        "strides",
        "padding",
        "output_padding",
        "data_format",
        "dilation_rate",
        "groups",
        "depth_multiplier",
        "activation",
        "use_bias",
    )
    joined: ClassVar[Mapping[tuple[str, ...], str]] = {
        **Sliding.joined,
        ("nb_row", "nb_col"): "kernel_size",
        ("kernel_dim1", "kernel_dim2", "kernel_dim3"): "kernel_size",
    }

    data_format: DataFormat = field("channels_last", doc=DATA_FORMAT_DOC, legacy={"dim_ordering": ORDERINGS})
    activation: AnActivation = field("linear", doc="Applied elementwise, or over the last axis for softmax.")
    use_bias: bool = field(True, doc="Add the bias.", legacy=("bias",))
    bias_initializer: AnInitializer = field("zeros", doc="How the bias starts.")
    bias_regularizer: ARegularizer | None = field(None, doc="Penalty on the bias.", legacy=("b_regularizer",))
    activity_regularizer: ARegularizer | None = field(None, doc="Penalty on the output.")
    bias_constraint: AConstraint | None = field(None, doc="Projection of the bias.", legacy=("b_constraint",))

    kernel_size: Any
    strides: Any
    dilation_rate: Any
    padding: Any

    def slide_kernel(self, input_shape: Shape) -> Windows:
        size, strides, dilation = map(self.per_axis, (self.kernel_size, self.strides, self.dilation_rate))
        return self.slide(input_shape, size, strides, dilation, self.padding)

    def add_bias(self, *shape: int) -> None:
        if self.use_bias:
            given = self.bias_initializer, self.bias_regularizer, self.bias_constraint
            self.bias = self.weight("bias", shape, *given)
        self.act = self.activation

    def by_place(self, bias: Array) -> Array:
        """Return a view of the bias, or of its gradient, that goes with channels-last outputs."""
        return bias

    def take_head(self) -> Activation:
        head, self.act = self.act, Linear()
        return head

    def numbers(self, rows: int, output_shape: Shape) -> int:
        """Most of them are copied into windows and added from windows, too."""
        return 4 * super().numbers(rows, output_shape)

    def filtered(self, x: Array) -> tuple[Array, Any]:
        """Return the output without bias and activation, and what `gradients` needs."""
        raise NotImplementedError

    def gradients(self, dz: Array, cache: Any) -> Array | None:
        """Write the gradients of the kernels; return that of x where it is needed."""
        raise NotImplementedError

    def forward(self, x: Array, ctx: Context) -> tuple[Array, Any]:
        z, cache = self.filtered(self.inward(x))
        bias = self.by_place(self.bias.value) if self.use_bias else None
        if bias is not None and self.channels_first:  # before the outputs are turned
            z += bias
            bias = None
        y, act = self.act.forward_biased(self.outward(z), bias)
        return y, (cache, act)

    def backward(self, dy: Array, cache: Any) -> Array | None:
        below, act = cache
        dz = self.inward(self.act.backward(dy, act))
        if self.use_bias:
            # Over the batch, then over the places: fast, and sums of sums lose less in float32 than one long sum.
            places = kernels.column_sums(dz.reshape(len(dz), -1)).reshape(-1, self.bias.size)
            total = self.by_place(self.bias.grad)
            total[...] = kernels.column_sums(places).reshape(total.shape)
        dx = self.gradients(dz, below)
        return None if dx is None else self.outward(dx)


def strided_and_dilated(layer: Any) -> Iterator[tuple[str, str]]:
    """Yield the conflict of a layer that is both."""
    if np.max(layer.strides) > 1 and np.max(layer.dilation_rate) > 1:
        yield "dilation_rate", "strides and dilation_rate cannot both be above 1"


class Kernelled(Filtering):
    """A Filtering with one kernel of `filters` outputs."""

    filters: PositiveInt = field(doc=FILTERS_DOC, legacy=("nb_filter",))
    kernel_size: Sizes = field(doc=KERNEL_SIZE_DOC, legacy=("filter_length",))
    strides: Sizes = field(1, doc=STRIDES_DOC, legacy=("subsample", "subsample_length"))
    padding: Literal["valid", "same"] = field("valid", doc=PADDING_DOC, legacy=("border_mode",))
    kernel_initializer: AnInitializer = field("glorot_uniform", doc="How the kernel starts.", legacy=("init",))
    kernel_regularizer: ARegularizer | None = field(None, doc="Penalty on the kernel.", legacy=("W_regularizer",))
    kernel_constraint: AConstraint | None = field(None, doc="Projection of the kernel.", legacy=("W_constraint",))

    def conflicts(self) -> Any:
        yield from super().conflicts()
        yield from strided_and_dilated(self)

    def add_kernel(self, *shape: int) -> None:
        given = self.kernel_initializer, self.kernel_regularizer, self.kernel_constraint
        self.kernel = self.weight("kernel", shape, *given)


class Convolution(Kernelled):
    """A Kernelled whose inputs may be split into groups, each with filters of its own."""

    dilation_rate: Sizes = field(1, doc=DILATION_DOC, legacy=("atrous_rate",))
    groups: PositiveInt = field(1, doc="Parts that the channels are split into; each has its own filters.")

    def conflicts(self) -> Any:
        yield from super().conflicts()
        if self.filters % self.groups:
            yield "groups", f"filters must be a multiple of groups, got {self.filters} filters, {self.groups} groups"

    def build(self, input_shape: Shape) -> Shape:
        _, channels = self.split(input_shape)
        if channels % self.groups:
            raise ConfigError(
                f"{self.title()}: the channels must be a multiple of groups ({self.groups}), "
                f"got {channels} channels in shape {show_shape(input_shape)}"
            )
        self.windows = self.slide_kernel(input_shape)
        self.add_kernel(*self.windows.size, channels // self.groups, self.filters)
        self.add_bias(self.filters)
        return self.join(self.windows.output, self.filters)

    def forward(self, x: Array, ctx: Context) -> tuple[Array, Any]:
        if self.groups > 1 or self.channels_first or not self.act.by_parts:
            return super().forward(x, ctx)
        finish = partial(self.act.forward_biased, bias=self.bias.value if self.use_bias else None)
        y = correlate(x, self.kernel.value, self.windows, finish)
        return y, (x, y)

    def filtered(self, x: Array) -> tuple[Array, Any]:
        if self.groups == 1:
            return correlate(x, self.kernel.value, self.windows), x
        parts = zip(self.grouped(x), self.grouped(self.kernel.value), strict=True)
        return np.concatenate([correlate(part, kernel, self.windows) for part, kernel in parts], axis=-1), x

    def gradients(self, dz: Array, cache: Any) -> Array | None:
        parts = list(zip(*map(self.grouped, (cache, dz, self.kernel.value, self.kernel.grad)), strict=True))
        for x, part, _, grad in parts:
            grad[...] = kernel_gradient(x, part, self.windows)
        if not self.needs_dx:
            return None
        slopes = [input_gradient(part, kernel, self.windows) for _, part, kernel, _ in parts]
        return slopes[0] if self.groups == 1 else np.concatenate(slopes, axis=-1)

    def grouped(self, x: Array) -> list[Array]:
        """Split the last axis into the groups."""
        return np.split(x, self.groups, axis=-1) if self.groups > 1 else [x]


@register("layer", legacy=("Convolution1D", "AtrousConvolution1D"))
class Conv1D(Convolution):
    """y[t] = activation(sum_k x[strides t + dilation_rate k] @ kernel[k] + bias)

    With padding causal, t sees nothing after itself.
    Shapes  x (B, T, C)  kernel (kernel_size, C / groups, filters)  bias (filters,)  y (B, T', filters)
    Source  Waibel et al. 1989; keras.layers.Conv1D
    """

    axes = 1
    padding: Literal["valid", "same", "causal"] = field(  # type: ignore[assignment]  # one choice more
        "valid", doc="As elsewhere, or causal: zeros at the beginning alone.", legacy=("border_mode",)
    )

    examples = (
        {"filters": 3, "kernel_size": 2, "input_shape": [5, 2]},
        {"filters": 2, "kernel_size": 3, "padding": "causal", "dilation_rate": 2, "input_shape": [6, 5]},
        {
            "filters": 4,
            "kernel_size": 3,
            "strides": 2,
            "groups": 2,
            "data_format": "channels_first",
            "padding": "same",
            "input_shape": [2, 6],
        },
    )


@register("layer", legacy=("Convolution2D", "AtrousConvolution2D"))
class Conv2D(Convolution):
    """y[i, j] = activation(sum_kl x[s i + d k, s j + d l] @ kernel[k, l] + bias), s strides, d dilation_rate

    Shapes  x (B, H, W, C)  kernel (*kernel_size, C / groups, filters)  bias (filters,)  y (B, H', W', filters)
    Source  LeCun et al. 1989; keras.layers.Conv2D
    """

    axes = 2
    examples = (
        {"filters": 3, "kernel_size": 2, "activation": "tanh", "input_shape": [4, 3, 2]},
        {"filters": 2, "kernel_size": [3, 2], "padding": "same", "strides": [2, 1], "input_shape": [5, 4, 5]},
        {"filters": 2, "kernel_size": 2, "strides": 2, "use_bias": False, "input_shape": [4, 4, 1]},
        {"filters": 3, "kernel_size": 1, "input_shape": [2, 3, 6]},
        {"filters": 6, "kernel_size": 2, "dilation_rate": [1, 2], "padding": "same", "input_shape": [3, 4, 1]},
        {"filters": 2, "kernel_size": 3, "data_format": "channels_first", "input_shape": [2, 4, 4]},
        {"filters": 4, "kernel_size": 2, "groups": 2, "input_shape": [3, 3, 4]},
    )


@register("layer", legacy=("Convolution3D",))
class Conv3D(Convolution):
    """y[i, j, k] = activation(sum_lmn x[s i + d l, s j + d m, s k + d n] @ kernel[l, m, n] + bias)

    Shapes  x (B, D, H, W, C)  kernel (*kernel_size, C / groups, filters)  bias (filters,)  y (B, D', H', W', filters)
    Source  Ji et al. 2010; keras.layers.Conv3D
    """

    axes = 3
    examples = (
        {"filters": 2, "kernel_size": 2, "input_shape": [3, 2, 3, 2]},
        {"filters": 2, "kernel_size": [1, 2, 3], "strides": [1, 2, 1], "padding": "same", "input_shape": [2, 3, 3, 1]},
    )
