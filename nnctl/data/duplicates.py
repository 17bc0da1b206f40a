"""Rows that stand in more than one part: a test on them tells what was learned by heart."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from nnctl.data import Array, Rows
from nnctl.data.table import Ints

STEP = 8192  # rows at a time


def shared_rows(parts: Mapping[str, Rows | None]) -> list[str]:
    """Return a remark for each part with rows that are training rows too, target and all."""
    train = parts["training"]
    assert train is not None
    known: Ints | None = None
    remarks = []
    for name, part in parts.items():
        if part is None or part is train or (part.y is None) != (train.y is None):
            continue
        if known is None:
            known = _marks(train)
            known.sort()
        marks = _marks(part)
        near = np.minimum(np.searchsorted(known, marks), len(known) - 1)
        if count := int((known[near] == marks).sum()):
            remarks.append(f"{count} of {len(part)} {name} rows are equal to training rows, target included")
    return remarks


def _marks(rows: Rows) -> Ints:
    """Return a number of 64 bits for each row, equal for equal rows and as good as never for others."""
    marks = np.zeros(len(rows), np.uint64)
    for start in range(0, len(rows), STEP):
        rng = np.random.default_rng(20)  # any fixed factors will do
        some = rows.take(slice(start, start + STEP))
        for part in (some.x, some.y):
            if part is None:
                continue
            words = _words(part.reshape(len(part), -1)).astype(np.uint64)
            factors = rng.integers(1 << 63, size=words.shape[1], dtype=np.uint64) * np.uint64(2) + np.uint64(1)
            marks[start : start + STEP] += words @ factors  # modulo 2 to the 64
    return marks.view(np.int64)


def _words(block: Array) -> Array:
    plain = np.ascontiguousarray(block) + 0  # -0.0 equals 0.0
    return plain.view(np.uint32).reshape(len(plain), -1)
