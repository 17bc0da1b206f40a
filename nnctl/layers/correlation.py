"""The arithmetic of convolution: products of a kernel with the windows of its input.

    y = correlate(x, kernel, windows)            x (B, *S, C)  kernel (*K, C, O)  y (B, *P, O)
    kernel_gradient(x, dy, windows)              of the kernel
    dx = input_gradient(dy, kernel, windows)     of x; also what a transposed convolution computes

All three copy windows into the rows of a matrix, as many images at a time as stay in the
processor's cache, and leave the rest to one matrix product a block: nearly all time is spent in
these products (tests/benchmarks). Threads take the blocks between them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np

from nnctl import kernels, threads
from nnctl.layers import Array
from nnctl.layers.windows import Windows

BLOCK_BYTES = 3 << 19  # of a matrix of windows: 1.5 MiB, what a core's own cache holds
FEW_CHANNELS = 4  # with so few, windows are copied faster one element of the window at a time
WIDENING = 4  # up to so many outputs a channel, a correlation gives the input gradient sooner than NumPy's col2im


Block = tuple[slice, slice]  # some images, and some of their places along the first axis


def correlate(x: Array, kernel: Array, windows: Windows, finish: Callable[[Array], Any] = lambda rows: None) -> Array:
    """Return sum over a window of x * kernel, for every place of the window.

    `finish` is called with the rows (places, O) of every block while they are in the cache, and may change them.
    """
    y = np.empty((len(x), *windows.output, kernel.shape[-1]), x.dtype)
    matrix = kernel.reshape(-1, kernel.shape[-1])
    if windows.plain:
        finish(kernels.product(_rows(x), matrix, _rows(y)))
        return y

    def write(group: list[Block]) -> None:
        for block, columns in gathered(x, windows, group):
            finish(np.matmul(columns, matrix, out=_rows(y[block])))

    threads.share([partial(write, group) for group in groups(x, windows, matrix.size)])
    return y


def kernel_gradient(x: Array, dy: Array, windows: Windows) -> Array:
    """Return the gradient of the kernel."""
    shape = (*windows.size, x.shape[-1], dy.shape[-1])
    rows, outputs = math.prod(shape[:-1]), shape[-1]
    if windows.plain:
        return kernels.product(_rows(x).T, _rows(dy)).reshape(shape)
    work = groups(x, windows, rows * outputs)
    totals = np.zeros((len(work), rows, outputs), x.dtype)

    def add(group: list[Block], total: Array) -> None:
        part = np.empty_like(total)
        for block, columns in gathered(x, windows, group):
            np.matmul(columns.T, _rows(dy[block]), out=part)
            total += part

    threads.share([partial(add, group, total) for group, total in zip(work, totals, strict=True)])
    return np.add.reduce(totals, axis=0).reshape(shape)


def input_gradient(dy: Array, kernel: Array, windows: Windows) -> Array:
    """Return the gradient of x."""
    inputs, outputs = kernel.shape[-2:]
    if max(windows.strides) == 1 and kernels.chosen == "numpy" and outputs <= WIDENING * inputs:
        flipped = np.flip(kernel, tuple(range(kernel.ndim - 2))).swapaxes(-1, -2)
        return correlate(dy, np.ascontiguousarray(flipped), windows.reversed())
    return _spread(dy, kernel.reshape(-1, outputs), windows, inputs)


def _spread(dy: Array, matrix: Array, windows: Windows, inputs: int) -> Array:
    """Return the gradient of x as products that are added where their windows lie."""
    dx = np.empty((len(dy), *windows.input, inputs), dy.dtype)
    places, fields = math.prod(windows.output), len(matrix)
    step = max(1, BLOCK_BYTES // (places * fields * dy.itemsize))

    def write(images: slice) -> None:
        wide = np.empty((min(step, images.stop - images.start), *windows.padded, inputs), dy.dtype)
        for start in range(images.start, images.stop, step):
            block = slice(start, min(start + step, images.stop))
            part = dy[block]
            columns = np.matmul(_rows(part), matrix.T).reshape(len(part), *windows.output, *windows.size, inputs)
            kernels.col2im(columns, *windows.steps, wide[: len(part)])
            dx[block] = wide[: len(part)][windows.inside]

    count = threads.parts(len(dy) * places * matrix.size)
    threads.share([partial(write, images) for images in threads.ranges(len(dy), count, step)])
    return dx


def groups(x: Array, windows: Windows, weights: int) -> list[list[Block]]:
    """Cut the places of all windows into blocks, and these into as many groups as are worth a thread.

    A block has several images, or some of the places of one; `weights` are the multiplications of a place.
    """
    lines, images = _block_size(x, windows)
    first = windows.output[0]
    blocks = [
        (slice(start, start + images), slice(top, min(top + lines, first)))
        for start in range(0, len(x), images)
        for top in range(0, first, lines)
    ]
    count = threads.parts(len(x) * math.prod(windows.output) * weights)
    return [blocks[part] for part in threads.ranges(len(blocks), count)]


def gathered(x: Array, windows: Windows, group: list[Block]) -> Iterator[tuple[Block, Array]]:
    """Yield every block of a group with its windows as the rows of a matrix.

    The matrix is scratch: it is overwritten when the next one is asked for.
    """
    lines, images = _block_size(x, windows)
    others, channels = windows.output[1:], x.shape[-1]
    width = math.prod(others) * math.prod(windows.size) * channels
    scratch = np.empty(min(images, len(x)) * lines * width, x.dtype)
    padded: tuple[slice | None, Array] = None, x
    for images_here, places in group:
        if padded[0] != images_here:
            padded = images_here, windows.pad(x[images_here])
        part = padded[1]
        seen = part[:, places.start * windows.strides[0] :]
        shape = (len(part), places.stop - places.start, *others, *windows.size, channels)
        yield (images_here, places), _columns(seen, windows, shape, scratch)


def _block_size(x: Array, windows: Windows) -> tuple[int, int]:
    """Return how many places along the first axis a block has, and of how many images."""
    first, *others = windows.output
    line_bytes = math.prod(others) * math.prod(windows.size) * x.shape[-1] * x.itemsize
    fitting = max(1, BLOCK_BYTES // line_bytes)
    return min(fitting, first), max(1, fitting // first)


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
