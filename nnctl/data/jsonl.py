"""JSON lines: an object a line, whose keys are the columns."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from nnctl.data import DataSource, Opened, Places
from nnctl.data.blocks import Block, read_blocks
from nnctl.data.cells import Dialect, Troubles, Want, column_of
from nnctl.data.lines import Form
from nnctl.data.settings import DataSettings, Source
from nnctl.data.sizes import about_rows, row_bytes
from nnctl.data.table import Span, Table
from nnctl.errors import DataError
from nnctl.fields import field
from nnctl.registry import register

SAMPLE = 1000
PLAIN = Form(quote=b"")  # a newline within a text is written as two characters


@register("data source")
class JsonLines(DataSource):
    """Objects of numbers, texts, true, false and null, one a line; the first one's keys are the columns.

    A key that an object lacks is a missing cell, as null is; a key that is new is an error.
    Shapes  x (N, columns after one-hot)  y by the loss
    Raises  DataError with file, line and key of what is wrong
    Source  jsonlines.org
    """

    path: Source = field(doc="File, list of files, or pattern.")

    suffixes = (".jsonl", ".ndjson", ".jsonl.gz", ".jsonl.zst")
    examples = ({"path": "table.jsonl"},)

    def open(self, settings: DataSettings, places: Places, digest: Any) -> Opened:
        return Opened(JsonLinesReader(self._files(places), settings, digest))

    def _files(self, places: Places) -> list[Path]:
        patterns = [self.path] if isinstance(self.path, str) else list(self.path)
        return [file for pattern in patterns for file in places.files(pattern)]


class JsonLinesReader:
    """The objects of some files with the same keys."""

    def __init__(self, files: Sequence[Path], settings: DataSettings, digest: Any) -> None:
        self.files, self.encoding, self.digest = files, settings.encoding, digest
        self.title = str(files[0])
        self.dialect = Dialect(missing=frozenset({*settings.missing_values, ""}))
        self._blocks: Any = read_blocks(files[0], self.encoding, PLAIN, digest)
        self._first = next(self._blocks, None)
        objects = [] if self._first is None else list(_objects(self._first))
        if not objects:
            raise DataError(f"{self.title}: is empty: 0 rows")
        self.names = list(objects[0][1])
        self.sample = [self._row(self.title, line, row) for line, row in objects[:SAMPLE]]

    def tables(self, wants: list[Want], keep: Sequence[str] = ()) -> Iterator[Table]:
        troubles = Troubles()
        for block in self._all():
            lines, cells = self._cells(block)
            columns = {
                w.name: column_of(cells[w.position], w, self.dialect, block.file, lines, troubles) for w in wants
            }
            kept = {name: cells[self.names.index(name)] for name in keep}
            if lines:
                yield Table(columns, len(lines), [Span(block.file, len(lines), np.array(lines))], kept)
        troubles.finish()

    def about_rows(self) -> int | None:
        assert self._first is not None
        return about_rows(self.files, row_bytes(self._first.data))

    def close(self) -> None:
        self._blocks.close()

    def _all(self) -> Iterator[Block]:
        assert self._first is not None
        yield self._first
        yield from self._blocks
        for file in self.files[1:]:
            yield from read_blocks(file, self.encoding, PLAIN, self.digest)

    def _cells(self, block: Block) -> tuple[list[int], list[list[str]]]:
        lines: list[int] = []
        cells: list[list[str]] = [[] for _ in self.names]
        for line, row in _objects(block):
            lines.append(line)
            for column, cell in zip(cells, self._row(block.file, line, row), strict=True):
                column.append(cell)
        return lines, cells

    def _row(self, file: str, line: int, row: dict[str, Any]) -> list[str]:
        if not row.keys() <= set(self.names):
            new = next(key for key in row if key not in self.names)
            raise DataError(f"{file}:{line}: key {new!r} is not in the first line; give every key there")
        return [_cell(row.get(name), f"{file}:{line}: key {name!r}") for name in self.names]


def _objects(block: Block) -> Iterator[tuple[int, dict[str, Any]]]:
    for line, text in enumerate(block.data.split(b"\n"), block.line):
        if not text.strip():
            continue
        try:
            row = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise DataError(f"{block.file}:{line}: is not JSON ({error}); write an object a line") from error
        if not isinstance(row, dict):
            raise DataError(f"{block.file}:{line}: expected an object, {{...}}, got {text[:40].decode()!r}")
        yield line, row


def _cell(value: Any, where: str) -> str:
    if value is None:
        return ""
    if isinstance(value, (list, dict)):
        raise DataError(f"{where}: expected a number or a text, got {json.dumps(value)[:40]}")
    return value if isinstance(value, str) else str(value)
