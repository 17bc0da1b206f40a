"""Matrix products, cut into parts for several threads where they are large enough."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, partial
from typing import Any

import numpy as np

from nnctl import threads
from nnctl.kernels.reference import Array


def product(a: Array, b: Array, out: Array | None = None, by_rows: bool = False) -> Array:
    """Return a @ b, with a (M, K) and b (K, N), written to `out` where it is given.

    The longer side of the result is cut, so that the parts have the smaller factor in common; the rows of
    a weight's gradient are (`by_rows`), as the optimizer cuts the weight, where they are enough.
    """
    (m, k), n = a.shape, b.shape[1]
    if m * k * n < 2 * threads.PRODUCT or (count := threads.parts(m * k * n)) == 1:
        if out is not None and not out.flags.c_contiguous:
            return np.matmul(a, b, out=out)
        return np.dot(a, b, out)  # half the overhead of np.matmul, which small nets feel
    if out is None:
        out = np.empty((m, n), np.result_type(a, b))
    if m >= n or (by_rows and m >= count * threads.LANES):
        work = [_part(a[rows], b, out[rows]) for rows in threads.ranges(m, count, threads.LANES)]
    else:
        work = [_part(a, b[:, columns], out[:, columns]) for columns in threads.ranges(n, count, threads.LANES)]
    threads.share(work)
    return out


def column_sums(x: Array, out: Array | None = None) -> Array:
    """Return the sum of each column of x (M, N), written to `out` where it is given.

    As a product with ones it takes a fifth of the time of NumPy's sum, and is more exact.
    """
    return np.dot(_ones(len(x), x.dtype), x, out)


@lru_cache(16)
def _ones(size: int, dtype: np.dtype[Any]) -> Array:
    return np.ones(size, dtype)


def _part(a: Array, b: Array, out: Array) -> Callable[[], Any]:
    return partial(np.matmul, a, b, out=out)
