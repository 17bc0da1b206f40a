"""Raw data for a trained model, a chunk at a time: memory does not grow with the rows."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from nnctl.data import Arrays, Chunk, Places, TableReader
from nnctl.data.cells import Want
from nnctl.data.encoding import encode_rows
from nnctl.data.features import TableFeatures
from nnctl.data.preprocessing import Preprocessing
from nnctl.data.roles import match
from nnctl.data.sources import resolve
from nnctl.data.windows import Windows
from nnctl.errors import DataError, UsageError
from nnctl.registry import suggest

CHUNK = 8192  # rows of arrays at a time; a table's own pieces are of some megabytes
FILE = "file"  # the column that tells the files of rows that have one each
CHUNK_BYTES, STEP = 1 << 24, 256  # fewer where rows are large; in steps, since so many are predicted together


class Reading:
    """Iterate over it for Chunks; `notices` and `names` are known from the start."""

    def __init__(
        self, fitted: Preprocessing, rows: Arrays | TableReader, need_targets: bool, keep: Sequence[str]
    ) -> None:
        self.fitted, self.rows, self.keep = fitted, rows, list(keep)
        self.need_targets = need_targets
        self.notices: list[str] = []
        self.filled: dict[str, int] = {}  # missing cells that got a value so far, by column
        self.names = rows.names if not isinstance(rows, Arrays) else [FILE] if rows.files is not None else []
        if isinstance(rows, Arrays) and self.names and FILE not in self.keep:
            self.keep.insert(0, FILE)  # nothing else would tell which row is which
        for name in self.keep:
            if name not in self.names:
                near = suggest(name, self.names)
                hint = f"did you mean {near!r}?" if near else f"it has {', '.join(self.names[:20]) or 'no columns'}"
                raise UsageError(f"--keep: the data have no column {name!r}; {hint}")
        if isinstance(rows, Arrays):
            self._chunks = self._arrays(rows, need_targets)
        else:
            self._wants = self._columns(rows, need_targets)
            self._chunks = self._tables(rows)

    def __iter__(self) -> Iterator[Chunk]:
        return self._chunks

    def close(self) -> None:
        if not isinstance(self.rows, Arrays):
            self.rows.close()

    def _columns(self, reader: TableReader, need_targets: bool) -> list[Want]:
        fitted, roles = self.fitted, self.fitted.roles
        if roles is None or not isinstance(fitted.features, TableFeatures):
            raise DataError(
                f"{reader.title}: is a table, but the model was trained on arrays of shape "
                f"{fitted.input_shape}; give an .npz or .npy file"
            )
        positions, self.notices = match(roles, reader.names, reader.title, fitted.reading["header"], need_targets)
        limit = float(np.finfo(fitted.dtype).max)
        wants = [column.want(positions[column.name], limit) for column in fitted.features.columns]
        if need_targets and (targets := fitted.targets):
            wants += [
                Want(name, positions[name], targets.numeric(name), "label", limit=limit, strip=targets.strip)
                for name in roles.targets
                if name not in roles.features
            ]
            if roles.weight is not None and roles.weight in positions:
                wants.append(Want(roles.weight, positions[roles.weight], True, "weight", limit=limit))
        return wants

    def _tables(self, reader: TableReader) -> Iterator[Chunk]:
        fitted, start, made = self.fitted, 0, 0
        windows = Windows(fitted.sequence, reader.title) if fitted.sequence else None
        for table in reader.tables(self._wants, self.keep):
            rows = encode_rows(fitted, table, self.need_targets)
            for name, count in fitted.features.filled(table).items():  # type: ignore[union-attr]
                self.filled[name] = self.filled.get(name, 0) + count
            chunk: Chunk | None = Chunk(rows.x, rows.y, rows.weight, table.kept, start)
            start += len(rows)
            if windows is not None and chunk is not None:
                chunk = windows.of(chunk)
            if chunk is not None:
                made += len(chunk)
                yield chunk
        if made == 0:
            what = f" for a window of {fitted.sequence.steps} steps" if fitted.sequence and start else ""
            raise DataError(f"{reader.title}: {start} rows{what}")

    def _arrays(self, data: Arrays, need_targets: bool) -> Iterator[Chunk]:
        if need_targets and data.y is None:
            raise DataError(
                f"{data.name}: has no targets to compare with; give an .npz file with x and y, "
                "or a folder of pictures with one subfolder a class"
            )
        row_bytes = max(1, math.prod(data.x.shape[1:]) * data.x.dtype.itemsize)
        size = min(CHUNK, max(1, CHUNK_BYTES // (row_bytes * STEP)) * STEP)
        for start in range(0, len(data), size):
            rows = slice(start, start + size)
            y = data.y[rows] if need_targets and data.y is not None else None
            files = None if data.files is None else list(data.files[rows])
            part = encode_rows(self.fitted, Arrays(data.x[rows], y, data.name, data.labels, files))
            yield Chunk(part.x, part.y, None, {} if files is None else {FILE: files}, start)


def read_for(
    preprocessing: Preprocessing,
    source: Any,
    need_targets: bool = False,
    keep: Sequence[str] = (),
    *,
    base_dir: Path | str = ".",
    data_dir: Path | None = None,
) -> Reading:
    """Open raw data for a model; columns are matched by name. Of a named set, the test part is read."""
    places = Places(Path(base_dir), data_dir)
    settings = preprocessing.settings(source)
    opened = resolve(settings.source, places).stream(settings, places)
    rows = opened.test if opened.test is not None else opened.rows
    reading = Reading(preprocessing, rows, need_targets, keep)
    reading.notices = [*opened.notes, *reading.notices]
    return reading
