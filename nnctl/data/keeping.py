"""Where rows are kept, decided before they are read: in memory, on disk, or nowhere.

What a table takes in memory is estimated from the size of its files and its first rows, and compared
with what this process may still take.
"""

from __future__ import annotations

import hashlib
import json
import logging
import shutil
from pathlib import Path
from typing import Any

from nnctl import __version__
from nnctl.data import Arrays, Places, Prepared, Rows, TableReader, row_cache
from nnctl.data.backed import BackedTable
from nnctl.data.batches import BLOCK, BLOCKS
from nnctl.data.cells import Want
from nnctl.data.encoding import encode
from nnctl.data.loading import Gather
from nnctl.data.memory import available, share_one_heap, shown
from nnctl.data.places import fingerprint
from nnctl.data.preprocessing import Preprocessing
from nnctl.data.rereading import SourceShelf
from nnctl.data.roles import assign
from nnctl.data.settings import DataSettings
from nnctl.data.shelves import DiskShelf
from nnctl.data.sources import resolve
from nnctl.data.table import Table
from nnctl.errors import ConfigError, ReadWriteError
from nnctl.findings import Problem

SHARE = 0.8  # of the memory at hand that is counted on
CELL = 24  # bytes that a cell takes at the peak: when pieces are joined, or rows picked and encoded
ENCODED = 4  # bytes that an output of the preprocessing takes
ROW = 36  # bytes that a row takes in memory wherever its cells are: its number, its class, its place in the split
APART = 350 << 20  # bytes for what is imported, for pieces of the table, for the network
WINDOWS = 4 * BLOCK * BLOCKS  # bytes for rows that are mixed, and those that come next

log = logging.getLogger("nnctl.data")


class Keeper:
    """Knows how the rows of one `prepare` are kept, and the cache that they go to or come from."""

    def __init__(self, settings: DataSettings, places: Places, decisive: list[Any]) -> None:
        """Rows are kept in memory unless `find` says otherwise; `decisive` is what else decides what they are."""
        self.settings, self.places = settings, places
        self.how, self.compared, self.needed_on_disk = "memory", "", 0
        self.making: row_cache.RowCache | None = None
        self.decisive, self.key, self.repeatable = decisive, "", True

    def find(self, first: TableReader) -> Prepared | None:
        """Return the rows of a run before, where they were kept on disk and are still the same; else decide anew."""
        readers = [first, *self._others()]
        files_only = all(file is not None and file.is_file() for reader in readers for file in reader.files)
        self.repeatable = files_only and not any(map(_is_stream, (self.settings.validation, self.settings.test)))
        if self.settings.cache in ("auto", "disk") and self.repeatable:
            files = [[file for file in reader.files if file is not None] for reader in readers]
            self.key = self._key(files)
            named = [file for part in files for file in part]
            found = row_cache.find(row_cache.root_dir(), self.key, lambda: fingerprint(named)[:16], log.info)
            if found is not None:
                log.info(found.notes[-1])
                return found
        self._decide(readers)
        return None

    def _key(self, files: list[list[Path]]) -> str:
        """Return a hash of all but the data that decides what the rows are; not of where the files lie."""
        plain = self.settings.config()
        own = [plain.pop(name) is not None for name in ("cache", "source", "validation", "test")]
        forms = [[["".join(file.suffixes[-2:]), file.stat().st_size] for file in part] for part in files]
        known = json.dumps([plain, own, forms, self.decisive, __version__], default=str)
        return hashlib.sha256(known.encode()).hexdigest()[:16]

    def _others(self) -> list[TableReader]:
        """Return the tables to validate and to test on, opened for a look; a stream is left alone."""
        readers = []
        for source in (self.settings.validation, self.settings.test):
            if source is not None and not _is_stream(source):
                rows = resolve(source, self.places).open(self.settings, self.places, None).rows
                if not isinstance(rows, Arrays):
                    rows.close()
                    readers.append(rows)
        return readers

    def _decide(self, readers: list[TableReader]) -> None:
        counts = [reader.about_rows() for reader in readers]
        rows = sum(count or 0 for count in counts)
        roles = assign(self.settings, readers[0].names, readers[0].title)
        used = {*roles.features, *roles.targets, roles.weight, roles.split} - {None}
        columns, outputs = len(used), sum(_outputs(readers[0], name) for name in roles.features)
        needed, there = rows * (CELL * columns + ENCODED * outputs), int(available() * SHARE)
        self.needed_on_disk = rows * (8 * columns + ENCODED * (outputs + len(roles.targets)))
        self.how = self.settings.cache
        if self.how == "auto":
            self.how = "disk" if needed > there else "memory"
        self.compared = f"about {shown(needed)} of memory would be needed, {shown(there)} are there"
        if self.how == "memory":
            if needed > there:
                log.info("warning: %s: it may not suffice; cache: auto would keep the rows on disk", self.compared)
            return
        least = rows * ROW + APART + min(WINDOWS, 4 * ENCODED * rows * outputs)
        if rows and least > there / SHARE:
            raise ReadWriteError(
                f"{readers[0].title}: about {rows:,} rows need {shown(least)} of memory even when their cells are "
                f"not kept there, {shown(there / SHARE)} are there; take fewer rows, or a machine with more"
            )
        if self.how == "none":
            if not self.repeatable:
                message = "none reads the data again in every epoch, which a stream does not allow"
                raise ConfigError(f"data.cache: {message}", (Problem(("data", "cache"), message),))
            log.info("rows are kept nowhere: the data are read again in every epoch")

    def __enter__(self) -> Keeper:
        """Make a place on disk before the rows are read, and say so; raise ReadWriteError where there is too little."""
        if self.how != "memory":
            share_one_heap()
        if self.how == "disk":
            self._make_place()
        return self

    def __exit__(self, *error: Any) -> None:
        if self.making is not None:
            self.making.close()
            self.making = None

    def _make_place(self) -> None:
        root = row_cache.root_dir()
        self.making = row_cache.RowCache(root, self.needed_on_disk)
        free = shutil.disk_usage(root).free
        if self.needed_on_disk > free:
            self.making.close()
            raise ReadWriteError(
                f"{root}: about {shown(self.needed_on_disk)} are needed to keep the rows there, "
                f"{shown(free)} are free; make room, name another folder in NNCTL_CACHE_DIR, or train with --no-cache"
            )
        why = f"{self.compared}: " if self.settings.cache == "auto" else ""
        size = f", about {shown(self.needed_on_disk)}" if self.needed_on_disk else ""
        log.info("%srows are kept on disk%s in %s", why, size, root)

    def gather(self, source: Any) -> Gather | None:
        """Return what makes a table of what is read of a source."""
        if self.how == "memory":
            return None

        def reopen() -> TableReader:
            rows = resolve(source, self.places).open(self.settings, self.places, None).rows
            assert not isinstance(rows, Arrays)
            return rows

        def on_disk(reader: TableReader, wants: list[Want]) -> Table:
            assert self.making is not None
            shelf = DiskShelf(reader.title, self.making.root, self.needed_on_disk)
            return BackedTable(shelf.fill(reader.tables(wants)))

        def nowhere(reader: TableReader, wants: list[Want]) -> Table:
            return BackedTable(SourceShelf(reader, wants, reopen))

        return on_disk if self.how == "disk" else nowhere

    def encode(self, part: str, fitted: Preprocessing, data: Table | Arrays) -> Rows:
        """Apply a fitted preprocessing to the rows of a part, which are then kept as was decided."""
        if self.making is not None and isinstance(data, Table):
            return self.making.write(part, fitted, data)
        if isinstance(data, BackedTable):
            from nnctl.data.streaming import streamed

            return streamed(fitted, data)
        return encode(fitted, data)

    def finish(self, prepared: Prepared, content: str) -> Prepared:
        """Give a new cache its name, where another run can find it by the sha256 of the data."""
        prepared.kept = self.how
        if self.making is not None and self.repeatable:
            path = self.making.finish(prepared, f"{self.key}-{content[:16]}")
            prepared.notes.append(f"rows: kept in {path}")
        return prepared


def _is_stream(source: Any) -> bool:
    return source is not None and "-" in ([source] if isinstance(source, str) else list(source))


def _outputs(reader: TableReader, name: str) -> int:
    """Guess how many numbers are made of a column: one, or one for each of the texts in the first rows."""
    position = reader.names.index(name)
    cells = {row[position] for row in reader.sample if len(row) > position}
    return 1 if len(cells) > len(reader.sample) // 2 or all(map(_is_number, cells)) else len(cells)


def _is_number(cell: str) -> bool:
    try:
        float(cell.replace(",", ".") or 0)
    except ValueError:
        return False
    return True
