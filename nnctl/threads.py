"""How many threads the matrix products may use: one policy, in one place.

The numbers of OpenBLAS' threads must be in the environment before NumPy is imported, so the
command line calls `set_threads` first; later calls go through threadpoolctl.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

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
    """Run the matrix products inside on one thread, as suits many small ones one after the other.

    Threads of OpenBLAS spin while they wait for each other: where another process has one of the
    processors, the steps of an LSTM take several times as long on two threads as on one.
    """
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
