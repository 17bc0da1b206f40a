"""Columns to a file, block by block: CSV, JSON lines, .npy or .parquet, in constant memory.

A writer is given the open file and the names of the columns, then `write(columns, array)` for each
block, then `close()`. Only .npy takes the array; the others take the columns.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from typing import Any, BinaryIO, Protocol

import numpy as np

from nnctl.data import Array
from nnctl.errors import MissingExtraError, UsageError

Column = Sequence[Any] | Array


class Writer(Protocol):
    def write(self, columns: Mapping[str, Column], array: Array) -> None: ...
    def close(self) -> None: ...


class CsvWriter:
    """A header, then a line a row; numbers have as many digits as their type needs to be read back."""

    def __init__(self, file: BinaryIO, names: Sequence[str]) -> None:
        self.file = file
        self._rows([names])

    def write(self, columns: Mapping[str, Column], array: Array) -> None:
        self._rows(zip(*(map(str, column) for column in columns.values()), strict=True))

    def _rows(self, rows: Any) -> None:
        text = io.StringIO(newline="")
        csv.writer(text, lineterminator="\n").writerows(rows)
        self.file.write(text.getvalue().encode("utf-8", "surrogateescape"))

    def close(self) -> None:
        self.file.flush()


class JsonLinesWriter:
    """An object a row; what JSON has no number for is null."""

    def __init__(self, file: BinaryIO, names: Sequence[str]) -> None:
        self.file = file

    def write(self, columns: Mapping[str, Column], array: Array) -> None:
        values = [list(map(_json_value, column)) for column in columns.values()]
        rows = (dict(zip(columns, row, strict=True)) for row in zip(*values, strict=True))
        self.file.write(
            "".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in rows).encode("utf-8", "surrogateescape")
        )

    def close(self) -> None:
        self.file.flush()


def _json_value(value: Any) -> Any:
    if isinstance(value, np.floating):
        return float(str(value)) if np.isfinite(value) else None
    return value


class NpyWriter:
    """One array; the number of rows is put into the header at the end, which leaves room for it."""

    def __init__(self, file: BinaryIO, names: Sequence[str]) -> None:
        self.file = file
        self.rows = 0
        self.array: Array | None = None

    def write(self, columns: Mapping[str, Column], array: Array) -> None:
        if self.array is None:
            self.array = array[:0]
            self._header()
        self.file.write(np.ascontiguousarray(array, dtype=self.array.dtype).tobytes())
        self.rows += len(array)

    def _header(self) -> None:
        assert self.array is not None
        about = {
            "descr": np.lib.format.dtype_to_descr(self.array.dtype),
            "fortran_order": False,
            "shape": (self.rows, *self.array.shape[1:]),
        }
        np.lib.format.write_array_header_1_0(self.file, about)

    def close(self) -> None:
        if self.array is None:
            self.array = np.empty(0, np.float32)
        self.file.seek(0)
        self._header()
        self.file.flush()


class ParquetWriter:
    """Columns with their types; needs pyarrow."""

    def __init__(self, file: BinaryIO, names: Sequence[str]) -> None:
        try:
            import pyarrow
            import pyarrow.parquet
        except ImportError:
            raise MissingExtraError("writing .parquet", "tables") from None
        self.file, self.arrow = file, pyarrow
        self.writer: Any = None

    def write(self, columns: Mapping[str, Column], array: Array) -> None:
        table = self.arrow.table({name: self.arrow.array(column) for name, column in columns.items()})
        if self.writer is None:
            self.writer = self.arrow.parquet.ParquetWriter(self.file, table.schema)
        self.writer.write_table(table)

    def close(self) -> None:
        if self.writer is not None:
            self.writer.close()


WRITERS: dict[str, Any] = {".csv": CsvWriter, ".jsonl": JsonLinesWriter, ".npy": NpyWriter, ".parquet": ParquetWriter}


def writer_for(name: str) -> Any:
    """Return the writer's class for a file name; raise UsageError where the ending says none."""
    for suffix, writer in WRITERS.items():
        if name.lower().endswith(suffix):
            return writer
    raise UsageError(f"{name}: the ending must be one of {', '.join(WRITERS)}")
