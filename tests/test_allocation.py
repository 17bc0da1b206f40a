"""Memory that one step frees is there for the next."""

from __future__ import annotations

import ctypes
import subprocess
import sys

import pytest

PAGES = """
import resource
import numpy as np
from nnctl import allocation

def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(50):
        arrays = [np.ones(size) for size in (30_000, 50_000, 70_000)]
        del arrays
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

{line}
faults()
print(faults())
"""


def has_mallopt() -> bool:
    try:
        return hasattr(ctypes.CDLL(None), "mallopt")
    except TypeError:
        return False


@pytest.mark.skipif(not has_mallopt(), reason="another C library keeps what it wants")
def test_pages_are_not_asked_for_again() -> None:
    code = PAGES.format(line="allocation.keep_freed_memory()")
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert int(found.stdout) < 50  # of 15,000 that the arrays fill
