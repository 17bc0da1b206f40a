"""Matrix products, cut into parts for several threads where they are large enough."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache, partial
from itertools import zip_longest
from typing import Any

import numpy as np

from nnctl import threads
from nnctl.kernels.reference import Array
from nnctl.kernels.tiles import SMALL, multiply

ALONE = 2 * threads.PRODUCT  # multiplications of the smallest product that may have parts


def product(a: Array, b: Array, out: Array | None = None, by_rows: bool = False) -> Array:
    """Return a @ b, with a (M, K) and b (K, N), written to `out` where it is given.

    The longer side of the result is cut, so that the parts have the smaller factor in common; the rows of
    a weight's gradient are (`by_rows`), as the optimizer cuts the weight, where they are enough.
    """
    if a.size * b.shape[1] < ALONE:
        if out is not None and not out.flags.c_contiguous:
            return np.matmul(a, b, out=out)
        return np.dot(a, b, out)  # half the overhead of np.matmul, which small nets feel
    if out is None:
        out = np.empty((len(a), b.shape[1]), np.result_type(a, b))
    threads.share(_cut(a, b, out, by_rows, threads.HEAD_START))
    return out


def product_gradients(x: Array, kernel: Array, dy: Array, dkernel: Array, needs_dx: bool) -> Array | None:
    """Write x.T @ dy to `dkernel` and return dy @ kernel.T: the gradients of x (M, K) @ kernel (K, N).

    Both are shared at once: to wake the other threads and to wait for them takes as long as a small product.
    """
    if x.size * dy.shape[1] < ALONE:
        np.dot(x.T, dy, dkernel)
        return np.dot(dy, kernel.T) if needs_dx else None
    if not needs_dx:
        product(x.T, dy, dkernel, by_rows=True)
        return None
    dx = np.empty(x.shape, np.result_type(dy, kernel))
    first = _cut(x.T, dy, dkernel, True, threads.HEAD_START)
    second = _cut(dy, kernel.T, dx, False, 0)
    threads.share([partial(_in_turn, parts) for parts in zip_longest(first, second)])
    return dx


def step_products(x: Array, w: Array, out: Array) -> Array:
    """Write x_t @ w of all steps to `out` (T, M, N), with x (T, M, K) and w (K, N).

    As one product, or as one for each step: OpenBLAS multiplies small matrices without copying them first,
    which saves a tenth.
    """
    (steps, m, k), n = x.shape, w.shape[1]
    if out.flags.c_contiguous and (m * k * n > SMALL or steps * m * k * n < threads.PRODUCT):
        product(x.reshape(-1, k), w, out.reshape(-1, n))
        return out
    parts = threads.ranges(steps, threads.parts(steps * m * k * n))
    threads.share([partial(np.matmul, x[part], w, out=out[part]) for part in parts])
    return out


def column_sums(x: Array, out: Array | None = None) -> Array:
    """Return the sum of each column of x (M, N), written to `out` where it is given.

    As a product with ones it takes a fifth of the time of NumPy's sum, and is more exact.
    """
    return np.dot(_ones(len(x), x.dtype), x, out)


@lru_cache(16)
def _ones(size: int, dtype: np.dtype[Any]) -> Array:
    return np.ones(size, dtype)


def _cut(a: Array, b: Array, out: Array, by_rows: bool, head_start: int) -> list[threads.Part]:
    """Return the parts of a @ b; the first one has so many multiplications more than the others."""
    (m, k), n = a.shape, b.shape[1]
    count = threads.parts(m * k * n)
    if m >= n or (by_rows and m >= count * threads.LANES):
        cuts = threads.ranges(m, count, threads.LANES, head_start // (k * n))
        return [partial(multiply, a[rows], b, out[rows]) for rows in cuts]
    cuts = threads.ranges(n, count, threads.LANES, head_start // (m * k))
    return [partial(multiply, a, b[:, columns], out[:, columns]) for columns in cuts]


def _in_turn(parts: Iterable[threads.Part | None]) -> None:
    for part in parts:
        if part is not None:
            part()
