"""Rows set aside: seeded, and class by class where the proportions shall stay."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nnctl.data.settings import SplitSettings
from nnctl.data.table import Ints
from nnctl.errors import DataError
from nnctl.seeds import generator


@dataclass
class Parts:
    """Row numbers of each part, in the order of the file."""

    train: Ints
    validation: Ints
    test: Ints


def split_rows(rows: int, split: SplitSettings, classes: Ints | None, seed: int) -> Parts:
    """Divide rows into training, validation and test: at random, by class if `classes` are given, or in order."""
    validation, test = (_count(rows, getattr(split, part), part) for part in ("validation", "test"))
    if rows - validation - test < 1:
        raise DataError(
            f"a validation split of {split.validation} and a test split of {split.test} leave 0 of {rows} "
            "rows for training; set aside less"
        )
    if not split.shuffle:
        training, judged = np.split(np.arange(rows), [rows - validation - test])
        return Parts(training, judged[:validation], judged[validation:])
    order = generator(seed, "split").permutation(rows)
    if classes is not None and split.stratify:
        order = _interleave(order, classes)
    cuts = np.split(order, [validation, validation + test])
    return Parts(np.sort(cuts[2]), np.sort(cuts[0]), np.sort(cuts[1]))


def _interleave(order: Ints, classes: Ints) -> Ints:
    """Order shuffled rows so that every stretch has the classes in proportion.

    The k-th of the n rows of a class goes to the place (k + 1/2) / n of the whole.
    """
    of_class = classes[order]
    place = np.empty(len(order))
    for label in np.unique(of_class):
        where = np.flatnonzero(of_class == label)
        place[where] = (np.arange(len(where)) + 0.5) / len(where)
    return order[np.argsort(place, kind="stable")]


def _count(rows: int, share: float, part: str) -> int:
    count = int(rows * share + 0.5) if isinstance(share, float) else share
    if share and count == 0:
        raise DataError(f"a {part} split of {share} on {rows} rows is empty; set it to 0, or give a number of rows")
    return count


def last_rows(rows: int, fraction: float) -> Parts:
    """Divide as Keras' validation_split does: the last rows, in the order of the file."""
    cut = int(rows * (1.0 - fraction))
    if cut == rows or cut == 0:
        raise DataError(f"validation_split of {fraction} on {rows} rows is empty or leaves nothing for training")
    order = np.arange(rows)
    return Parts(order[:cut], order[cut:], order[:0])
