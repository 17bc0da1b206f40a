"""How many threads the matrix products may use: one policy, in one place.

The numbers of OpenBLAS' threads must be in the environment before NumPy is imported, so the
command line calls `set_threads` first; later calls go through threadpoolctl.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

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
