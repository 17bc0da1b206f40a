"""Standard input, output and error as a command needs them, whatever they were when it started.

A descriptor that was closed is opened on /dev/null, so that no checkpoint can get its number:
output the wrong way round, so that a result that nobody can read is an error and not silence.
Results are UTF-8 whatever the locale, as files are; what stderr cannot show is escaped.
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TextIO

from nnctl.errors import ReadWriteError

CLOSED = {0: os.O_WRONLY, 1: os.O_RDONLY, 2: os.O_WRONLY}  # reading stdin and writing stdout fail, talk vanishes


def prepare() -> None:
    """Make the three streams usable; called once, first of all."""
    for descriptor, way in CLOSED.items():
        try:
            os.fstat(descriptor)
        except OSError:
            os.dup2(os.open(os.devnull, way), descriptor)  # the lowest free number, so mostly itself already
    sys.stdin = sys.stdin or _text(0, "r")
    sys.stdout = sys.stdout or _text(1, "w")
    sys.stderr = sys.stderr or _text(2, "w")
    for stream, settings in (
        (sys.stdout, {"encoding": "utf-8", "errors": "surrogateescape", "newline": "\n"}),
        (sys.stderr, {"errors": "backslashreplace"}),
    ):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(**settings)  # type: ignore[arg-type]


def _text(descriptor: int, mode: str) -> TextIO:
    raw = io.FileIO(descriptor, mode, closefd=False)
    buffer: io.BufferedReader | io.BufferedWriter
    buffer = io.BufferedReader(raw) if mode == "r" else io.BufferedWriter(raw)
    return io.TextIOWrapper(buffer, encoding="utf-8")


@contextmanager
def results() -> Iterator[None]:
    """Write results to stdout within. Raises BrokenPipeError where the reader has left, else ReadWriteError.

    A result is not given before its last byte is: what is buffered goes out at the end.
    """
    try:
        yield
        sys.stdout.flush()
    except OSError as error:
        if isinstance(error, BrokenPipeError):
            raise
        reason = error.strerror or error
        raise ReadWriteError(f"standard output: writing failed: {reason}; the results are not complete") from error


def write(text: str) -> None:
    """Write a result to stdout; raises as `results` does."""
    with results():
        sys.stdout.write(text)


def close() -> None:
    """Leave nothing for the interpreter to flush at its end, where it could only complain."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    for descriptor in (1, 2):
        with suppress(OSError):
            sink = os.open(os.devnull, os.O_WRONLY)
            os.dup2(sink, descriptor)
            os.close(sink)
