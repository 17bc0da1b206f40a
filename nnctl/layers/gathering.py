"""Windows as the rows of matrices, block by block: what makes a convolution a matrix product.

With the numbers of its window in one row, every place is a row of a product with the kernel. Windows
are copied whole or by lines. By lines, a row has the numbers that a window covers at one index of the
first axis, so that the window at (i, j) is the rows (i - before + k * dilation, j), one for each line k
of the kernel. Each line of the kernel is multiplied with the rows that it meets, and the products are
added: a window of (H, W, C) costs W * C copied numbers instead of H * W * C, and what of it hangs over
the border of the first axis costs no multiplications.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from nnctl import kernels, threads
from nnctl.kernels import pieces
from nnctl.layers import Array
from nnctl.layers.windows import Windows

BLOCK_BYTES = 3 << 20  # of copied windows: so many that few calls of NumPy make threads wait for one another
LEAST_ROWS = 256  # of a block, where the kernel is large: they make up for adding up its gradient
FEW_CHANNELS = 4  # with so few, windows are copied faster one element of the window at a time
LEAST_FIELDS, LEAST_PLACES = 64, 128  # in a line of a window, and in an image, that make products by lines worth it

Block = tuple[slice, slice]  # some images, and some of their places along the first axis


class Run(NamedTuple):
    """Rows of the outputs that a line of the kernel adds to, and the copied rows that it is multiplied with."""

    line: int
    outputs: slice
    rows: slice


class Gathering:
    """How the windows of images x (B, *S, C) are copied for a kernel (*K, C, O)."""

    def __init__(self, x: Array, windows: Windows, outputs: int) -> None:
        self.x, self.windows, self.outputs = x, windows, outputs
        lines, fields = windows.size[0], math.prod(windows.size[1:]) * x.shape[-1]
        self.by_lines = (
            lines > 1
            and windows.strides[0] == 1
            and fields >= LEAST_FIELDS
            and pieces.fits(fields, outputs)
            and math.prod(windows.output) >= LEAST_PLACES
        )
        self.lines, self.fields = (lines, fields) if self.by_lines else (1, lines * fields)

    def split(self, kernel: Array) -> Array:
        """Return a view of the kernel, or of its gradient, as one matrix (fields, O) for each of its lines."""
        return kernel.reshape(self.lines, self.fields, self.outputs)

    def groups(self) -> list[list[Block]]:
        """Cut the places of all windows into blocks, and these into as many groups as are worth a thread."""
        images, (first, *others) = len(self.x), self.windows.output
        count = threads.parts(images * first * math.prod(others) * self.lines * self.fields * self.outputs)
        row_bytes = self.fields * self.x.itemsize
        fits = pieces.fits(self.fields, self.outputs)  # else OpenBLAS copies the rows, and wants them near
        block = BLOCK_BYTES if fits else max(BLOCK_BYTES // 2, LEAST_ROWS * row_bytes)
        lines = max(1, block // (row_bytes * math.prod(others)))
        together, lines = max(1, lines // first), min(lines, first)
        if images < count:  # then threads share the lines of one
            lines = min(lines, -(-first * images // count))
        groups = [
            [(part, top) for part in _slices(own.start, own.stop, together) for top in _slices(0, first, lines)]
            for own in threads.ranges(images, count)
        ]
        if len(groups) < count:
            blocks = [block for group in groups for block in group]
            groups = [blocks[part] for part in threads.ranges(len(blocks), count)]
        return groups

    def gathered(self, group: list[Block]) -> Iterator[tuple[Block, Array, list[Run]]]:
        """Yield every block of a group with its rows (N, R, fields), and what they are multiplied with, longest first.

        N are the images, or 1 where their rows follow one another. The rows are scratch: they are overwritten when
        the next ones are asked for.
        """
        scratch = np.empty(0, self.x.dtype)
        for images, places in group:
            seen, windows = self._seen(places)
            rows = x = self.x[images, seen]
            if not windows.plain:
                size = len(x) * math.prod(windows.output) * self.fields
                if scratch.size < size:
                    scratch = np.empty(size, x.dtype)
                rows = _copied(windows.pad(x), windows, scratch[:size])
            rows = rows.reshape(self.leading(len(x)), -1, self.fields)
            yield (images, places), rows, self._runs(places, seen, rows.shape[1])

    def shaped(self, y: Array, block: Block) -> Array:
        """Return a view of the block's part of y (B, *P, O), with the first axis that `gathered` gives rows."""
        part = y[block]
        return part.reshape(self.leading(len(part)), -1, self.outputs)

    def leading(self, images: int) -> int:
        return images if self.by_lines else 1

    def _seen(self, places: slice) -> tuple[slice, Windows]:
        """Return which indices on the first axis the windows at these places see, and what is copied of them."""
        whole, count = self.windows, places.stop - places.start
        start = places.start * whole.strides[0] - whole.before[0]
        stop = start + (count - 1) * whole.strides[0] + (whole.size[0] - 1) * whole.dilation[0] + 1
        seen = slice(max(start, 0), min(stop, whole.input[0]))
        size, before, after = whole.size[0], seen.start - start, stop - seen.stop
        if self.by_lines:
            size, before, after, count = 1, 0, 0, seen.stop - seen.start
        return seen, Windows(
            (seen.stop - seen.start, *whole.input[1:]),
            (size, *whole.size[1:]),
            whole.strides,
            whole.dilation,
            (before, *whole.before[1:]),
            (after, *whole.after[1:]),
            (count, *whole.output[1:]),
        )

    def _runs(self, places: slice, seen: slice, rows: int) -> list[Run]:
        if not self.by_lines:
            return [Run(0, slice(0, rows), slice(0, rows))]
        width, runs = math.prod(self.windows.output[1:]), []
        for line in range(self.windows.size[0]):
            ahead = line * self.windows.dilation[0] - self.windows.before[0]
            start, stop = max(places.start, seen.start - ahead), min(places.stop, seen.stop - ahead)
            if start < stop:
                outputs, above = ((i - top) * width for i, top in ((start, places.start), (start + ahead, seen.start)))
                length = (stop - start) * width
                runs.append(Run(line, slice(outputs, outputs + length), slice(above, above + length)))
        return sorted(runs, key=lambda run: run.outputs.start - run.outputs.stop)


def _slices(start: int, stop: int, step: int) -> list[slice]:
    return [slice(at, min(at + step, stop)) for at in range(start, stop, step)]


def _copied(x: Array, windows: Windows, buffer: Array) -> Array:
    """Copy the windows of the padded x into rows of a matrix, in memory of their size."""
    images, channels, axes = len(x), x.shape[-1], len(windows.size)
    if channels > FEW_CHANNELS:
        kernels.im2col(x, *windows.steps, buffer.reshape(images, *windows.output, *windows.size, channels))
        return buffer.reshape(-1, math.prod(windows.size) * channels)
    turned = buffer.reshape(*windows.size, channels, images, *windows.output)
    kernels.im2col(x, *windows.steps, np.moveaxis(turned, range(axes + 1), range(-axes - 1, 0)))
    return buffer.reshape(math.prod(windows.size) * channels, -1).T
