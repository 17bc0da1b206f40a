"""Windows of consecutive rows: x of shape (windows, steps, features), the target some rows further on."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from nnctl.data import Array, Chunk, Rows
from nnctl.data.lazy import Lazy, in_memory
from nnctl.data.split_settings import SequenceSettings
from nnctl.data.splits import Parts
from nnctl.data.table import Ints
from nnctl.errors import DataError


def windowed(rows: Rows, sequence: SequenceSettings, name: str) -> Rows:
    """Return the windows that lie within the rows, each with the target `horizon` rows after its last one."""
    ahead = sequence.horizon if rows.y is not None else 0
    count = len(rows) - (sequence.steps - 1) - ahead
    if count < 1:
        raise DataError(
            f"{name}: {len(rows)} rows hold no window of {sequence.steps} steps"
            f"{f' and a target {ahead} rows on' if ahead else ''}; give more rows, or fewer steps"
        )
    if not in_memory(rows.x):
        return _later(rows, sequence, -(-count // sequence.stride), sequence.steps - 1 + ahead)
    starts = np.arange(0, count, sequence.stride)
    last = starts + sequence.steps - 1
    x = rows.x[starts[:, None] + np.arange(sequence.steps)]
    y = None if rows.y is None else rows.y[last + ahead]
    return Rows(x, y, None if rows.weight is None else rows.weight[last + ahead])


def _later(rows: Rows, sequence: SequenceSettings, count: int, last: int) -> Rows:
    """Return windows that are cut when they are read, of rows that are not in memory."""
    steps, stride = sequence.steps, sequence.stride

    def windows(start: int, stop: int) -> Array:
        x = rows.x[start * stride : (stop - 1) * stride + steps if stop > start else start * stride]
        return x[(np.arange(stop - start) * stride)[:, None] + np.arange(steps)]

    def at_last(array: Any) -> Any:
        if array is None:
            return None
        read = lambda start, stop: array[start * stride + last : (stop - 1) * stride + last + 1][::stride]  # noqa: E731
        return Lazy(count, read, array.sequential)

    x: Any = Lazy(count, windows, rows.x.sequential)  # type: ignore[attr-defined]
    return Rows(x, at_last(rows.y), at_last(rows.weight))


def with_past(parts: Parts, name: str, sequence: SequenceSettings, *, by_time: bool) -> Ints:
    """Return the rows of a part behind those before it that its first window looks back on.

    So every row of the part is a target, and no row of another part is: what was known at the time may
    be looked at, as it will be when the model is in use.
    """
    own: Ints = getattr(parts, name)
    needed = sequence.steps - 1 + sequence.horizon
    if not len(own) or own is parts.train:
        return own
    order = np.concatenate([parts.train, parts.validation, parts.test]) if by_time else None
    first = int(own[0]) if order is None else int(np.flatnonzero(order == own[0])[0])
    past = np.arange(max(0, first - needed), first)
    return np.concatenate([past if order is None else order[past], own])


class Windows:
    """Makes chunks of windows of chunks of rows: the end of one chunk is carried into the next."""

    def __init__(self, sequence: SequenceSettings, name: str) -> None:
        self.sequence, self.name = sequence, name
        self.rest: Chunk | None = None

    def of(self, chunk: Chunk) -> Chunk | None:
        """Return the windows that end in this chunk; None as long as there is none.

        Cells that are kept are those of the row after which the window looks ahead, its last one.
        """
        chunk = chunk if self.rest is None else _joined(self.rest, chunk)
        self.rest = chunk
        sequence = self.sequence
        ahead = sequence.horizon if chunk.y is not None else 0
        count = len(chunk) - (sequence.steps - 1) - ahead
        if count < 1:
            return None
        made = windowed(Rows(chunk.x, chunk.y, chunk.weight), sequence, self.name)
        ends = range(sequence.steps - 1, sequence.steps - 1 + count, sequence.stride)
        kept = {name: [cells[end] for end in ends] for name, cells in chunk.kept.items()}
        self.rest = _from(chunk, len(made) * sequence.stride)
        return Chunk(made.x, made.y, made.weight, kept, chunk.start + sequence.steps - 1)


def _joined(first: Chunk, second: Chunk) -> Chunk:
    pairs = [(getattr(first, part), getattr(second, part)) for part in ("x", "y", "weight")]
    x, y, weight = (None if a is None else np.concatenate([a, b]) for a, b in pairs)
    kept = {name: first.kept[name] + cells for name, cells in second.kept.items()}
    assert x is not None
    return Chunk(x, y, weight, kept, first.start)


def _from(chunk: Chunk, row: int) -> Chunk:
    x, y, weight = (None if part is None else part[row:] for part in (chunk.x, chunk.y, chunk.weight))
    assert x is not None
    kept = {name: cells[row:] for name, cells in chunk.kept.items()}
    return replace(chunk, x=x, y=y, weight=weight, kept=kept, start=chunk.start + row)
