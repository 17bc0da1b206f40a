"""Cells that are kept nowhere: the source is read again for whatever is asked, many columns at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from nnctl.data import Array, TableReader
from nnctl.data.backed import Shelf
from nnctl.data.cells import Want
from nnctl.data.memory import available
from nnctl.data.places import reading
from nnctl.data.table import Ints, Table
from nnctl.errors import ConfigError, DataError
from nnctl.findings import Problem


class SourceShelf(Shelf):
    """Columns of a source that `reopen` opens once more; as many of them are held as half the memory takes."""

    def __init__(self, reader: TableReader, wants: list[Want], reopen: Callable[[], TableReader]) -> None:
        super().__init__(reader.title)
        self.wants, self.reopen = wants, reopen
        self.files = [file for file in reader.files if file is not None]
        self.state = self._state_of_files()
        self.held: dict[str, Array] = {}
        for table in reader.tables(wants):
            self.enter(table)

    def column(self, name: str) -> Array:
        if name not in self.held:
            self._hold(name)
        return self.held[name]

    def _hold(self, name: str) -> None:
        """Read a column, and of those that come after it as many as there is room for."""
        self.held.clear()
        names = [want.name for want in self.wants]
        after = names[names.index(name) :]
        column_bytes = 8 * self.rows
        count = max(1, available() // 2 // max(1, column_bytes))
        for each in after[:count]:
            self.held[each] = np.empty(self.rows, np.int32 if each in self.seen else np.float64)
        for start, cells in self._read([want for want in self.wants if want.name in self.held]):
            for each, part in cells.items():
                self.held[each][start : start + len(part)] = part

    def ranges(self) -> Iterator[tuple[int, dict[str, Array]]]:
        self.held.clear()
        yield from self._read(self.wants)

    def ordered(self, rows: Ints) -> Shelf:
        message = (
            "none reads the rows in the order of the file, and the split needs another one; sort the file, or keep "
            "the rows on disk: cache: disk"
        )
        raise ConfigError(f"data.cache: {message}", (Problem(("data", "cache"), message),))

    def _read(self, wants: list[Want]) -> Iterator[tuple[int, dict[str, Array]]]:
        self._check_files()
        start = 0
        tables: Iterator[Table] = self.reopen().tables(wants)
        for table in tables:
            yield start, {name: self.coded(name, column) for name, column in table.columns.items()}
            start += len(table)
        self._check_files()

    def _check_files(self) -> None:
        if self._state_of_files() != self.state:
            raise DataError(f"{self.title}: has changed while it was in use; begin anew")

    def _state_of_files(self) -> list[tuple[Path, int, int]]:
        found = []
        for file in self.files:
            with reading(file):
                about = file.stat()
            found.append((file, about.st_size, about.st_mtime_ns))
        return found
