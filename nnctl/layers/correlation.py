"""The arithmetic of convolution: products of a kernel with the windows of its input.

    y = correlate(x, kernel, windows)            x (B, *S, C)  kernel (*K, C, O)  y (B, *P, O)
    kernel_gradient(x, dy, windows)              of the kernel
    dx = input_gradient(dy, kernel, windows)     of x; also what a transposed convolution computes

All three copy windows into the rows of matrices (`gathering`), as many images at a time as stay in the
processor's cache, and leave the rest to matrix products: nearly all time is spent in these products
(tests/benchmarks). Threads take the blocks between them.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from nnctl import kernels, threads
from nnctl.kernels import pieces
from nnctl.layers import Array
from nnctl.layers.gathering import BLOCK_BYTES, Block, Gathering
from nnctl.layers.windows import Windows

WIDENING = {"numpy": 4, "compiled": 2}  # outputs a channel up to which a correlation may give the input gradient sooner


def correlate(x: Array, kernel: Array, windows: Windows, finish: Callable[[Array], Any] = lambda rows: None) -> Array:
    """Return sum over a window of x * kernel, for every place of the window.

    `finish` is called with the rows (places, O) of every block while they are in the cache, and may change them.
    """
    y = np.empty((len(x), *windows.output, kernel.shape[-1]), x.dtype)
    gathering = Gathering(x, windows, kernel.shape[-1])
    matrices = gathering.split(kernel)

    def write(group: list[Block]) -> None:
        for block, rows, (first, *others) in gathering.gathered(group):
            out = gathering.shaped(y, block)
            out[:, : first.outputs.start] = out[:, first.outputs.stop :] = 0
            pieces.multiply(rows[:, first.rows], matrices[first.line], out[:, first.outputs])
            for run in others:
                out[:, run.outputs] += pieces.multiply(rows[:, run.rows], matrices[run.line])
            finish(_rows(out))

    threads.share([partial(write, group) for group in gathering.groups()])
    return y


def kernel_gradient(x: Array, dy: Array, windows: Windows) -> Array:
    """Return the gradient of the kernel."""
    gathering = Gathering(x, windows, dy.shape[-1])
    work = gathering.groups()
    totals = np.zeros((len(work), *windows.size, x.shape[-1], dy.shape[-1]), x.dtype)

    def add(group: list[Block], total: Array) -> None:
        matrices = gathering.split(total)
        for block, rows, runs in gathering.gathered(group):
            slopes = gathering.shaped(dy, block)
            for run in runs:
                pieces.add_gradient(rows[:, run.rows], slopes[:, run.outputs], matrices[run.line])

    threads.share([partial(add, group, total) for group, total in zip(work, totals, strict=True)])
    return np.add.reduce(totals, axis=0)


def input_gradient(dy: Array, kernel: Array, windows: Windows) -> Array:
    """Return the gradient of x."""
    inputs, outputs = kernel.shape[-2:]
    if _correlates(dy, windows, inputs):
        flipped = np.flip(kernel, tuple(range(kernel.ndim - 2))).swapaxes(-1, -2)
        return correlate(dy, np.ascontiguousarray(flipped), windows.reversed())
    matrix = kernel.reshape(-1, outputs).T
    return _spread(dy, np.ascontiguousarray(matrix) if pieces.fits(*matrix.shape) else matrix, windows, inputs)


def _correlates(dy: Array, windows: Windows, inputs: int) -> bool:
    """Whether a correlation of dy gives the gradient of x sooner than sums of windows."""
    if max(windows.strides) > 1 or dy.shape[-1] > WIDENING[kernels.chosen] * inputs:
        return windows.plain
    return windows.plain or kernels.chosen == "numpy" or Gathering(dy, windows.reversed(), inputs).by_lines


def _spread(dy: Array, matrix: Array, windows: Windows, inputs: int) -> Array:
    """Return the gradient of x as products with `matrix` (O, fields) that are added where their windows lie."""
    dx = np.empty((len(dy), *windows.input, inputs), dy.dtype)
    places, (outputs, fields) = math.prod(windows.output), matrix.shape
    step = max(1, BLOCK_BYTES // (places * fields * dy.itemsize))

    def write(images: slice) -> None:
        most = min(step, images.stop - images.start)
        wide = np.empty((most, *windows.padded, inputs), dy.dtype)
        columns = np.empty((most, *windows.output, *windows.size, inputs), dy.dtype)
        for start in range(images.start, images.stop, step):
            block = slice(start, min(start + step, images.stop))
            count = block.stop - block.start
            part, flat = dy[block].reshape(1, -1, outputs), columns[:count].reshape(1, -1, fields)
            pieces.multiply(part, matrix, flat)
            kernels.col2im(columns[:count], *windows.steps, wide[:count])
            dx[block] = wide[:count][windows.inside]

    count = threads.parts(len(dy) * places * matrix.size)
    threads.share([partial(write, images) for images in threads.ranges(len(dy), count)])
    return dx


def _rows(y: Array) -> Array:
    return y.reshape(-1, y.shape[-1])
