"""Depthwise convolution, where every channel has kernels of its own, and separable, which then mixes them."""

from __future__ import annotations

import math
from typing import Any, Literal

import numpy as np

from nnctl import kernels
from nnctl.constraints import AConstraint
from nnctl.fields import field
from nnctl.initializers import AnInitializer
from nnctl.layers import Array, Shape, rows
from nnctl.layers.convolution import DILATION_DOC, FILTERS_DOC, KERNEL_SIZE_DOC, Filtering
from nnctl.layers.windows import PADDING_DOC, STRIDES_DOC, Sizes, Windows
from nnctl.registry import register
from nnctl.regularizers import ARegularizer
from nnctl.rules import PositiveInt

BLOCK_BYTES = 1 << 18  # of an image's outputs: a block stays in the cache while the kernel passes over it


def depthwise(x: Array, kernel: Array, windows: Windows) -> Array:
    """Return x with every channel correlated with its kernels, (B, *P, C * M)."""
    channels, multiplier = kernel.shape[-2:]
    y = np.empty((len(x), *windows.output, channels, multiplier), x.dtype)
    for part in _blocks(y):
        kernels.depthwise(windows.pad(x[part]), kernel, windows.strides, windows.dilation, y[part])
    return y.reshape(*y.shape[:-2], channels * multiplier)


def depthwise_gradient(
    x: Array, dy: Array, kernel: Array, windows: Windows, out: Array, *, needs_dx: bool
) -> Array | None:
    """Write the gradient of the kernel; return that of x where it is needed."""
    dy = dy.reshape(*dy.shape[:-1], *kernel.shape[-2:])
    dx = np.empty(x.shape, x.dtype) if needs_dx else None
    out[...] = 0
    for part in _blocks(dy):
        seen = windows.pad(x[part])
        wide = None if dx is None else np.empty_like(seen)
        kernels.depthwise_gradient(seen, dy[part], kernel, windows.strides, windows.dilation, out, wide)
        if dx is not None and wide is not None:
            dx[part] = wide[windows.inside]
    return dx


def _blocks(y: Array) -> list[slice]:
    step = max(1, BLOCK_BYTES // max(1, math.prod(y.shape[1:]) * y.itemsize))
    return [slice(start, start + step) for start in range(0, len(y), step)]


class Depthwise(Filtering):
    """A Filtering that begins with a kernel for each channel."""

    kernel_size: Sizes = field(doc=KERNEL_SIZE_DOC, legacy=("filter_length",))
    strides: Sizes = field(1, doc=STRIDES_DOC, legacy=("subsample", "subsample_length"))
    padding: Literal["valid", "same"] = field("valid", doc=PADDING_DOC, legacy=("border_mode",))
    depth_multiplier: PositiveInt = field(1, doc="Number of kernels for each channel.")
    dilation_rate: Sizes = field(1, doc=DILATION_DOC)
    depthwise_initializer: AnInitializer = field(
        "glorot_uniform", doc="How the kernels of the channels start.", legacy=("init",)
    )
    depthwise_regularizer: ARegularizer | None = field(None, doc="Penalty on the kernels of the channels.")
    depthwise_constraint: AConstraint | None = field(None, doc="Projection of the kernels of the channels.")

    weight_name = "kernel"

    def build(self, input_shape: Shape) -> Shape:
        channels = self.split(input_shape)[1]
        self.windows = self.slide_kernel(input_shape)
        given = self.depthwise_initializer, self.depthwise_regularizer, self.depthwise_constraint
        shape = (*self.windows.size, channels, self.depth_multiplier)
        self.kernel = self.weight(self.weight_name, shape, *given)
        outputs = self.add_mixing(channels * self.depth_multiplier)
        self.add_bias(outputs)
        return self.join(self.windows.output, outputs)

    def add_mixing(self, channels: int) -> int:
        """Add what follows the kernels of the channels; return the number of outputs."""
        return channels

    def filtered(self, x: Array) -> tuple[Array, Any]:
        return depthwise(x, self.kernel.value, self.windows), x

    def gradients(self, dz: Array, cache: Any) -> Array | None:
        return depthwise_gradient(cache, dz, self.kernel.value, self.windows, self.kernel.grad, needs_dx=self.needs_dx)


class DepthwiseAlone(Depthwise):
    """A Depthwise without anything after it."""

    order = ("kernel_size", "strides", "padding", "depth_multiplier", *Depthwise.order)


class Separable(Depthwise):
    """A Depthwise whose outputs are mixed at every place by one more kernel."""

    filters: PositiveInt = field(doc=FILTERS_DOC, legacy=("nb_filter",))
    kernel_size: Sizes = field(doc=KERNEL_SIZE_DOC, legacy=("filter_length",))
    pointwise_initializer: AnInitializer = field("glorot_uniform", doc="How the mixing kernel starts.")
    pointwise_regularizer: ARegularizer | None = field(None, doc="Penalty on the mixing kernel.")
    pointwise_constraint: AConstraint | None = field(None, doc="Projection of the mixing kernel.")

    weight_name = "depthwise_kernel"

    def add_mixing(self, channels: int) -> int:
        given = self.pointwise_initializer, self.pointwise_regularizer, self.pointwise_constraint
        self.pointwise = self.weight("pointwise_kernel", (1,) * self.axes + (channels, self.filters), *given)
        return self.filters

    def filtered(self, x: Array) -> tuple[Array, Any]:
        middle, _ = super().filtered(x)
        mixed = kernels.product(rows(middle), self.pointwise.value.reshape(-1, self.filters))
        return mixed.reshape(*middle.shape[:-1], self.filters), (x, middle)

    def gradients(self, dz: Array, cache: Any) -> Array | None:
        x, middle = cache
        kernels.product(rows(middle).T, rows(dz), self.pointwise.grad.reshape(-1, self.filters), by_rows=True)
        slopes = kernels.product(rows(dz), self.pointwise.value.reshape(-1, self.filters).T)
        return super().gradients(slopes.reshape(middle.shape), x)


@register("layer")
class DepthwiseConv1D(DepthwiseAlone):
    """y[t, c, m] = activation(sum_k x[strides t + dilation_rate k, c] * kernel[k, c, m] + bias[c, m])

    Shapes  x (B, T, C)  kernel (kernel_size, C, M)  bias (C M,)  y (B, T', C M), M is depth_multiplier
    Source  Chollet 2017; keras.layers.DepthwiseConv1D
    """

    axes = 1
    examples = (
        {"kernel_size": 2, "depth_multiplier": 2, "input_shape": [4, 2]},
        {"kernel_size": 3, "padding": "same", "strides": 2, "use_bias": False, "input_shape": [5, 3]},
    )


@register("layer")
class DepthwiseConv2D(DepthwiseAlone):
    """y[i, j, c, m] = activation(sum_kl x[s i + d k, s j + d l, c] * kernel[k, l, c, m] + bias[c, m])

    Shapes  x (B, H, W, C)  kernel (*kernel_size, C, M)  bias (C M,)  y (B, H', W', C M), M is depth_multiplier
    Source  Chollet 2017; keras.layers.DepthwiseConv2D
    """

    axes = 2
    examples = (
        {"kernel_size": 2, "depth_multiplier": 2, "activation": "tanh", "input_shape": [3, 4, 2]},
        {"kernel_size": [2, 1], "padding": "same", "strides": 2, "dilation_rate": 2, "input_shape": [4, 3, 3]},
        {"kernel_size": 2, "data_format": "channels_first", "input_shape": [2, 3, 3]},
    )


@register("layer", aliases=("SeparableConvolution1D",))
class SeparableConv1D(Separable):
    """y = activation(DepthwiseConv1D(x) @ pointwise_kernel + bias)

    Shapes  x (B, T, C)  depthwise_kernel (kernel_size, C, M)  pointwise_kernel (1, C M, filters)  y (B, T', filters)
    Source  Chollet 2017; keras.layers.SeparableConv1D
    """

    axes = 1
    examples = ({"filters": 3, "kernel_size": 2, "depth_multiplier": 2, "input_shape": [4, 2]},)


@register("layer", aliases=("SeparableConvolution2D",))
class SeparableConv2D(Separable):
    """y = activation(DepthwiseConv2D(x) @ pointwise_kernel + bias)

    Shapes  x (B, H, W, C)  depthwise_kernel (*kernel_size, C, M)  pointwise_kernel (1, 1, C M, filters)
            y (B, H', W', filters)
    Source  Chollet 2017; keras.layers.SeparableConv2D
    """

    axes = 2
    examples = (
        {"filters": 3, "kernel_size": 2, "depth_multiplier": 2, "input_shape": [3, 3, 2]},
        {"filters": 2, "kernel_size": 2, "padding": "same", "data_format": "channels_first", "input_shape": [2, 3, 4]},
    )
