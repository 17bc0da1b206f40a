"""Transposed convolution: the way back through a convolution, from its outputs to inputs of a larger size."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
from annotated_types import Ge

from nnctl.errors import ConfigError
from nnctl.fields import field
from nnctl.layers import Array, Shape, show_shape
from nnctl.layers.convolution import DILATION_DOC, Kernelled
from nnctl.layers.correlation import correlate, input_gradient, kernel_gradient
from nnctl.layers.windows import Sizes, slide
from nnctl.registry import register

NonNegative = Annotated[int, Ge(0)]


class Transposed(Kernelled):
    """The gradient of a convolution with respect to its input, as a layer.

    What is `x` to the convolution is `y` here, and its kernel is (*K, filters, C).
    """

    output_padding: NonNegative | tuple[NonNegative, ...] | None = field(
        None, doc="Zeros at the end of the output, less than the strides; null: as many as padding asks for."
    )
    dilation_rate: Sizes = field(1, doc=DILATION_DOC)

    sized = (*Kernelled.sized, "output_padding")

    def conflicts(self) -> Any:
        found = [*super().conflicts()]
        yield from found
        if found or self.output_padding is None:
            return
        if np.any(np.greater_equal(self.output_padding, self.strides)):
            yield "output_padding", f"must be less than strides ({self.strides}), got {self.output_padding}"

    def build(self, input_shape: Shape) -> Shape:
        sizes, channels = self.split(input_shape)
        size, strides, dilation = map(self.per_axis, (self.kernel_size, self.strides, self.dilation_rate))
        extra = (None,) * self.axes if self.output_padding is None else self.per_axis(self.output_padding)
        reach = tuple((k - 1) * d + 1 for k, d in zip(size, dilation, strict=True))
        output = tuple(map(self.output_size, sizes, reach, strides, extra))
        if min(output) < 1 or (windows := slide(output, size, strides, dilation, self.padding)).output != sizes:
            raise ConfigError(
                f"{self.title()}: a convolution of outputs {list(output)} would not give back inputs of shape "
                f"{show_shape(input_shape)}; leave out output_padding, or make it larger"
            )
        self.windows = windows
        self.add_kernel(*size, self.filters, channels)
        self.add_bias(self.filters)
        return self.join(output, self.filters)

    def output_size(self, n: int, reach: int, stride: int, extra: int | None) -> int:
        if self.padding == "same":
            return n * stride if extra is None else (n - 1) * stride + reach % 2 + extra
        return (n - 1) * stride + (max(reach, stride) if extra is None else reach + extra)

    def filtered(self, x: Array) -> tuple[Array, Any]:
        return input_gradient(x, self.kernel.value, self.windows), x

    def gradients(self, dz: Array, cache: Any) -> Array | None:
        self.kernel.grad[...] = kernel_gradient(dz, cache, self.windows)
        return correlate(dz, self.kernel.value, self.windows) if self.needs_dx else None


@register("layer", aliases=("Convolution1DTranspose",))
class Conv1DTranspose(Transposed):
    """y = activation(sum_t x[t] @ kernel[:, :, :]^T added at strides t + bias)

    Shapes  x (B, T, C)  kernel (kernel_size, filters, C)  bias (filters,)  y (B, T', filters)
    Source  Zeiler et al. 2010; keras.layers.Conv1DTranspose
    """

    axes = 1
    examples = (
        {"filters": 2, "kernel_size": 3, "strides": 2, "input_shape": [3, 2]},
        {"filters": 3, "kernel_size": 2, "padding": "same", "data_format": "channels_first", "input_shape": [2, 3]},
    )


@register("layer", aliases=("Convolution2DTranspose",), legacy=("Deconvolution2D", "Deconv2D"))
class Conv2DTranspose(Transposed):
    """y = activation(sum_ij x[i, j] @ kernel[:, :]^T added at (strides i, strides j) + bias)

    Shapes  x (B, H, W, C)  kernel (*kernel_size, filters, C)  bias (filters,)  y (B, H', W', filters)
    Source  Zeiler et al. 2010; keras.layers.Conv2DTranspose
    """

    axes = 2
    examples = (
        {"filters": 2, "kernel_size": 3, "strides": 2, "padding": "same", "input_shape": [2, 3, 2]},
        {"filters": 2, "kernel_size": 2, "strides": [2, 3], "output_padding": [0, 2], "input_shape": [2, 2, 1]},
        {"filters": 3, "kernel_size": 2, "dilation_rate": 2, "activation": "tanh", "input_shape": [2, 2, 2]},
    )


@register("layer", aliases=("Convolution3DTranspose",))
class Conv3DTranspose(Transposed):
    """y = activation(sum_ijk x[i, j, k] @ kernel[:, :, :]^T added at (strides i, strides j, strides k) + bias)

    Shapes  x (B, D, H, W, C)  kernel (*kernel_size, filters, C)  bias (filters,)  y (B, D', H', W', filters)
    Source  Zeiler et al. 2010; keras.layers.Conv3DTranspose
    """

    axes = 3
    examples = ({"filters": 2, "kernel_size": 2, "strides": [1, 2, 1], "input_shape": [2, 1, 2, 2]},)
