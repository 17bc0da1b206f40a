"""Which files a program opens, below Python too: seen by inotify everywhere, by strace where that is installed."""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

IN_OPEN = 0x20
STRACE = shutil.which("strace")
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}


@contextmanager
def opened(path: Path) -> Iterator[list[bool]]:
    """Tell at the end whether anybody opened a file: the list that is given then holds the answer."""
    libc = ctypes.CDLL(None, use_errno=True)
    descriptor = libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
    assert libc.inotify_add_watch(descriptor, os.fsencode(path), IN_OPEN) >= 0, os.strerror(ctypes.get_errno())
    answer: list[bool] = []
    try:
        yield answer
        try:
            answer.append(bool(os.read(descriptor, 4096)))
        except BlockingIOError:
            answer.append(False)
    finally:
        os.close(descriptor)


def traced(folder: Path, calls: str, *words: str) -> tuple[int, str, list[str]]:
    """Run Python under strace; return its status, what it said on stderr, and the lines of the calls."""
    log = folder / "strace.log"
    done = subprocess.run(
        [str(STRACE), "-f", "-qq", "-y", "-e", f"trace={calls}", "-o", str(log), sys.executable, *words],
        cwd=folder,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    return done.returncode, done.stderr, log.read_text().splitlines()
