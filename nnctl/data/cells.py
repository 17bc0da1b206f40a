"""The strict way to read CSV: cell by cell, with the line of everything that is wrong.

It reads small files, and those blocks of large ones where the fast way (columns.py) met anything it
did not expect. Both give the same numbers and texts.
"""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from nnctl.data.blocks import Block
from nnctl.data.table import Column, Numbers, Texts
from nnctl.errors import DataError

NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
SPELLING = b"0123456789+-.eE "  # of what float() takes, NUMBER takes whatever holds nothing else
INFINITE = re.compile(r"[+-]?inf(inity)?|[+-]?nan", re.IGNORECASE)
SHOWN = 5  # of the wrong cells: the first ones, then how many more


@dataclass(frozen=True)
class Dialect:
    """How cells are written."""

    separator: str = ","
    decimal: str = "."
    missing: frozenset[str] = frozenset()
    quote: str | None = '"'
    skip_blanks: bool = True

    @property
    def delimiter(self) -> str:
        return " " if self.separator == "whitespace" else self.separator

    @property
    def skips_blanks(self) -> bool:
        """Whether blanks after a separator are no part of the cell."""
        return self.skip_blanks and self.separator != "\t"

    @property
    def mark(self) -> bytes:
        """The quotation mark, or nothing."""
        return (self.quote or "").encode()

    def number(self, cell: str) -> float | None:
        """Return the value of a cell; None for what is no number. 1e400 gives infinity."""
        cell = cell.strip()
        if self.decimal == ",":
            cell = cell.replace(".", "x").replace(",", ".")
        return float(cell) if NUMBER.fullmatch(cell) else None

    def numbers(self, cells: Sequence[str]) -> list[float] | None:
        """Return the values of many cells, all at once; None where any is missing or no number."""
        if self.decimal != "." or not self.missing.isdisjoint(cells):
            return None
        if "".join(cells).encode("ascii", "replace").translate(None, SPELLING):
            return None
        try:
            return list(map(float, cells))
        except ValueError:
            return None


@dataclass(frozen=True)
class Want:
    """What a column is wanted for: its name in messages, and what its cells may be."""

    name: str
    position: int
    numeric: bool
    role: str = "feature"  # feature, label, weight
    missing_ok: bool = False
    limit: float = math.inf  # beyond it a number does not fit into the model's dtype
    strip: str = ""  # characters that are removed from both ends of texts


@dataclass
class Troubles:
    """Wrong cells: the first few in words, and how many in all."""

    total: int = 0
    lines: list[str] = field(default_factory=list)
    hints: dict[str, None] = field(default_factory=dict)

    def add(self, where: str, what: str, hint: str) -> None:
        self.total += 1
        if len(self.lines) < SHOWN:
            self.lines.append(f"{where}: {what}")
            self.hints[hint] = None

    def join(self, later: Troubles) -> None:
        """Take in what was found further down."""
        self.total += later.total
        self.lines = (self.lines + later.lines)[:SHOWN]
        self.hints |= later.hints

    def finish(self) -> None:
        """Raise DataError if there is any."""
        if self.total:
            more = [f"... and {self.total - len(self.lines)} more"] if self.total > len(self.lines) else []
            raise DataError("\n".join([*self.lines, *more, *(f"hint: {hint}" for hint in self.hints)]))


def records(block: Block, dialect: Dialect, width: int = 0) -> Iterator[tuple[int, list[str]]]:
    """Yield (line, cells) of every row that is not blank."""
    text = io.StringIO(block.data.decode(), newline="")
    rows = csv.reader(
        text,
        delimiter=dialect.delimiter,
        quotechar=dialect.quote,
        quoting=csv.QUOTE_MINIMAL if dialect.quote else csv.QUOTE_NONE,
        strict=True,
        skipinitialspace=dialect.skips_blanks,
    )
    line = block.line
    try:
        for row in rows:
            if row and (width == 1 or len(row) > 1 or row[0].strip()):
                yield line, row
            line = block.line + rows.line_num
    except csv.Error as error:
        if "unexpected end" in str(error):
            raise DataError(f"{block.file}:{line}: a quote opens in this row and is never closed") from error
        raise DataError(f"{block.file}:{line}: not CSV: {error}") from error


def read_cells(
    block: Block, dialect: Dialect, width: int, wants: list[Want], troubles: Troubles, kept: list[int]
) -> tuple[dict[str, Column], np.ndarray, list[list[str]]]:
    """Return the wanted columns of a block, the line of each row, and the kept columns as text."""
    lines, rows, wrong = [], [], Troubles()
    for line, row in records(block, dialect, width):
        if len(row) != width:
            wrong.add(
                f"{block.file}:{line}",
                f"{_fields(len(row))}, expected {width}",
                "every row needs as many cells as the first; quote a cell that holds the separator",
            )
        lines.append(line)
        rows.append(row)
    wrong.finish()
    cells = list(zip(*rows, strict=True)) if rows else [()] * width
    columns = {want.name: column_of(cells[want.position], want, dialect, block.file, lines, troubles) for want in wants}
    return columns, np.array(lines, np.int64), [list(cells[position]) for position in kept]


def column_of(
    cells: Sequence[str], want: Want, dialect: Dialect, file: str, lines: Sequence[int], troubles: Troubles
) -> Column:
    """Return a column of cells as what it is wanted for."""
    return (_numbers if want.numeric else _texts)(cells, want, dialect, file, lines, troubles)


def _fields(count: int) -> str:
    return "1 field" if count == 1 else f"{count} fields"


def _texts(
    cells: Sequence[str], want: Want, dialect: Dialect, file: str, lines: Sequence[int], troubles: Troubles
) -> Texts:
    column = Texts.of([None if cell in dialect.missing else cell for cell in cells])
    if not want.missing_ok:
        for row in np.flatnonzero(column.missing).tolist():
            _wrong(cells[row], want, dialect, f"{file}:{lines[row]}", troubles)
    return column.stripped(want.strip)


def _numbers(
    cells: Sequence[str], want: Want, dialect: Dialect, file: str, lines: Sequence[int], troubles: Troubles
) -> Numbers:
    known = dialect.numbers(cells)
    values = np.empty(len(cells)) if known is None else np.array(known)
    if known is not None and (np.abs(values) <= want.limit).all():
        return Numbers(values)
    for row, cell in enumerate(cells):
        value = None if cell in dialect.missing else dialect.number(cell)
        if value is None:
            values[row] = math.nan
            if cell not in dialect.missing or not want.missing_ok:
                _wrong(cell, want, dialect, f"{file}:{lines[row]}", troubles)
        else:
            values[row] = value
            if not abs(value) <= want.limit:
                _wrong(cell, want, dialect, f"{file}:{lines[row]}", troubles)
    return Numbers(values)


def _wrong(cell: str, want: Want, dialect: Dialect, where: str, troubles: Troubles) -> None:
    """Say what is wrong with a cell that may not be as it is."""
    if cell in dialect.missing:
        what = "an empty cell" if cell == "" else f"{cell!r} is a missing cell"
        hint = (
            "set missing: drop, mean, median, most_frequent or a number"
            if want.role == "feature"
            else f"every row needs a {want.role}: mend or remove the row"
        )
    elif dialect.number(cell) is not None:
        what = f"{cell!r} is too large for the model's numbers (at most {want.limit:.3g})"
        hint = "mend the cell, or scale the column beforehand"
    elif INFINITE.fullmatch(cell.strip()):
        what, hint = f"{cell!r} is not finite", "mend or remove the row; missing: is for missing cells only"
    else:
        what = f"{cell!r} is not a number"
        hint = _hint_text(cell, want, dialect)
    troubles.add(where, f"{want.role} {want.name!r}: {what}", hint)


def _hint_text(cell: str, want: Want, dialect: Dialect) -> str:
    if re.fullmatch(r"[+-]?[\d.]*,\d+", cell.strip()) and dialect.decimal == ".":
        return "numbers look written with a decimal comma: set decimal: ','"
    if want.role != "feature":
        return f"mend the {want.role}, or remove the row"
    return (
        "if the text means a missing cell, add it to missing_values; "
        f"if the column holds categories, set columns: {{{want.name}: {{type: categorical}}}}"
    )
