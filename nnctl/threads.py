"""How many threads compute, and how they share the work: one policy, in one place.

OpenBLAS has threads of its own, which spin while they wait for one another. Where another process
takes one of the processors, a training step becomes ten times slower. So OpenBLAS gets one thread,
and nnctl cuts what is large enough into parts, one for each of its own few threads (`share`); these
sleep while there is nothing to do, and a part that one of them has not begun is taken by another.
Small work stays where it is.

What one processor has written is dear to another: it takes longer to fetch it than to compute it.
So the same rows of a matrix ought to be the same part's each time, of a product, a gradient and an
update alike.

Into how many parts a product or a sum is cut decides its last bits: it depends on the shapes and on
the number of threads or, with `deterministic`, on the shapes alone.

OpenBLAS reads the environment when NumPy is imported: the command line calls `set_threads` before
that. In a process where NumPy came first, training and predicting run under `computing`.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import copy_context
from functools import cache
from itertools import pairwise
from queue import SimpleQueue
from typing import Any, TypeVar

from nnctl import allocation, cgroups

OWN = "NNCTL_THREADS"  # also tells nnctl's children, for whom the others say 1
VARIABLES = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
FIXED_PARTS = 4  # of a product with `deterministic`: more would cost two threads too much
PRODUCT = 6_000_000  # multiplications that make a part: 60 microseconds, more than it takes to wake a thread
HEAD_START = 1_700_000  # multiplications that the sharing thread has done before the others are awake
LANES = 16  # rows or columns of a part are a multiple of it: whole vectors for the processor

Part = Callable[[], None]
Step = TypeVar("Step")


class _State:
    """What holds for the whole process."""

    count: int | None = None
    deterministic = False
    one_from_the_start = False  # whether the libraries have read an environment that says 1

    def __init__(self) -> None:
        self.renew()

    def renew(self) -> None:
        """Begin with no threads, as a forked process must, which has none of its parent's."""
        self.busy = threading.Lock()  # held while work is shared
        self.queues: list[SimpleQueue[tuple[_Job, int]]] = []  # one for each thread that helps


_state = _State()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_state.renew)


def available() -> int:
    """Return the processors that this process may use: affinity and cgroup limits respected."""
    count = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(count, _cgroup_limit()))


def _cgroup_limit() -> int:
    """Return the processors that the quotas of a container or batch job amount to, rounded up; else a large number."""
    least = sys.maxsize
    for version, folder in cgroups.folders("cpu"):
        names = ["cpu.max"] if version == 2 else ["cpu.cfs_quota_us", "cpu.cfs_period_us"]
        try:
            quota, period = (int(word) for name in names for word in (folder / name).read_text().split())
        except (OSError, ValueError):  # "max" where there is none
            continue
        if quota > 0:  # -1 says that there is none
            least = min(least, -(-quota // period))
    return least


def set_threads(wanted: int | None = None, deterministic: bool = False) -> int:
    """Compute with `wanted` threads (None: as said before, or in the environment, or all there are); return them."""
    count = _state.count = wanted or current()
    _state.deterministic = deterministic
    if "numpy" not in sys.modules:
        os.environ[OWN] = str(count)
        os.environ.update(dict.fromkeys(VARIABLES, "1"))
        _state.one_from_the_start = True
    return count


def current() -> int:
    """Return the number of threads that compute; once it was asked for it stays."""
    if _state.count is None:
        said = (os.environ.get(name, "") for name in (OWN, *VARIABLES))
        _state.count = next((int(number) for number in said if number.isdecimal() and int(number)), None) or available()
    return _state.count


def described() -> str:
    """Return what decides how products are cut."""
    return "--deterministic" if _state.deterministic else f"--threads {current()}"


def parts(multiplications: int) -> int:
    """Return into how many parts a product of so many multiplications is cut."""
    return min(FIXED_PARTS if _state.deterministic else current(), max(1, multiplications // PRODUCT))


def ranges(size: int, count: int, multiple: int = 1, ahead: int = 0) -> list[slice]:
    """Cut range(size) into at most `count` slices of about the same length, a multiple of `multiple` but for the last.

    The first is longer by `ahead`, up to rounding.

    >>> ranges(10, 2, 4)
    [slice(0, 8, None), slice(8, 10, None)]
    >>> ranges(100, 2, 10, 20)
    [slice(0, 60, None), slice(60, 100, None)]
    """
    ahead = round(ahead / multiple) * multiple if count > 1 else 0
    step = max(multiple, -(-(size - ahead) // (max(1, count) * multiple)) * multiple)
    starts = [0, *range(ahead + step, size, step)] if size else []
    return [slice(start, stop) for start, stop in pairwise([*starts, size])]


def share(work: Sequence[Part]) -> None:
    """Carry out all parts, each on the thread of its number; raise what the first to fail raised.

    A part must write where no other one does. What a part shares in its turn, it does alone, and so
    does a thread of the user's while another one's work is shared.
    """
    helpers = min(current(), len(work)) - 1 if len(work) > 1 else 0
    if not helpers or not _state.busy.acquire(blocking=False):
        for part in work:
            part()
        return
    try:
        job = _Job(work)
        for number, queue in enumerate(_helping(helpers)):
            queue.put((job, number + 1))
        job.finish()
    finally:
        _state.busy.release()


def share_as_made(made: Iterable[Part]) -> None:
    """Carry out the parts of an iterator: this thread goes on making them while others carry them out, then it helps.

    It is for work in steps that leave something to be done aside. All else is as with `share`.
    """
    waiting: SimpleQueue[Part | None] = SimpleQueue()
    helpers = current() - 1

    def carry_out() -> None:
        while (part := waiting.get()) is not None:
            part()

    def make() -> None:
        try:
            for part in made:
                waiting.put(part)
        finally:
            for _ in range(helpers + 1):
                waiting.put(None)
        carry_out()

    share([make, *[carry_out] * helpers])


def share_in_turn(steps: Sequence[Step], first: Callable[[Step], None], then: Callable[[Step], None]) -> None:
    """Do `first` with each step on this thread, and on another `then` with each for which `first` is done."""
    done: SimpleQueue[Step | None] = SimpleQueue()

    def lead() -> None:
        try:
            for step in steps:
                first(step)
                done.put(step)
        finally:
            done.put(None)

    def follow() -> None:
        while (step := done.get()) is not None:
            then(step)

    share([lead, follow])


class _Job:
    """Parts of which every thread takes its own, then what the others have not begun."""

    def __init__(self, work: Sequence[Part]) -> None:
        self.waiting = dict(enumerate(work))
        self.context = copy_context()  # numpy.errstate is part of it
        self.unfinished = len(work)
        self.error: BaseException | None = None
        self.lock, self.done = threading.Lock(), threading.Lock()
        self.done.acquire()

    def help(self, number: int) -> None:
        while (part := self._next(number)) is not None:
            try:
                if self.error is None:
                    part()
            except BaseException as error:  # the thread that shares the work raises it
                self.error = self.error or error
            with self.lock:
                self.unfinished -= 1
                if self.unfinished == 0:
                    self.done.release()

    def _next(self, number: int) -> Part | None:
        with self.lock:
            if number in self.waiting:
                return self.waiting.pop(number)
            return self.waiting.popitem()[1] if self.waiting else None

    def finish(self) -> None:
        try:
            self.help(0)
            self.done.acquire()
        except BaseException as error:  # Ctrl-C between parts: those under way still write into the caller's memory
            self.error = error
            self.help(0)  # only counts them, as there is an error
            while self.unfinished:
                time.sleep(0.001)
        if self.error is not None:
            try:
                raise self.error
            finally:
                self.error = None  # or the error would keep itself, and the parts' arrays, alive


def _helping(count: int) -> list[SimpleQueue[tuple[_Job, int]]]:
    """Return the queues of so many threads, which are started when they are first needed."""

    def work(queue: SimpleQueue[tuple[_Job, int]]) -> None:
        while True:
            job, number = queue.get()
            job.context.copy().run(job.help, number)
            del job  # what it holds may be large

    while len(_state.queues) < count:
        queue: SimpleQueue[tuple[_Job, int]] = SimpleQueue()
        threading.Thread(target=work, args=[queue], name=f"nnctl-{len(_state.queues) + 1}", daemon=True).start()
        _state.queues.append(queue)
    return _state.queues[:count]


class _Blas:
    """The threads of the libraries for products: one while anybody is inside, afterwards what they had."""

    def __init__(self) -> None:
        self.lock, self.inside = threading.Lock(), 0
        self.before: list[tuple[Any, int]] = []

    def enter(self) -> None:
        with self.lock:
            self.inside += 1
            if self.inside == 1:
                self.before = [(library, count) for library in _libraries() if (count := library.num_threads) > 1]
                for library, _ in self.before:
                    library.set_num_threads(1)

    def leave(self) -> None:
        with self.lock:
            self.inside -= 1
            if self.inside == 0:
                for library, count in self.before:
                    library.set_num_threads(count)


_blas = _Blas()


@contextmanager
def computing() -> Iterator[None]:
    """Ask of the process what training and predicting want: one thread for the products of libraries, memory kept."""
    allocation.keep_freed_memory()
    if _state.one_from_the_start:
        yield
        return
    _blas.enter()
    try:
        yield
    finally:
        _blas.leave()


def blas_files() -> list[str]:
    """Return the files of the libraries for products that this process has loaded."""
    return [library.filepath for library in _libraries()]


def blas_architectures() -> set[str]:
    """Return the processors that the libraries for products work for, in the words of OpenBLAS."""
    return {getattr(library, "architecture", "") for library in _libraries()}


@cache
def _libraries() -> list[Any]:
    import threadpoolctl

    return [found for found in threadpoolctl.ThreadpoolController().lib_controllers if found.user_api == "blas"]
