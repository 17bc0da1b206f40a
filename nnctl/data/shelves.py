"""Cells on disk: groups of some hundred thousand rows, in each of them column after column.

So all columns of some rows are read in one go, and one column of all rows in a few large pieces. The
file has no name: the system removes it when this process ends, however it ends.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile

import numpy as np

from nnctl.data import Array
from nnctl.data.backed import Shelf
from nnctl.data.lazy import Held
from nnctl.data.memory import shown
from nnctl.data.table import Ints, Table
from nnctl.errors import DeniedError, ReadWriteError

GROUP = 1 << 25  # bytes of cells that are gathered before they are written
Group = tuple[int, dict[str, int]]  # number of rows, and where in the file each column begins


class DiskShelf(Shelf):
    """Columns in a file of a folder."""

    def __init__(self, title: str, folder: Path, needed: int) -> None:
        super().__init__(title)
        self.folder, self.needed = folder, needed
        with writing(folder, needed), TemporaryFile(dir=folder) as file:
            self.file = Held(os.dup(file.fileno()), f"the rows of {title} in {folder}")
        self.types: dict[str, np.dtype] = {}
        self.groups: list[Group] = []

    def fill(self, tables: Iterable[Table]) -> DiskShelf:
        """Write what is read; return the shelf itself."""
        waiting: list[dict[str, Array]] = []
        size = 0
        for table in tables:
            waiting.append(self.enter(table))
            size += sum(cells.nbytes for cells in waiting[-1].values())
            if size >= GROUP:
                self._write(waiting)
                waiting, size = [], 0
        if waiting:
            self._write(waiting)
        return self

    def _write(self, pieces: list[dict[str, Array]]) -> None:
        places = {}
        for name in pieces[0]:
            cells = np.concatenate([piece[name] for piece in pieces])
            places[name], self.types[name] = self._append(cells), cells.dtype
        self.groups.append((len(cells), places))

    def _append(self, cells: Array) -> int:
        with writing(self.folder, self.needed):
            return self.file.append(cells)

    def column(self, name: str) -> Array:
        cells = np.empty(self.rows, self.types[name])
        start = 0
        for rows, places in self.groups:
            self.file.fill(cells[start : start + rows], places[name])
            start += rows
        return cells

    def ranges(self) -> Iterator[tuple[int, dict[str, Array]]]:
        start = 0
        for rows, places in self.groups:
            cells = {name: np.empty(rows, self.types[name]) for name in places}
            for name, place in places.items():
                self.file.fill(cells[name], place)
            yield start, cells
            start += rows

    def ordered(self, rows: Ints) -> DiskShelf:
        """Return a shelf with some rows in another order, written column by column."""
        other = DiskShelf(self.title, self.folder, self.needed)
        other.rows, other.spans, other.seen, other.small = len(rows), self.spans, self.seen, self.small
        other.types = self.types
        begins = {name: other._append(self.column(name)[rows]) for name in self.types}
        row_bytes = sum(kind.itemsize for kind in self.types.values())
        step = max(1, GROUP // row_bytes)
        for start in range(0, len(rows), step):
            places = {name: begin + start * self.types[name].itemsize for name, begin in begins.items()}
            other.groups.append((min(step, len(rows) - start), places))
        return other


@contextmanager
def writing(folder: Path, needed: int | None = None) -> Iterator[None]:
    """Turn the errors of writing into a folder into one that says what to do, and how much is needed."""
    try:
        yield
    except PermissionError as error:
        raise DeniedError(
            f"{folder}: no permission to write there; name another folder for large tables in NNCTL_CACHE_DIR"
        ) from error
    except OSError as error:
        free = shown(_free(folder))
        about = "" if not needed else f"; about {shown(needed)} are needed"
        raise ReadWriteError(
            f"{folder}: the rows could not be written: {error.strerror or error} ({free} free{about}); make room, "
            "name another folder in NNCTL_CACHE_DIR, or train with --no-cache"
        ) from error


def _free(folder: Path) -> int:
    import shutil

    try:
        return shutil.disk_usage(folder).free
    except OSError:
        return 0
