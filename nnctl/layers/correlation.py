"""The arithmetic of convolution: products of a kernel with the windows of its input.

    y = correlate(x, kernel, windows)            x (B, *S, C)  kernel (*K, C, O)  y (B, *P, O)
    kernel_gradient(x, dy, windows)              of the kernel
    dx = input_gradient(dy, kernel, windows)     of x; also what a transposed convolution computes

All three copy windows into the rows of a matrix, as many images at a time as stay in the
processor's cache, and leave the rest to one matrix product a block: nearly all time is spent in
these products (tests/benchmarks).
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from nnctl import kernels
from nnctl.layers import Array
from nnctl.layers.windows import Windows

BLOCK_BYTES = 3 << 19  # of a matrix of windows: 1.5 MiB, what a core's own cache holds
FEW_CHANNELS = 4  # with so few, windows are copied faster one element of the window at a time
WIDENING = 4  # up to so many outputs a channel, a correlation gives the input gradient sooner than col2im


def correlate(x: Array, kernel: Array, windows: Windows) -> Array:
    """Return sum over a window of x * kernel, for every place of the window."""
    y = np.empty((len(x), *windows.output, kernel.shape[-1]), x.dtype)
    matrix = kernel.reshape(-1, kernel.shape[-1])
    for images, lines, columns in blocks(x, windows):
        np.matmul(columns, matrix, out=_rows(y[images, lines]))
    return y


def kernel_gradient(x: Array, dy: Array, windows: Windows) -> Array:
    """Return the gradient of the kernel."""
    shape = (*windows.size, x.shape[-1], dy.shape[-1])
    total = np.zeros((math.prod(shape[:-1]), shape[-1]), x.dtype)
    part = np.empty_like(total)
    for images, lines, columns in blocks(x, windows):
        np.matmul(columns.T, _rows(dy[images, lines]), out=part)
        total += part
    return total.reshape(shape)


def input_gradient(dy: Array, kernel: Array, windows: Windows) -> Array:
    """Return the gradient of x."""
    inputs, outputs = kernel.shape[-2:]
    if max(windows.strides) == 1 and outputs <= WIDENING * inputs:
        flipped = np.flip(kernel, tuple(range(kernel.ndim - 2))).swapaxes(-1, -2)
        return correlate(dy, np.ascontiguousarray(flipped), windows.reversed())
    return _spread(dy, kernel.reshape(-1, outputs), windows, inputs)


def _spread(dy: Array, matrix: Array, windows: Windows, inputs: int) -> Array:
    """Return the gradient of x as products that are added where their windows lie."""
    dx = np.empty((len(dy), *windows.input, inputs), dy.dtype)
    places, fields = math.prod(windows.output), len(matrix)
    step = max(1, BLOCK_BYTES // (places * fields * dy.itemsize))
    wide = np.empty((min(step, len(dy)), *windows.padded, inputs), dy.dtype)
    for start in range(0, len(dy), step):
        part = dy[start : start + step]
        columns = np.matmul(_rows(part), matrix.T).reshape(len(part), *windows.output, *windows.size, inputs)
        kernels.col2im(columns, *windows.steps, wide[: len(part)])
        dx[start : start + step] = wide[: len(part)][windows.inside]
    return dx


def blocks(x: Array, windows: Windows) -> Iterator[tuple[slice, slice, Array]]:
    """Yield (images, places along the first axis, their windows as the rows of a matrix).

    The matrix is scratch: it is overwritten when the next one is asked for. A block has several
    images, or some of the places of one.
    """
    channels = x.shape[-1]
    if max(windows.size) == max(windows.strides) == 1 and windows.padded == windows.input:
        yield slice(None), slice(None), x.reshape(-1, channels)
        return
    first, *others = windows.output
    width = math.prod(windows.size) * channels
    line = math.prod(others) * width
    fitting = max(1, BLOCK_BYTES // (line * x.itemsize))  # lines of places
    images, lines = max(1, fitting // first), min(fitting, first)
    scratch = np.empty(min(images, len(x)) * lines * line, x.dtype)
    for start in range(0, len(x), images):
        part = windows.pad(x[start : start + images])
        for top in range(0, first, lines):
            rows = min(lines, first - top)
            seen = part[:, top * windows.strides[0] :]
            shape = (len(part), rows, *others, *windows.size, channels)
            yield slice(start, start + images), slice(top, top + rows), _columns(seen, windows, shape, scratch)


def _columns(x: Array, windows: Windows, shape: tuple[int, ...], scratch: Array) -> Array:
    """Copy the windows at the first places of x, as many as `shape` says, into rows of a matrix."""
    reach = (windows.size[0] - 1) * windows.dilation[0]
    x = x[:, : (shape[1] - 1) * windows.strides[0] + reach + 1]
    axes = len(windows.size)
    places = math.prod(shape[: axes + 1])
    buffer = scratch[: math.prod(shape)]
    if shape[-1] > FEW_CHANNELS:
        kernels.im2col(x, *windows.steps, buffer.reshape(shape))
        return buffer.reshape(places, -1)
    turned = buffer.reshape(*shape[axes + 1 :], *shape[: axes + 1])
    kernels.im2col(x, *windows.steps, np.moveaxis(turned, range(axes + 1), range(-axes - 1, 0)))
    return buffer.reshape(-1, places).T


def _rows(y: Array) -> Array:
    return y.reshape(-1, y.shape[-1])
