"""Encoded rows that are kept nowhere: the source is parsed and encoded again whenever they are read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from nnctl.data import Array, Rows
from nnctl.data.backed import BackedTable
from nnctl.data.encoding import encode_rows
from nnctl.data.lazy import Lazy
from nnctl.data.preprocessing import Preprocessing
from nnctl.data.windows import windowed
from nnctl.errors import DataError


def streamed(fitted: Preprocessing, table: BackedTable) -> Rows:
    """Return rows whose x, y and weight are read together, in the order of the file."""
    stream = _Stream(fitted, table)
    kinds = [kind for kind, array in vars(stream.rows(0, 1)).items() if array is not None]
    arrays: dict[str, Any] = {kind: Lazy(len(table), stream.reader(kind), sequential=True) for kind in kinds}
    rows = Rows(arrays["x"], arrays.get("y"), arrays.get("weight"))
    return rows if fitted.sequence is None else windowed(rows, fitted.sequence, table.spans[0].file)


class _Stream:
    """Remembers the pieces from the last range on, so that the next one goes on from there."""

    def __init__(self, fitted: Preprocessing, table: BackedTable) -> None:
        self.fitted, self.table = fitted, table
        self._begin()

    def _begin(self) -> None:
        self.source: Iterator[Rows] = (encode_rows(self.fitted, piece) for piece in self.table.pieces())
        self.kept: list[tuple[int, Rows]] = []  # number of the first row, rows
        self.end = 0

    def rows(self, start: int, stop: int) -> Rows:
        return Rows(*(self.read(kind, start, stop) for kind in ("x", "y", "weight")))  # type: ignore[arg-type]

    def reader(self, kind: str) -> Any:
        return lambda start, stop: self.read(kind, start, stop)

    def read(self, kind: str, start: int, stop: int) -> Array | None:
        """Return a range of x, y or weight; one that begins before the last one reads from the beginning."""
        if start < (self.kept[0][0] if self.kept else self.end):
            self._begin()
        while self.end < stop or not self.kept:
            rows = next(self.source, None)
            if rows is None:
                raise DataError(f"{self.table.shelf.title}: has changed while it was in use; begin anew")
            self.kept.append((self.end, rows))
            self.end += len(rows)
            if self.end >= len(self.table):
                next(self.source, None)  # to the end of the file, where it is compared with what it was
        while self.kept[0][0] + len(self.kept[0][1]) <= start and len(self.kept) > 1:
            del self.kept[0]
        if getattr(self.kept[0][1], kind) is None:
            return None
        parts = [getattr(rows, kind)[max(0, start - at) : max(0, stop - at)] for at, rows in self.kept]
        return np.concatenate(parts) if len(parts) > 1 else parts[0]
