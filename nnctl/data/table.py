"""Columns in memory: numbers, or texts counted once each; and where every row came from.

A column of texts is kept as `codes` into the list of its distinct `names`, so that a million rows of
five categories are five texts. A missing cell is NaN, or the code -1.
"""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass
class Numbers:
    values: Floats

    @property
    def missing(self) -> NDArray[np.bool_]:
        return np.isnan(self.values)

    def take(self, rows: Ints) -> Numbers:
        return Numbers(self.values[rows])


@dataclass
class Texts:
    codes: Ints
    names: list[str]

    @property
    def missing(self) -> NDArray[np.bool_]:
        return self.codes < 0

    def take(self, rows: Ints) -> Texts:
        return Texts(self.codes[rows], self.names)

    def counts(self) -> Ints:
        return np.bincount(self.codes[self.codes >= 0], minlength=len(self.names))

    def stripped(self, characters: str) -> Texts:
        """Return the same cells without some characters at their ends."""
        seen: dict[str, int] = {}
        to = [seen.setdefault(name.strip(characters), len(seen)) for name in self.names] if characters else []
        return Texts(np.array([*to, -1], np.int64)[self.codes], list(seen)) if characters else self

    @classmethod
    def of(cls, cells: Sequence[str | None]) -> Texts:
        """Count cells, None being a missing one."""
        seen: dict[str, int] = {}
        codes = [-1 if cell is None else seen.setdefault(cell, len(seen)) for cell in cells]
        return cls(np.array(codes, np.int64), list(seen))


Column = Numbers | Texts


@dataclass
class Span:
    """Consecutive rows of one file: `lines` is the line of each, or of the first if they follow each other."""

    file: str
    rows: int
    lines: int | Ints

    def line(self, row: int) -> int:
        return self.lines + row if isinstance(self.lines, int) else int(self.lines[row])


@dataclass
class Table:
    """Named columns of equal length. `kept` holds cells as they stand in the file."""

    columns: MutableMapping[str, Column]
    rows: int
    spans: list[Span]
    kept: dict[str, list[str]] = field(default_factory=dict)
    chosen: Ints | None = None  # after `take`: the row of the file that each row was

    def __len__(self) -> int:
        return self.rows

    def take(self, rows: Ints) -> Table:
        chosen = rows if self.chosen is None else self.chosen[rows]
        columns = {name: column.take(rows) for name, column in self.columns.items()}
        return Table(columns, len(rows), self.spans, chosen=chosen)

    def only(self, name: str) -> Table:
        """Return one column as a table in memory."""
        return Table({name: self.columns[name]}, self.rows, self.spans, chosen=self.chosen)

    def pieces(self) -> Iterator[Table]:
        """Yield all rows in their order, as tables in memory."""
        yield self

    def is_text(self, name: str) -> bool:
        return isinstance(self.columns[name], Texts)

    def to_numbers(self, name: str, values: Sequence[float]) -> None:
        """Put numbers for the texts of a column, one for each distinct text."""
        column = self.columns[name]
        assert isinstance(column, Texts)
        self.columns[name] = Numbers(np.array([*values, np.nan])[column.codes])

    def where(self, row: int) -> str:
        """Return `file:line` of a row."""
        row = int(row if self.chosen is None else self.chosen[row])
        for span in self.spans:
            if row < span.rows:
                return f"{span.file}:{span.line(row)}"
            row -= span.rows
        raise IndexError(row)

    def numbers(self, name: str) -> Floats:
        column = self.columns[name]
        assert isinstance(column, Numbers), f"{name!r} was read as text"
        return column.values


def join(pieces: list[Table]) -> Table:
    """Put tables with the same columns below each other."""
    if len(pieces) == 1:
        return pieces[0]
    columns = {name: _join_columns([piece.columns[name] for piece in pieces]) for name in pieces[0].columns}
    return Table(columns, sum(map(len, pieces)), [span for piece in pieces for span in piece.spans])


def _join_columns(parts: list[Column]) -> Column:
    if isinstance(parts[0], Numbers):
        return Numbers(np.concatenate([part.values for part in parts]))  # type: ignore[union-attr]
    seen: dict[str, int] = {}
    codes = []
    for part in parts:
        assert isinstance(part, Texts)
        codes.append(recoded(part, seen))
    return Texts(np.concatenate(codes), list(seen))


def recoded(part: Texts, seen: dict[str, int]) -> Ints:
    """Return the codes of a column among texts seen before, which its own are added to."""
    return np.array([*(seen.setdefault(name, len(seen)) for name in part.names), -1], np.int64)[part.codes]
