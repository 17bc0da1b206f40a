"""A matrix product in tiles, which OpenBLAS multiplies without copying its factors first.

Up to a million multiplications OpenBLAS has kernels that take matrices as they lie, where the processor has
AVX-512. In tiles of the right shape a core reaches 104 to 115 GFLOP/s, where the same product as a whole runs at
78 to 102. NumPy multiplies a stack of matrices in one call, so that many tiles cost no time of Python's.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import numpy as np

from nnctl import threads
from nnctl.kernels.reference import Array

ARCHITECTURES = {"SkylakeX", "Cooperlake", "SapphireRapids"}  # those with such kernels, in OpenBLAS' words
SMALL = 1_000_000  # multiplications up to which they are used
LEAST = 16  # rows or columns of a product: thinner ones stay whole
LONG = 256  # terms of a sum from which on tiles are faster where the second factor is transposed


def multiply(a: Array, b: Array, out: Array) -> None:
    """Write a @ b to `out`, with a (M, K), b (K, N) and out (M, N)."""
    (m, k), n = a.shape, b.shape[1]
    if (tile := _tile(a, b, out)) is None:
        np.matmul(a, b, out=out)
        return
    for columns, width in _cut(n, tile[1]):
        right = b[:, columns].reshape(k, -1, 1, width).transpose(1, 2, 0, 3)  # stays in the cache for all rows
        for rows, height in _cut(m, tile[0]):
            place = out[rows, columns].reshape(-1, height, len(right), width).transpose(2, 0, 1, 3)
            np.matmul(a[rows].reshape(-1, height, k), right, out=place)


def _tile(a: Array, b: Array, out: Array) -> tuple[int, int] | None:
    """Return the rows and columns of a tile, or None where the product is better left whole.

    They are those that were the fastest for each way in which the factors lie in memory.
    """
    k = a.shape[1]
    if min(out.shape) < LEAST or not a.dtype == b.dtype == out.dtype == np.float32:
        return None
    by_rows = [x.strides[1] == x.itemsize for x in (a, b, out)]
    transposed = [x.strides[0] == x.itemsize for x in (a, b)]
    if by_rows == [True, True, True]:
        tile = 16, 64
    elif by_rows[2] and ((transposed[0] and by_rows[1]) or (by_rows[0] and transposed[1] and k >= LONG)):
        tile = 32, 32
    else:
        return None
    return tile if tile[0] * tile[1] * k <= SMALL and has_small_kernels() else None


def _cut(size: int, step: int) -> Iterator[tuple[slice, int]]:
    """Cut range(size) into as many steps as there are, and the rest; yield both with what they are stacks of."""
    whole = size - size % step
    if whole:
        yield slice(0, whole), step
    if whole < size:
        yield slice(whole, size), size - whole


@cache
def has_small_kernels() -> bool:
    """Whether OpenBLAS multiplies small matrices as they lie."""
    return bool(ARCHITECTURES & threads.blas_architectures())
