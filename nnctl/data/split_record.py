"""Which row went where: what a run keeps of how its rows were set aside."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np

from nnctl.data import Array, Arrays
from nnctl.data.splits import Parts
from nnctl.data.table import Table

NAMES = ("training", "validation", "test", "dropped")


@dataclass
class SplitRecord:
    """`part` holds for every row of the source, in its order, the place in NAMES; `how` says it in words."""

    how: str
    part: Array

    def sizes(self) -> dict[str, int]:
        counts = np.bincount(self.part, minlength=len(NAMES)).tolist()
        return {name: count for name, count in zip(NAMES, counts, strict=True) if count}

    def digest(self) -> str:
        """Return the sha256 of one byte a row: two runs with the same one have set the same rows aside."""
        return hashlib.sha256(self.part.tobytes()).hexdigest()

    def text(self) -> str:
        """Return CSV: the number of every row of the source, from 0, and its part."""
        lines = (f"{row},{NAMES[part]}\n" for row, part in enumerate(self.part.tolist()))
        return "row,part\n" + "".join(lines)


def split_record(data: Table | Arrays, parts: Parts, how: str) -> SplitRecord | None:
    """Return the record of a source that was divided; None where all of its rows are for training."""
    rows = None if isinstance(data, Arrays) else data.chosen  # None: all of the file's
    total = len(data) if isinstance(data, Arrays) else sum(span.rows for span in data.spans)
    if len(parts.train) == total:
        return None
    part = np.full(total, NAMES.index("dropped"), np.uint8)
    for place, chosen in enumerate((parts.train, parts.validation, parts.test)):
        part[chosen if rows is None else rows[chosen]] = place
    return SplitRecord(how, part)
