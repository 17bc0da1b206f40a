"""Tables of text: .csv, .tsv and the same as .gz or .zst, several files as one, or standard input.

A file is read in blocks of some megabytes, each by the fast way (columns.py) or, where that finds
anything odd, by the strict way (cells.py), which knows the line of every cell.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

from nnctl.data import DataSource, Opened, Places
from nnctl.data.blocks import Block, read_blocks
from nnctl.data.cells import Dialect, Troubles, Want, read_cells
from nnctl.data.columns import read_columns
from nnctl.data.header import Head, read_head
from nnctl.data.lines import Form
from nnctl.data.settings import DataSettings, Source
from nnctl.data.sizes import about_rows, row_bytes
from nnctl.data.table import Span, Table
from nnctl.errors import DataError
from nnctl.fields import field
from nnctl.registry import register

T = TypeVar("T")

SUFFIXES = tuple(form + packed for packed in ("", ".gz", ".zst") for form in (".csv", ".tsv", ".txt", ".data"))
SMALL = 1 << 20  # below, the strict way is faster than importing pandas


def dialect_of(settings: DataSettings, files: Sequence[Path | None]) -> Dialect:
    tabs = files[0] is not None and ".tsv" in files[0].suffixes[-2:]
    separator = settings.separator or ("\t" if tabs else ",")
    missing = frozenset(settings.missing_values)
    return Dialect(separator, settings.decimal, missing, settings.quote, settings.skip_blanks)


@register("data source")
class Csv(DataSource):
    """Rows of text, the cells separated by commas or what `data.separator` says.

    Shapes  x (N, columns after one-hot)  y by the loss
    Raises  DataError with file, line, column and text of the cells that are wrong
    Source  RFC 4180, read strictly
    """

    path: Source = field(doc="File, list of files, pattern, or '-' for standard input.")

    suffixes = SUFFIXES
    examples = ({"path": "table.csv"},)

    def open(self, settings: DataSettings, places: Places, digest: Any) -> Opened:
        return Opened(CsvReader(self._files(places), settings, digest))

    def _files(self, places: Places) -> list[Path | None]:
        patterns = [self.path] if isinstance(self.path, str) else list(self.path)
        return [file for pattern in patterns for file in ([None] if pattern == "-" else places.files(pattern))]


class CsvReader:
    """The rows of some files with the same columns; the head is read at once, the rest when asked for."""

    def __init__(self, files: Sequence[Path | None], settings: DataSettings, digest: Any = None) -> None:
        self.files, self.settings = files, settings
        self.dialect = dialect_of(settings, files)
        comment = (settings.comment or "").encode()
        self.form = Form(self.dialect.mark, self.dialect.separator == "whitespace", comment, settings.skip_rows)
        self.digest = digest
        self._blocks = self._open(files[0])
        first = next(self._blocks, None)
        if first is None:
            raise DataError(f"{files[0] or '<stdin>'}: is empty: 0 rows")
        self.small = len(first.data) < SMALL
        self.row_bytes = row_bytes(first.data)
        self.head = read_head(first, self.dialect, settings.header)
        self.names, self.sample = self.head.names, self.head.sample
        self.title = first.file

    def tables(self, wants: list[Want], keep: Sequence[str] = ()) -> Iterator[Table]:
        """Yield the rows, a block at a time; at the end raise DataError for all wrong cells together."""
        troubles = Troubles()
        parse = partial(self._table, wants=wants, keep=list(keep))
        for table, more in map(parse, self._bodies()) if self.small else ahead(parse, self._bodies()):
            troubles.join(more)
            if len(table):
                yield table
        troubles.finish()

    def about_rows(self) -> int | None:
        return about_rows(self.files, self.row_bytes)

    def close(self) -> None:
        self._blocks.close()

    def _open(self, file: Path | None) -> Any:
        return read_blocks(file, self.settings.encoding, self.form, self.digest)

    def _bodies(self) -> Iterator[Block]:
        """Yield the blocks without the headers."""
        yield self.head.body
        yield from self._blocks
        for file in self.files[1:]:
            blocks = self._open(file)
            first = next(blocks, None)
            if first is None:
                continue
            head = read_head(first, self.dialect, self.settings.header)
            self._check_same(head, file)
            yield head.body
            yield from blocks

    def _check_same(self, head: Head, file: Path | None) -> None:
        if head.names == self.names:
            return
        if len(head.names) != len(self.names):
            came = f"{len(head.names)} columns, expected {len(self.names)}"
        else:
            old, new = next((a, b) for a, b in zip(self.names, head.names, strict=True) if a != b)
            came = f"column {new!r}, expected {old!r}"
        raise DataError(
            f"{file}: {came}, as in {self.files[0]}; files read together need the same columns in the same order"
        )

    def _table(self, block: Block, wants: list[Want], keep: list[str]) -> tuple[Table, Troubles]:
        width, kept, troubles = len(self.names), [self.names.index(name) for name in keep], Troubles()
        fast = None if len(block.data) < SMALL else read_columns(block, self.dialect, width, wants, kept)
        if fast is not None:
            columns, lines, rows, texts = fast
        else:
            columns, lines, texts = read_cells(block, self.dialect, width, wants, troubles, kept)
            rows = len(lines)
        span = Span(block.file, rows, lines)
        return Table(columns, rows, [span], dict(zip(keep, texts, strict=True))), troubles


def ahead(function: Callable[[Block], T], blocks: Iterator[Block]) -> Iterator[T]:
    """Map over blocks with a few of them under way at once, results in order: pandas parses without the GIL."""
    workers = min(4, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1)
    if workers == 1:
        yield from map(function, blocks)
        return
    with ThreadPoolExecutor(workers) as pool:
        pending = deque(pool.submit(function, block) for block in islice(blocks, workers))
        while pending:
            result = pending.popleft().result()
            pending.extend(pool.submit(function, block) for block in islice(blocks, 1))
            yield result
