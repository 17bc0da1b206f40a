"""Texts and their places: the classes of a target, the categories of a column.

If all are numbers they are sorted as numbers (-1 before 1, 2 before 10), and "1" finds "1.0";
else they are sorted as texts. The first spelling met is the one that is kept and given back.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import numpy as np

from nnctl.data.table import Ints


class Vocabulary:
    """Distinct labels in their order; `find` gives the place of a text."""

    def __init__(self, labels: Sequence[str | int | float]) -> None:
        self.labels = list(labels)
        self._places = {str(label): place for place, label in enumerate(self.labels)}
        values = [number(str(label)) for label in self.labels]
        self._values = {value: place for place, value in enumerate(values)} if None not in values else {}

    def __len__(self) -> int:
        return len(self.labels)

    @classmethod
    def of(cls, texts: Iterable[str]) -> Vocabulary:
        found = list(texts)
        values = [number(text) for text in found]
        if any(value is None for value in values):
            return cls(sorted(found))
        kept: dict[float, str] = {}
        for value, text in zip(values, found, strict=True):
            kept.setdefault(value, text)  # type: ignore[arg-type]
        return cls([kept[value] for value in sorted(kept)])

    def find(self, text: str) -> int:
        """Return the place of a text, -1 for one that is not there."""
        place = self._places.get(text)
        if place is None and self._values:
            place = self._values.get(number(text))
        return -1 if place is None else place

    def find_all(self, texts: Sequence[str]) -> Ints:
        return np.array([self.find(text) for text in texts], np.int64)


def number(text: str) -> float | None:
    """Return the number that a text is, or None; infinities are none."""
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) and "_" not in text else None
