"""Parquet files, by pyarrow: columns with types of their own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from nnctl.data import DataSource, Opened, Places
from nnctl.data.arrays import update
from nnctl.data.cells import Dialect, Troubles, Want, column_of
from nnctl.data.places import reading
from nnctl.data.settings import DataSettings, Source
from nnctl.data.table import Column, Numbers, Span, Table
from nnctl.errors import DataError, MissingExtraError
from nnctl.fields import field
from nnctl.registry import register

SAMPLE = 1000
ROWS = 1 << 15  # at a time


@register("data source")
class Parquet(DataSource):
    """The columns of Parquet files. What messages call a line is the number of the row, from 1.

    A null is a missing cell, and so is NaN. Numbers are taken as they are, all else as text.
    Shapes  x (N, columns after one-hot)  y by the loss
    Raises  DataError for what is wrong in the file, MissingExtraError without pyarrow
    Source  parquet.apache.org
    """

    path: Source = field(doc="File, list of files, or pattern.")

    suffixes = (".parquet",)
    examples = ({"path": "table.parquet"},)

    def open(self, settings: DataSettings, places: Places, digest: Any) -> Opened:
        files = self._files(places)
        for file in files:
            update(digest, file)
        return Opened(ParquetReader(files, settings))

    def _files(self, places: Places) -> list[Path]:
        patterns = [self.path] if isinstance(self.path, str) else list(self.path)
        return [file for pattern in patterns for file in places.files(pattern)]


class ParquetReader:
    """The rows of some files with the same columns, some thousand at a time."""

    def __init__(self, files: Sequence[Path], settings: DataSettings) -> None:
        self.files, self.title = files, str(files[0])
        self.dialect = Dialect(missing=frozenset({*settings.missing_values, ""}))
        self._open = [(file, _opened(file)) for file in files]
        self.names = list(self._open[0][1].schema_arrow.names)
        for file, other in self._open[1:]:
            if other.schema_arrow.names != self.names:
                raise DataError(f"{file}: its columns are not those of {self.title}; files read together need the same")
        first = next(self._open[0][1].iter_batches(SAMPLE), None)
        if first is None or not len(first):
            raise DataError(f"{self.title}: 0 rows")
        self.sample = [list(row) for row in zip(*(_texts(column) for column in first.columns), strict=True)]

    def tables(self, wants: list[Want], keep: Sequence[str] = ()) -> Iterator[Table]:
        troubles = Troubles()
        needed = list(dict.fromkeys([*(self.names[want.position] for want in wants), *keep]))
        for file, opened in self._open:
            row = 1
            with reading(file):
                for batch in opened.iter_batches(ROWS, columns=needed):
                    columns = {
                        want.name: self._column(batch.column(self.names[want.position]), want, str(file), row, troubles)
                        for want in wants
                    }
                    kept = {name: _texts(batch.column(name)) for name in keep}
                    yield Table(columns, len(batch), [Span(str(file), len(batch), row)], kept)
                    row += len(batch)
        troubles.finish()

    def about_rows(self) -> int | None:
        return sum(opened.metadata.num_rows for _, opened in self._open)

    def close(self) -> None:
        for _, opened in self._open:
            opened.close()

    def _column(self, cells: Any, want: Want, file: str, row: int, troubles: Troubles) -> Column:
        import pyarrow.types as types

        if want.numeric and (types.is_floating(cells.type) or types.is_integer(cells.type)):
            values = np.array(cells.cast("float64", safe=False).to_numpy(zero_copy_only=False))
            if (want.missing_ok or not np.isnan(values).any()) and not (np.abs(values) > want.limit).any():
                return Numbers(values)
        return column_of(_texts(cells), want, self.dialect, file, range(row, row + len(cells)), troubles)


def _opened(file: Path) -> Any:
    try:
        import pyarrow
        from pyarrow.parquet import ParquetFile
    except ImportError as error:
        raise MissingExtraError(f"reading {file}", "tables") from error
    try:
        with reading(file):
            return ParquetFile(file)
    except pyarrow.ArrowException as error:
        raise DataError(f"{file}: damaged, or no Parquet file ({error}); get it again") from error


def _texts(cells: Any) -> list[str]:
    return ["" if cell is None or cell != cell else str(cell) for cell in cells.to_pylist()]
