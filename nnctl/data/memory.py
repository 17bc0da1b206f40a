"""How much memory this process may still take: of the machine, of its batch job, of `ulimit -v`."""

from __future__ import annotations

import os
import re
import sys
from contextlib import suppress
from pathlib import Path

from nnctl import cgroups

FILES = {  # of a cgroup, by its version: the limit, what is used, and the field of what it would give up
    2: ("memory.max", "memory.current", "inactive_file"),
    1: ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
}


def available() -> int:
    """Return the bytes that can be taken before a limit is reached: the smallest of all that hold."""
    return max(0, min(_free(), _job_leaves(), _limits_leave()))


def share_one_heap() -> None:
    """Have threads share a heap where `ulimit -v` holds, which counts the 64 MB that each of their own reserves."""
    import ctypes
    import resource

    if resource.getrlimit(resource.RLIMIT_AS)[0] != resource.RLIM_INFINITY:
        with suppress(OSError, AttributeError):  # another C library than glibc
            ctypes.CDLL(None).mallopt(-8, 1)  # M_ARENA_MAX


def _free() -> int:
    """What the machine has left, caches that it would give up included."""
    try:
        return _field(Path("/proc/meminfo").read_text(), "MemAvailable") * 1024
    except (OSError, ValueError):
        try:
            return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
        except (OSError, ValueError):
            return sys.maxsize


def _limits_leave() -> int:
    """What `ulimit -v` and `ulimit -d` leave; both count what is reserved, used or not."""
    import resource

    try:
        status = Path("/proc/self/status").read_text()
    except OSError:
        return sys.maxsize
    left = sys.maxsize
    for limit, used in ((resource.RLIMIT_AS, "VmSize"), (resource.RLIMIT_DATA, "VmData")):
        most = resource.getrlimit(limit)[0]
        if most != resource.RLIM_INFINITY:
            left = min(left, most - _field(status, used) * 1024)
    return left


def _job_leaves() -> int:
    """What the cgroup of a container or batch job leaves, version 2 or 1; file caches in it do not count."""
    left = sys.maxsize
    for version, folder in cgroups.folders("memory"):
        most, used, cached = FILES[version]
        try:
            limit = int((folder / most).read_text())  # "max" where there is none
            stat = _field((folder / "memory.stat").read_text(), cached)
            left = min(left, limit - int((folder / used).read_text()) + stat)
        except (OSError, ValueError):
            continue
    return left


def _field(text: str, name: str) -> int:
    """Return the number after a name in a file of the kernel's."""
    found = re.search(rf"^{name}:?\s+(\d+)", text, re.MULTILINE)
    if found is None:
        raise ValueError(name)
    return int(found[1])


def shown(size: float) -> str:
    """Return bytes in words: '1.5 GB'."""
    for unit in ("bytes", "KB", "MB"):
        if size < 1024:
            return f"{size:.0f} {unit}"
        size /= 1024
    return f"{size:.1f} GB"
