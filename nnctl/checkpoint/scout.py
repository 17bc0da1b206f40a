"""A scout: a child process that goes through a file first.

The HDF5 library does not merely fail on crafted bytes, it can crash, run in circles or ask for all
memory there is, and no exception handler helps against that. So a forked child does everything
that loading may do; only a file that it came through is opened by this process. A fork has all
libraries loaded already: it costs some 25 ms, where a fresh interpreter would take a quarter of a second.

The seal (seal.py) tells accidents from a whole file, but anyone can compute one: it spares nobody the scout.
"""

from __future__ import annotations

import faulthandler
import os
import resource
import signal
import warnings
from collections.abc import Callable

from nnctl.errors import ModelFileError

SECONDS = 10  # and one more for each
BYTES_A_SECOND = 20 * 2**20
MEMORY = 192 * 2**20  # bytes beside what the process has, and
COPIES = 4  # times the size of the file
ALIVE, OUT_OF_MEMORY, OTHERWISE = 0, 1, 2


def survives(look: Callable[[], None], path: str, size: int) -> None:
    """Let a child call `look`; raise ModelFileError where it crashes, hangs or runs out of memory."""
    with warnings.catch_warnings():
        # Python 3.12 warns of forks beside threads: the child touches nothing but HDF5, whose lock is fork-safe.
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child == 0:
        _scout(look, size)
    try:
        _, status = os.waitpid(child, 0)
    except ChildProcessError:  # whoever embeds us takes all children's ends for himself
        return
    ending = os.waitstatus_to_exitcode(status)
    if ending == -signal.SIGALRM:
        raise ModelFileError(f"{path}: is damaged: the HDF5 library finds no end in it; use another copy of the file")
    if ending < 0:
        name = signal.Signals(-ending).name
        raise ModelFileError(f"{path}: is damaged: the HDF5 library crashes on it ({name}); use another copy")
    if ending == OUT_OF_MEMORY:
        raise ModelFileError(f"{path}: is damaged: it asks for more memory than a file of {size:,} bytes may")


def _scout(look: Callable[[], None], size: int) -> None:
    """What the child does; it never returns."""
    ending = OTHERWISE
    try:
        faulthandler.disable()  # the parent will say it
        for number in (signal.SIGALRM, signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_DFL)
        signal.alarm(SECONDS + size // BYTES_A_SECOND)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        _limit_memory(size)
        look()
        ending = ALIVE
    except MemoryError:
        ending = OUT_OF_MEMORY
    finally:
        os._exit(ending)


def _limit_memory(size: int) -> None:
    """Allow some memory beyond what there is already; where that cannot be known, there is the time limit."""
    try:
        with open("/proc/self/statm", encoding="utf-8") as file:
            present = int(file.read().split()[0]) * resource.getpagesize()
    except OSError:
        return
    hard = resource.getrlimit(resource.RLIMIT_AS)[1]
    limit = present + MEMORY + COPIES * size
    if hard == resource.RLIM_INFINITY or limit < hard:
        resource.setrlimit(resource.RLIMIT_AS, (limit, hard))
