"""How many threads the matrix products may use: one policy, in one place.

The numbers of OpenBLAS' threads must be in the environment before NumPy is imported, so the
command line calls `set_threads` first; later calls go through threadpoolctl.

OpenBLAS' threads spin while they wait for one another. Where another process takes one of the
processors, many small products (the steps of a recurrent net) become ten times slower; with one
thread they do not change, and two threads had not made them faster. So the steps of a recurrent
layer run under `single`, and a network of small products does as a whole (`for_products`). The
choice depends on shapes alone: the same bits every time.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import cache
from pathlib import Path
from typing import Any

SMALL = 2**23  # multiplications: a product below it is done before a second thread is awake
VARIABLES = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")


def available() -> int:
    """Return the processors that this process may use: affinity and cgroup limits respected.

    OpenBLAS looks at the affinity itself, but not at the quota of a container or batch job.
    """
    count = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(count, _cgroup_limit()))


def _cgroup_limit() -> int:
    """Return the whole processors that the cgroup's quota amounts to (rounded up), or a large number."""
    try:
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text().split()
        return -(-int(quota) // int(period))
    except (OSError, ValueError):
        return sys.maxsize


def set_threads(wanted: int | None = None) -> int:
    """Limit the matrix products to `wanted` threads (None: those available); return the number.

    A number that the user put into the environment stays where `wanted` is None.
    """
    if wanted is None and any(name in os.environ for name in VARIABLES):
        return current()
    count = wanted or available()
    for name in VARIABLES:
        os.environ[name] = str(count)
    if "numpy" in sys.modules:
        import threadpoolctl

        threadpoolctl.threadpool_limits(count, user_api="blas")
    return count


def current() -> int:
    """Return the number of threads that the environment asks for, else those available."""
    for name in VARIABLES:
        if os.environ.get(name, "").isdecimal():
            return int(os.environ[name])
    return available()


@contextmanager
def single() -> Iterator[None]:
    """Run the matrix products inside on one thread, as suits many small ones one after the other."""
    before = [(library, library.num_threads) for library in _libraries()]
    for library, _ in before:
        library.set_num_threads(1)
    try:
        yield
    finally:
        for library, count in before:
            library.set_num_threads(count)


@cache
def _libraries() -> list[Any]:
    import threadpoolctl

    return [found for found in threadpoolctl.ThreadpoolController().lib_controllers if found.user_api == "blas"]


def for_products(multiplications: int) -> AbstractContextManager[None]:
    """Run matrix products on one thread where the largest has so few multiplications that a second only costs."""
    return single() if multiplications < SMALL and current() > 1 else nullcontext()
