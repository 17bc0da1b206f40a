"""Matrix products of many rows with a small matrix, and their gradients, in pieces that fit the processor.

A piece has as few multiplications as OpenBLAS does without copying its factors first (see `tiles`): 105 to
115 GFLOP/s on a core that reaches 80 to 98 in larger products of the same kind.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import numpy as np

from nnctl.kernels.reference import Array
from nnctl.kernels.tiles import SMALL, has_small_kernels

MANY = 16_000_000  # multiplications of a piece where there are no such kernels: they make up for the copies
LARGEST = 62_500  # numbers of a matrix: with a larger one, pieces would have too few rows
THIN = 16  # columns of a piece of a gradient, or more
LONG = 192  # rows of a piece of a gradient, so that products weigh more than the sums of them


def multiply(x: Array, matrix: Array, out: Array | None = None) -> Array:
    """Return x (N, R, K) @ matrix (K, O), written to `out` where it is given."""
    images, rows, _ = x.shape
    fields, outputs = matrix.shape
    if out is None:
        out = np.empty((images, rows, outputs), x.dtype)
    for part, size in _cut(rows, fields * outputs):
        np.matmul(_stack(x[:, part], size), matrix, out=_stack(out[:, part], size))
    return out


def add_gradient(x: Array, dy: Array, total: Array) -> None:
    """total (K, O) <- total + sum over n of x[n].T @ dy[n], with x (N, R, K) and dy (N, R, O)"""
    fields, outputs = total.shape
    cuts = _divisor(fields, outputs)
    width = fields // cuts
    for part, size in _cut(x.shape[1], width * outputs):
        above = _stack(dy[:, part], size)[:, :, None]
        turned = _stack(x[:, part], size).reshape(*above.shape[:2], size, cuts, width).transpose(0, 1, 3, 4, 2)
        found = np.matmul(turned, above).reshape(-1, fields, outputs)
        total += found[0] if len(found) == 1 else np.add.reduce(found, axis=0)


def fits(fields: int, outputs: int) -> bool:
    """Whether the rows of a product with a matrix of this shape can be cut into pieces."""
    return fields * outputs <= LARGEST


def _cut(rows: int, numbers: int) -> Iterator[tuple[slice, int]]:
    """Cut the rows of a product with so many multiplications a row: yield slices, and the rows of a piece in each."""
    most = _limit() // numbers if numbers <= LARGEST else rows
    size = -(-rows // -(-rows // most))
    even = rows - rows % size
    yield slice(0, even), size
    if even < rows:
        yield slice(even, rows), rows - even


def _limit() -> int:
    return SMALL if has_small_kernels() else MANY


def _stack(x: Array, size: int) -> Array:
    """Return x (N, R, K) as matrices of `size` rows: (N, R / size, size, K)."""
    return x.reshape(len(x), -1, size, x.shape[-1])


@cache
def _divisor(fields: int, outputs: int) -> int:
    """Return into how many parts the rows of a gradient are cut, so that pieces of LONG rows are small enough."""
    for parts in range(1, fields // THIN + 1) if fits(fields, outputs) else ():
        if fields % parts == 0 and fields // parts * outputs * LONG <= _limit():
            return parts
    return 1
