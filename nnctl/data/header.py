"""What the first rows of a CSV file tell: the names of the columns, and settings that cannot be right."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice, pairwise

from nnctl.data.blocks import Block
from nnctl.data.cells import Dialect, records
from nnctl.errors import DataError

SAMPLE = 1000
OTHERS = {";": "';'", "\t": "'\\t'", "|": "'|'", ",": "','"}


@dataclass
class Head:
    """The names of the columns, a sample of the rows, and the first block without its header."""

    names: list[str]
    sample: list[list[str]]
    body: Block


def read_head(block: Block, dialect: Dialect, header: bool) -> Head:
    rows = list(islice(records(block, dialect), SAMPLE + 1))
    if not rows:
        raise DataError(f"{block.file}: is empty: 0 rows")
    line, first = rows[0]
    cells = [row for _, row in rows]
    _check_separator(f"{block.file}:{line}", cells, dialect)
    if not header:
        _check_no_header(f"{block.file}:{line}", cells, dialect)
        return Head([str(position) for position in range(len(first))], cells, block)
    names = [name.strip() for name in first]
    _check_names(f"{block.file}:{line}", names, dialect)
    return Head(names, cells[1:], _after_header(block, dialect, len(names)))


def _after_header(block: Block, dialect: Dialect, width: int) -> Block:
    """Return the block from the line after its first row on."""
    rows = records(block, dialect, width)
    next(rows)
    # The row may hold quoted newlines and blank lines may follow: cut before the next row's line.
    next_line = next((line for line, _ in rows), None)
    if next_line is None:
        lines = block.data.count(b"\n")
        return Block(block.file, block.line + lines, b"")
    # `line` counts from the end of the previous row, so blank lines stay with the next row.
    position = 0
    for _ in range(next_line - block.line):
        position = block.data.index(b"\n", position) + 1
    return Block(block.file, next_line, block.data[position:])


def _check_names(where: str, names: list[str], dialect: Dialect) -> None:
    if looks_like_data(names, dialect):
        shown = ", ".join(names[:5])
        raise DataError(
            f"{where}: the first row should hold the names of the columns, but looks like data "
            f"({shown}{', ...' if len(names) > 5 else ''}); set header: false"
        )
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise DataError(
            f"{where}: the header has {', '.join(map(repr, twice))} more than once; "
            "rename the columns, or set header: false if this row is data"
        )


def looks_like_data(names: Sequence[str], dialect: Dialect) -> bool:
    """Whether a header holds numbers other than years or counted columns (whole and increasing)."""
    numbers = [name for name in names if dialect.number(name) is not None]
    if not numbers:
        return False
    if not all(name.isascii() and name.isdigit() for name in numbers):
        return True
    whole = [int(name) for name in numbers]
    return any(later <= earlier for earlier, later in pairwise(whole))


def _check_no_header(where: str, rows: list[list[str]], dialect: Dialect) -> None:
    """Find a row of names above columns of numbers."""
    first, rest = rows[0], [row for row in rows[1:] if len(row) == len(rows[0])]
    if not rest or any(cell in dialect.missing or dialect.number(cell) is not None for cell in first):
        return
    if any(all(dialect.number(row[position]) is not None for row in rest) for position in range(len(first))):
        raise DataError(
            f"{where}: the first row looks like names ({', '.join(first[:5])}), "
            "the rows below like data; set header: true"
        )


def _check_separator(where: str, rows: list[list[str]], dialect: Dialect) -> None:
    """Find a file that is separated by something else."""
    if len(rows) < 2 and len(rows[0]) > 1:
        return
    lines = [dialect.delimiter.join(row) for row in rows[:50]]
    if dialect.separator == "whitespace":
        return
    for other, shown in OTHERS.items():
        if other == dialect.delimiter:
            continue
        counts = {line.count(other) for line in lines}
        if len(counts) != 1 or counts == {0}:
            continue
        alone = all(len(row) == 1 for row in rows[:50])
        if alone or len(rows[0]) == 1 or all(_numeric(cell) for line in lines[1:] for cell in line.split(other)):
            raise DataError(
                f"{where}: looks separated by {shown}, not by {dialect.delimiter!r}: set separator: {_yaml(other)}"
            )
    if all(len(row) == 1 for row in rows[:50]):
        pieces = [line.split() for line in lines]
        if len(pieces[0]) > 1 and len({len(p) for p in pieces}) == 1 and all(map(_numeric, pieces[-1])):
            raise DataError(
                f"{where}: looks separated by blanks, not by {dialect.delimiter!r}: set separator: whitespace"
            )


def _yaml(separator: str) -> str:
    return '"\\t"' if separator == "\t" else f"'{separator}'"


def _numeric(cell: str) -> bool:
    return re.fullmatch(r"[+-]?[\d.]*,?\d+([eE][+-]?\d+)?", cell.strip()) is not None
