"""How loops are compiled: the options of numba, when they suit, and how a run hears of a compilation.

There is no `fastmath`: the loops wait for memory, not for arithmetic, and without it their numbers are
those of NumPy to the last bit. `error_model="numpy"` lets loops with a division use vector
instructions. Numba compiles for each layout of memory anew, so only contiguous arrays get that far.
"""

from __future__ import annotations

from collections.abc import Callable

import numba
from numba.core import event

from nnctl.kernels.reference import Array

compiled = numba.njit(cache=True, nogil=True, error_model="numpy")
compiled_step = numba.njit(cache=True, error_model="numpy")  # too short to give up the interpreter's lock


class Listener(event.Listener):
    """Tells the run, once, that a loop has to be compiled, as numba's cache does not have it."""

    def __init__(self) -> None:
        self.tell: Callable[[], None] | None = None

    def on_start(self, event: event.Event) -> None:
        if self.tell is not None:
            self.tell()
            self.tell = None

    def on_end(self, event: event.Event) -> None:
        pass


listener = Listener()
event.register("numba:compile", listener)


def contiguous(*arrays: Array) -> bool:
    for array in arrays:  # noqa: SIM110 - all() takes five times as long, and this runs at every step
        if not array.flags.c_contiguous:
            return False
    return True
