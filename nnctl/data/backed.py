"""Tables larger than memory: their columns stand on a shelf, and are taken from it one at a time.

A shelf is filled in one pass over the source. Distinct texts and where rows came from are kept in
memory; the cells are on disk (shelves.py), or read from the source again (rereading.py). Whoever
asks a `BackedTable` for a column gets an ordinary one, so roles, splits and the fitting of the
preprocessing are the same code, with the same results to the bit, as for a table in memory.
"""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping, Sequence

import numpy as np

from nnctl.data import Array
from nnctl.data.memory import available, shown
from nnctl.data.table import Column, Ints, Numbers, Span, Table, Texts, recoded
from nnctl.errors import DataError

TEXT = 120  # bytes that a distinct text takes besides its characters, counted with its place among the others


class Shelf:
    """What is known of all rows; how `column` and `ranges` get at the cells is up to the kinds of shelf."""

    def __init__(self, title: str) -> None:
        self.title, self.rows = title, 0
        self.spans: list[Span] = []
        self.seen: dict[str, dict[str, int]] = {}  # the distinct texts of columns of text, with their codes
        self.texts = 0  # bytes that these take
        self.lists: dict[str, list[str]] = {}
        self.small: dict[str, bool] = {}  # whether all numbers of a column are whole and from 0 to 255
        self.room = available() // 3  # for texts

    def column(self, name: str) -> Array:
        """Return all cells of a column: numbers, or codes of texts."""
        raise NotImplementedError

    def ranges(self) -> Iterator[tuple[int, dict[str, Array]]]:
        """Yield all columns, a range of rows after the other, with the number of its first row."""
        raise NotImplementedError

    def ordered(self, rows: Ints) -> Shelf:
        """Return a shelf with some rows in another order."""
        raise NotImplementedError

    def enter(self, piece: Table) -> dict[str, Array]:
        """Take note of the rows that come next; return their cells as they are kept."""
        self.spans += map(_shorter, piece.spans)
        self.rows += len(piece)
        cells = {name: self.coded(name, column) for name, column in piece.columns.items()}
        for name, values in cells.items():
            if name not in self.seen:
                self.small[name] = self.small.get(name, True) and _are_bytes(values)
        return cells

    def names(self, name: str) -> list[str]:
        """Return the distinct texts of a column, in the order of their codes."""
        if len(self.lists.get(name, ())) != len(self.seen[name]):
            self.lists[name] = list(self.seen[name])
        return self.lists.get(name, [])

    def coded(self, name: str, column: Column) -> Array:
        """Return the numbers of a column, or its codes among all texts."""
        if isinstance(column, Numbers):
            return column.values
        seen = self.seen.setdefault(name, {})
        before = len(seen)
        codes = recoded(column, seen).astype(np.int32)
        if len(seen) > before:
            self.texts += sum(len(text) + TEXT for text in column.names) * (len(seen) - before) // len(column.names)
            if self.texts > self.room:
                raise DataError(
                    f"{self.title}: the texts of column {name!r} do not fit into memory: {len(seen):,} different ones "
                    f"in the first {self.rows:,} rows, {shown(self.room)} is there for them; leave out what is a "
                    f"name or an id: exclude: [{name}]"
                )
        return codes


class BackedTable(Table):
    """A table whose columns are on a shelf; `selected` are the rows of the shelf that it has, rising."""

    def __init__(self, shelf: Shelf, selected: Ints | None = None, chosen: Ints | None = None) -> None:
        self.shelf, self.selected = shelf, selected
        self.numbers_of: dict[str, Array] = {}  # for columns of texts that are numbers after all
        rows = shelf.rows if selected is None else len(selected)
        super().__init__(_Columns(self), rows, shelf.spans, chosen=chosen)

    def take(self, rows: Ints) -> BackedTable:
        """Return some rows; where they are not in their order, all cells are copied in the new one."""
        within = rows if self.selected is None else self.selected[rows]
        chosen = rows if self.chosen is None else self.chosen[rows]
        if len(within) > 1 and (within[1:] <= within[:-1]).any():
            taken = BackedTable(self.shelf.ordered(within), None, chosen)
        else:
            taken = BackedTable(self.shelf, within, chosen)
        taken.numbers_of = self.numbers_of
        return taken

    def is_text(self, name: str) -> bool:
        return name in self.shelf.seen and name not in self.numbers_of

    def to_numbers(self, name: str, values: Sequence[float]) -> None:
        self.numbers_of[name] = np.array([*values, np.nan])

    def pieces(self) -> Iterator[Table]:
        for start, cells in self.shelf.ranges():
            stop = start + len(next(iter(cells.values())))
            first, last = start, stop
            if self.selected is not None:
                first, last = np.searchsorted(self.selected, [start, stop]).tolist()
                rows = self.selected[first:last] - start
                cells = {name: part[rows] for name, part in cells.items()} if len(rows) < stop - start else cells
            if last > first:
                columns = {name: self._column(name, part) for name, part in cells.items()}
                places = np.arange(first, last) if self.chosen is None else self.chosen[first:last]
                yield Table(columns, last - first, self.spans, chosen=places)

    def cells(self, name: str) -> Column:
        cells = self.shelf.column(name)
        return self._column(name, cells if self.selected is None else cells[self.selected])

    def _column(self, name: str, cells: Array) -> Column:
        if name in self.numbers_of:
            return Numbers(self.numbers_of[name][cells])
        if name not in self.shelf.seen:
            return Numbers(cells)
        names = self.shelf.names(name)
        if len(names) <= len(cells):
            return Texts(cells, names)
        used, codes = np.unique(cells, return_inverse=True)  # a piece knows its own texts alone
        gap = int(used[0] < 0)
        return Texts(codes - gap, [names[code] for code in used[gap:]])


class _Columns(MutableMapping[str, Column]):
    """The columns of a backed table by name, each brought into memory when it is asked for."""

    def __init__(self, table: BackedTable) -> None:
        self.table = table

    def __getitem__(self, name: str) -> Column:
        if name not in self:
            raise KeyError(name)
        return self.table.cells(name)

    def __contains__(self, name: object) -> bool:
        return name in self.table.shelf.small or name in self.table.shelf.seen

    def __iter__(self) -> Iterator[str]:
        return iter([*self.table.shelf.small, *self.table.shelf.seen])

    def __len__(self) -> int:
        return len(list(iter(self)))

    def __setitem__(self, name: str, column: Column) -> None:
        raise TypeError("a table on a shelf is not written to; see to_numbers")

    __delitem__ = None  # type: ignore[assignment]


def _shorter(span: Span) -> Span:
    """Return a span that names the first line alone where the others follow each other."""
    lines = span.lines
    if isinstance(lines, int) or not len(lines) or lines[-1] - lines[0] + 1 != len(lines):
        return span
    return Span(span.file, span.rows, int(lines[0]))


def _are_bytes(values: Array) -> bool:
    """Whether numbers are whole and from 0 to 255, as the values of pixels."""
    low, high = (values.min(initial=0), values.max(initial=0)) if len(values) else (0, 0)
    if not (low >= 0 and high <= 255):  # nor NaN
        return False
    return bool((values == values.astype(np.uint8)).all()) and not np.signbit(values).any()
