"""Locally connected layers: a convolution whose kernel differs from place to place."""

from __future__ import annotations

import math
from typing import Any, Literal

import numpy as np

from nnctl import kernels
from nnctl.fields import field
from nnctl.layers import Array, Shape
from nnctl.layers.convolution import Kernelled
from nnctl.registry import register


class LocallyConnected(Kernelled):
    """A Kernelled with a kernel and a bias for every place."""

    padding: Literal["valid"] = field("valid", doc="Only where the window fits.", legacy=("border_mode",))
    dilation_rate = 1
    implementation: Literal[1] = field(1, doc="Layout of the kernel: 1 is the only one that files need.")

    def build(self, input_shape: Shape) -> Shape:
        channels = self.split(input_shape)[1]
        self.windows = self.slide_kernel(input_shape)
        output = self.windows.output
        self.add_kernel(math.prod(output), math.prod(self.windows.size) * channels, self.filters)
        self.add_bias(*output, self.filters)
        return self.join(output, self.filters)

    def by_place(self, bias: Array) -> Array:
        """With the channels first, Keras 2 reads the numbers of (*P, filters) as (filters, *P)."""
        if not self.channels_first:
            return bias
        return np.moveaxis(bias.reshape(self.filters, *self.windows.output), 0, -1)

    def columns(self, x: Array) -> Array:
        """Return the windows of each place, (P, B, what a kernel sees); it sees channels in the order they come."""
        seen = kernels.windows(x, *self.windows.steps)
        if self.channels_first:
            seen = np.moveaxis(seen, -1, self.axes + 1)
        places = self.kernel.shape[0]
        return np.ascontiguousarray(seen.reshape(len(x), places, self.kernel.shape[1]).swapaxes(0, 1))

    def filtered(self, x: Array) -> tuple[Array, Any]:
        z = np.matmul(self.columns(x), self.kernel.value)
        z = np.ascontiguousarray(z.swapaxes(0, 1))
        return z.reshape(len(x), *self.windows.output, self.filters), x

    def gradients(self, dz: Array, cache: Any) -> Array | None:
        places = dz.reshape(len(dz), -1, self.filters).swapaxes(0, 1)
        np.matmul(self.columns(cache).swapaxes(1, 2), places, out=self.kernel.grad)
        if not self.needs_dx:
            return None
        windows, channels = self.windows, cache.shape[-1]
        slopes = np.matmul(places, self.kernel.value.swapaxes(1, 2)).swapaxes(0, 1)
        order = (channels, *windows.size) if self.channels_first else (*windows.size, channels)
        slopes = slopes.reshape(len(dz), *windows.output, *order)
        if self.channels_first:
            slopes = np.moveaxis(slopes, self.axes + 1, -1)
        dx = np.empty(cache.shape, cache.dtype)
        kernels.col2im(slopes, *windows.steps, dx)
        return dx


@register("layer")
class LocallyConnected1D(LocallyConnected):
    """y[t] = activation(x[strides t : strides t + kernel_size] @ kernel[t] + bias[t])

    Shapes  x (B, T, C)  kernel (T', kernel_size C, filters)  bias (T', filters)  y (B, T', filters)
    Source  LeCun 1989; keras.layers.LocallyConnected1D of Keras 2
    """

    axes = 1
    examples = ({"filters": 2, "kernel_size": 2, "strides": 2, "input_shape": [5, 2]},)


@register("layer")
class LocallyConnected2D(LocallyConnected):
    """y[i, j] = activation(window of x at (strides i, strides j) @ kernel[i, j] + bias[i, j])

    Shapes  x (B, H, W, C)  kernel (H' W', size of the window times C, filters)  bias (H', W', filters)
            y (B, H', W', filters)
    Source  LeCun 1989; keras.layers.LocallyConnected2D of Keras 2
    """

    axes = 2
    examples = (
        {"filters": 2, "kernel_size": [2, 1], "activation": "tanh", "input_shape": [3, 2, 2]},
        {"filters": 2, "kernel_size": 2, "data_format": "channels_first", "input_shape": [2, 3, 3]},
    )
