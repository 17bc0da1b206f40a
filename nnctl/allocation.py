"""The allocator's policy: memory that one training step frees is there for the next.

The C library of most Linux systems gives blocks above 128 kB, and what is free at the end of the heap, back to the
system, and asks for them again a step later. The system clears every page anew: half the time of a step whose
arrays are some hundred kilobytes each. Elsewhere there is nothing to tell.
"""

from __future__ import annotations

import ctypes
from functools import cache

TRIM_THRESHOLD, MMAP_THRESHOLD = -1, -3  # M_TRIM_THRESHOLD and M_MMAP_THRESHOLD of malloc.h
KEPT = 64 << 20  # bytes free at the end of the heap from which on they go back
LARGE = 16 << 20  # bytes of a block that is a mapping of its own: rarely made, and given back at once


@cache
def keep_freed_memory() -> None:
    """Let this process keep what it frees, within bounds; asking again changes nothing."""
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):  # another C library; on Windows there is no None
        return
    mallopt(TRIM_THRESHOLD, KEPT)
    mallopt(MMAP_THRESHOLD, LARGE)
