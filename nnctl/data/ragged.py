"""Rows of word numbers, each of its own length: what Keras' loaders do to them, and how they become arrays.

All of them lie one after the other in one flat array, so that every step is a few passes of NumPy
over some millions of numbers instead of a loop over lists.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, Literal

import numpy as np

from nnctl.data import Array
from nnctl.errors import DataError

End = Literal["pre", "post"]


@dataclass
class Ragged:
    """`values` holds the numbers of all rows, `lengths` how many each row has."""

    values: Array
    lengths: Array

    def __len__(self) -> int:
        return len(self.lengths)

    @property
    def starts(self) -> Array:
        """Where each row begins in `values`."""
        return np.cumsum(self.lengths) - self.lengths

    @classmethod
    def of(cls, rows: Sequence[Any], title: str) -> Ragged:
        """Take lists of whole numbers from 0 on; raise DataError naming the row for anything else."""
        for number, row in enumerate(rows):
            if not isinstance(row, (list, np.ndarray)):
                raise DataError(f"{title}: row {number} is no list of word numbers but {type(row).__name__}")
        flat = list(chain.from_iterable(rows))
        try:
            values = np.array(flat) if flat else np.zeros(0, np.int64)
        except (ValueError, OverflowError) as error:
            raise DataError(f"{title}: holds other things than word numbers ({error})") from error
        if values.dtype.kind not in "iu" or values.ndim != 1:
            raise DataError(f"{title}: holds other things than whole numbers: {values.dtype}")
        made = cls(values.astype(np.int64, copy=False), np.array([len(row) for row in rows], np.int64))
        made.check(0, 1 << 31, title)
        return made

    def check(self, low: int, limit: int, title: str) -> None:
        """Raise DataError, naming the row, where a number is below `low` or not below `limit`."""
        wrong = np.flatnonzero((self.values < low) | (self.values >= limit))
        if len(wrong):
            row = int(np.searchsorted(np.cumsum(self.lengths), wrong[0], side="right"))
            place = int(wrong[0] - self.starts[row])
            raise DataError(
                f"{title}: row {row}: word number {self.values[wrong[0]]} at {place}, expected {low} to {limit - 1}"
            )

    def row(self, number: int) -> Array:
        start = self.starts[number]
        return self.values[start : start + self.lengths[number]]

    def take(self, rows: Array) -> Ragged:
        """Return some rows, in the order given."""
        lengths = self.lengths[rows]
        ends = np.cumsum(lengths)
        shift = np.repeat(self.starts[rows] - (ends - lengths), lengths)
        return Ragged(self.values[np.arange(lengths.sum()) + shift], lengths)

    def marked(self, start_char: int | None, index_from: int) -> Ragged:
        """Move every number up by `index_from` and put `start_char` in front of every row.

        >>> Ragged.of([[1, 2], [], [3]], "t").marked(1, 3).values.tolist()
        [1, 4, 5, 1, 1, 6]
        """
        values = self.values + index_from
        if start_char is None:
            return Ragged(values, self.lengths)
        return Ragged(np.insert(values, self.starts, start_char), self.lengths + 1)

    def limited(self, skip_top: int, num_words: int, oov_char: int | None) -> Ragged:
        """Replace the numbers outside of skip_top ... num_words - 1 by `oov_char`, or leave them out.

        >>> Ragged.of([[1, 5, 9]], "t").limited(2, 9, 2).values.tolist()
        [2, 5, 2]
        >>> Ragged.of([[1, 5, 9]], "t").limited(2, 9, None).values.tolist()
        [5]
        """
        inside = (self.values >= skip_top) & (self.values < num_words)
        if oov_char is not None:
            return Ragged(np.where(inside, self.values, oov_char), self.lengths)
        rows = np.repeat(np.arange(len(self)), self.lengths)
        return Ragged(self.values[inside], np.bincount(rows[inside], minlength=len(self)))

    def padded(self, steps: int, padding: End = "pre", truncating: End = "pre") -> Array:
        """Return an array (N, steps): longer rows cut, shorter ones filled up with 0.

        As keras.utils.pad_sequences.

        >>> Ragged.of([[1, 2, 3], [4]], "t").padded(2).tolist()
        [[2, 3], [0, 4]]
        """
        x = np.zeros((len(self), steps), np.int32)
        kept = np.minimum(self.lengths, steps)
        rows = np.repeat(np.arange(len(self)), kept)
        within = np.arange(kept.sum()) - np.repeat(np.cumsum(kept) - kept, kept)
        source = self.starts + (self.lengths - kept if truncating == "pre" else 0)
        target = steps - kept if padding == "pre" else np.zeros_like(kept)
        x[rows, within + target[rows]] = self.values[within + source[rows]]
        return x

    def multi_hot(self, width: int, title: str) -> Array:
        """Return bytes (N, width), 1 where a word stands in the row.

        >>> Ragged.of([[1, 3, 3], []], "t").multi_hot(4, "t").tolist()
        [[0, 1, 0, 1], [0, 0, 0, 0]]
        """
        self.check(0, width, title)
        x = np.zeros((len(self), width), np.uint8)
        x[np.repeat(np.arange(len(self)), self.lengths), self.values] = 1
        return x
