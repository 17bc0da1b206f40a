"""Arrays that are not in memory: their shape and type are known, their rows come range by range.

They stand where `Rows` has its x, y and weight, and answer to what training asks of these: a length, a
shape, and slices of consecutive rows. Nothing is mapped, because a limit of address space
(`ulimit -v`) counts what is mapped as if it were in memory.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from typing import Any

import numpy as np

from nnctl.data import Array
from nnctl.errors import ReadWriteError

Read = Callable[[int, int], Array]


class Lazy:
    """The rows that `read(start, stop)` brings.

    `sequential` says that they are read from a source that has no way to jump forward or back: rows are
    cheap in their order only.
    """

    def __init__(self, length: int, read: Read, sequential: bool = False) -> None:
        first = read(0, min(1, length))
        self.shape, self.dtype = (length, *first.shape[1:]), first.dtype
        self.sequential, self._read = sequential, read

    @property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def size(self) -> int:
        return math.prod(self.shape)

    @property
    def nbytes(self) -> int:
        """The bytes that all rows would take in memory."""
        return self.size * int(self.dtype.itemsize)

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, rows: slice) -> Array:
        if not isinstance(rows, slice) or rows.step not in (None, 1):
            raise TypeError(f"rows that are not in memory are read as slices of consecutive rows, got {rows!r}")
        start, stop, _ = rows.indices(len(self))
        return self._read(start, max(start, stop))


def in_memory(array: Any) -> bool:
    return not isinstance(array, Lazy)


def mapped(function: Callable[..., Array], *arrays: Any) -> Any:
    """Apply a function that looks at each row by itself: at once in memory, else whenever rows are read."""
    if all(map(in_memory, arrays)):
        return function(*arrays)
    sequential = any(not in_memory(array) and array.sequential for array in arrays)
    read = lambda start, stop: function(*(array[start:stop] for array in arrays))  # noqa: E731 - one line says it
    return Lazy(len(arrays[0]), read, sequential)


class Held:
    """A file that stays open as long as anybody reads from it, even if it is removed meanwhile."""

    def __init__(self, descriptor: int, name: str) -> None:
        self.descriptor, self.name = descriptor, name

    def __del__(self) -> None:
        os.close(self.descriptor)

    def fill(self, out: Array, offset: int) -> None:
        """Fill an array with what stands from a byte on; raise ReadWriteError where that is less."""
        left = flat_bytes(out)
        while len(left):
            try:
                count = os.preadv(self.descriptor, [left[: 1 << 30]], offset)
            except OSError as error:
                raise ReadWriteError(f"{self.name}: could not be read: {error.strerror or error}") from error
            if count == 0:
                raise ReadWriteError(f"{self.name}: ends at byte {offset}, before its last row; was it changed?")
            left, offset = left[count:], offset + count

    def append(self, array: Array) -> int:
        """Write an array behind what is there; return where it begins."""
        place = os.lseek(self.descriptor, 0, os.SEEK_END)
        left = flat_bytes(np.ascontiguousarray(array))
        while len(left):
            left = left[os.write(self.descriptor, left[: 1 << 30]) :]
        return place


def flat_bytes(array: Array) -> memoryview:
    """Return the bytes of a contiguous array, without a copy."""
    return memoryview(array.reshape(-1).view(np.uint8))  # type: ignore[arg-type]


def stored(file: Held, shape: tuple[int, ...], dtype: Any) -> Any:
    """Return the array whose bytes a file holds, row after row, without a header."""
    row_bytes = math.prod(shape[1:]) * np.dtype(dtype).itemsize

    def read(start: int, stop: int) -> Array:
        out = np.empty((stop - start, *shape[1:]), dtype)
        file.fill(out, start * row_bytes)
        return out

    return Lazy(shape[0], read)
