"""Windows of consecutive rows: x of shape (windows, steps, features), the target some rows further on."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from nnctl.data import Chunk, Rows
from nnctl.data.split_settings import SequenceSettings
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
    starts = np.arange(0, count, sequence.stride)
    last = starts + sequence.steps - 1
    x = rows.x[starts[:, None] + np.arange(sequence.steps)]
    y = None if rows.y is None else rows.y[last + ahead]
    return Rows(x, y, None if rows.weight is None else rows.weight[last + ahead])


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
