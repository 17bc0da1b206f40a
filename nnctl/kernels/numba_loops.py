"""How loops are compiled: the options of numba, when they suit, where they are kept, and how a run hears of it.

There is no `fastmath` but for a part of it in `compiled_scans`: most loops wait for memory, not for arithmetic,
and without it their numbers are those of NumPy to the last bit. `error_model="numpy"` lets loops with a division
use vector instructions. Numba compiles for each layout of memory anew, so only contiguous arrays get that far.

What was compiled is kept in numba's cache. Where that can be neither read nor written, each run compiles
for itself: a run does not end for want of a cache.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import cache
from typing import Any

import llvmlite.binding
import numba
from numba.core import event, runtime
from numba.core.caching import FunctionCache

from nnctl.kernels.reference import Array

RUNTIME = ("NRT_Allocate", "NRT_Free", "NRT_MemInfo_call_dtor", "NRT_adapt_ndarray_from_python")  # of all loops here


class Listener(event.Listener):
    """Tells the run, once, that a loop has to be compiled, as numba's cache does not have it."""

    def __init__(self) -> None:
        self.tell: Callable[[str], None] | None = None
        self.keeps = True

    def on_start(self, event: event.Event) -> None:
        if self.tell is not None:
            self.tell(
                "compiling loops for this machine; numba keeps them for the next run"
                if self.keeps
                else "compiling loops for this run alone: numba finds no directory for its cache, which "
                "NUMBA_CACHE_DIR can name"
            )
            self.tell = None

    def on_end(self, event: event.Event) -> None:
        pass


listener = Listener()
event.register("numba:compile", listener)


@cache
def runtime_found() -> bool:
    """Tell LLVM where the functions of numba's runtime are that loops call; False if this numba has them elsewhere."""
    addresses = getattr(getattr(runtime, "_nrt_python", None), "c_helpers", {})
    for name, address in addresses.items():
        llvmlite.binding.add_symbol(name if name.startswith("_") else f"NRT_{name}", address)
    return all(map(llvmlite.binding.address_of_symbol, RUNTIME)) and hasattr(FunctionCache, "_load_overload")


class Cache(FunctionCache):
    """Numba's, but what it cannot read or write is compiled again, and what it can read needs no compiler.

    Before numba looks into its cache, it gets ready to compile, which takes 50 MB and a quarter of a second.
    """

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        try:
            if runtime_found():
                return self._load_overload(sig, target_context)
            return super().load_overload(sig, target_context)
        except Exception:  # of a damaged file, pickle may raise anything
            with suppress(OSError):
                self.flush()  # an empty index in its place
            return None

    def save_overload(self, sig: Any, data: Any) -> None:
        with suppress(OSError):  # the disk may be full
            super().save_overload(sig, data)


def compiling(**options: Any) -> Callable[[Callable[..., Any]], Any]:
    """Return a decorator that compiles with these options, and keeps what it compiles where that is possible."""

    def decorate(function: Callable[..., Any]) -> Any:
        loop = numba.njit(error_model="numpy", **options)(function)
        try:
            loop._cache = Cache(function)  # what `cache=True` does, with numba's own class
        except RuntimeError:  # no directory can be written to
            listener.keeps = False
        return loop

    return decorate


compiled = compiling(nogil=True)


def contiguous(*arrays: Array) -> bool:
    for array in arrays:  # noqa: SIM110 - all() takes five times as long, and this runs at every step
        if not array.flags.c_contiguous:
            return False
    return True
