"""Rows set aside: at random, class by class, group by group, by time, by name, or as ranges; seeded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from nnctl.data.split_settings import RANGE, SplitSettings
from nnctl.data.table import Ints
from nnctl.errors import DataError
from nnctl.seeds import generator

# What a column that names the parts may say, in any case.
PARTS = {
    "train": ("train", "training"),
    "validation": ("validation", "valid", "val", "dev"),
    "test": ("test", "testing"),
}


@dataclass
class Parts:
    """Row numbers of each part, in the order of the file, or of time where the split goes by it."""

    train: Ints
    validation: Ints
    test: Ints


def split_rows(rows: int, split: SplitSettings, classes: Ints | None, seed: int, by: Any = None) -> Parts:
    """Divide rows into training, validation and test.

    `classes` are kept in proportion; `by` is the column that the split goes by: (group) numbers of the
    groups, (time) what sorts the rows, (column) the texts that name the parts.
    """
    if split.column is not None:
        return _named(by)
    if isinstance(split.validation, str) or isinstance(split.test, str):
        return _ranges(rows, split)
    validation, test = (_count(rows, getattr(split, part), part) for part in ("validation", "test"))
    if rows - validation - test < 1:
        raise DataError(
            f"a validation split of {split.validation} and a test split of {split.test} leave 0 of {rows} "
            "rows for training; set aside less"
        )
    if split.group is not None:
        return _groups(by, validation, test, split, seed)
    if split.time is not None or not split.shuffle:
        order = np.arange(rows) if split.time is None else np.argsort(by, kind="stable")
        training, judged = np.split(order, [rows - validation - test])
        return Parts(training, judged[:validation], judged[validation:])
    order = np.arange(rows, dtype=np.int32 if rows < 1 << 31 else np.int64)  # of large tables half the memory
    generator(seed, "split").shuffle(order)
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
    for label in range(of_class.max() + 1):
        where = np.flatnonzero(of_class == label)
        place[where] = (np.arange(len(where)) + 0.5) / len(where)
    return order[np.argsort(place, kind="stable")]


def _count(rows: int, share: float, part: str) -> int:
    count = int(rows * share + 0.5) if isinstance(share, float) else share
    if share and count == 0:
        raise DataError(f"a {part} split of {share} on {rows} rows is empty; set it to 0, or give a number of rows")
    return count


def _groups(groups: Ints, validation: int, test: int, split: SplitSettings, seed: int) -> Parts:
    """Give shuffled groups to the parts, one after the other; each goes where its middle row falls."""
    sizes = np.bincount(groups)
    order = generator(seed, "split").permutation(len(sizes)) if split.shuffle else np.arange(len(sizes))[::-1]
    middle = np.empty(len(sizes))
    middle[order] = np.cumsum(sizes[order]) - sizes[order] / 2
    part = np.searchsorted([validation, validation + test], middle, side="right")[groups]
    parts = Parts(*(np.flatnonzero(part == number) for number in (2, 0, 1)))
    for name, wanted in (("train", 1), ("validation", validation), ("test", test)):
        if wanted and not len(getattr(parts, name)):
            raise DataError(f"the {len(sizes)} groups of {split.group!r} leave 0 rows for {name}; change the shares")
    return parts


def _named(names: list[str]) -> Parts:
    known = {word: part for part, words in PARTS.items() for word in words}
    unknown = sorted({name for name in names if name.strip().lower() not in known})
    if unknown:
        raise DataError(
            f"the column that names the split holds {', '.join(map(repr, unknown[:5]))}; "
            f"it may say {', '.join(word for words in PARTS.values() for word in words)}"
        )
    found = np.array([known[name.strip().lower()] for name in names])
    parts = Parts(*(np.flatnonzero(found == part) for part in PARTS))
    if not len(parts.train):
        raise DataError("the column that names the split says 'train' for 0 rows")
    return parts


def _ranges(rows: int, split: SplitSettings) -> Parts:
    taken, found = np.zeros(rows, bool), {}
    for part in ("validation", "test"):
        share = getattr(split, part)
        if not share:
            found[part] = np.arange(0)
            continue
        match = RANGE.fullmatch(str(share))
        assert match, "SplitSettings has seen to it"
        start, stop = int(match[1] or 0), int(match[2] or rows)
        if not start < stop <= rows:
            raise DataError(f"split.{part}: the range {share} has no place in {rows} rows")
        if taken[start:stop].any():
            raise DataError("split: the ranges for validation and test overlap")
        taken[start:stop] = True
        found[part] = np.arange(start, stop)
    if taken.all():
        raise DataError(f"the ranges {split.validation} and {split.test} leave 0 of {rows} rows for training")
    return Parts(np.flatnonzero(~taken), found["validation"], found["test"])


def check_whole(parts: Parts, split: SplitSettings) -> None:
    """Raise DataError where a part is torn in pieces, so that windows would reach across a gap."""
    if split.time is not None:
        return
    for name in ("train", "validation", "test"):
        rows = getattr(parts, name)
        if len(rows) and rows[-1] - rows[0] + 1 != len(rows):
            gap = int(np.flatnonzero(np.diff(rows) != 1)[0])
            raise DataError(
                f"windows need rows that follow each other, but after row {rows[gap]} the next one for {name} is "
                f"{rows[gap + 1]}; set rows aside at the beginning or the end"
            )


def last_rows(rows: int, fraction: float) -> Parts:
    """Divide as Keras' validation_split does: the last rows, in the order of the file."""
    cut = int(rows * (1.0 - fraction))
    if cut == rows or cut == 0:
        raise DataError(f"validation_split of {fraction} on {rows} rows is empty or leaves nothing for training")
    order = np.arange(rows)
    return Parts(order[:cut], order[cut:], order[:0])


def describe(split: SplitSettings, seed: int, validation_split: float = 0.0) -> str:
    """Say in words how the rows were set aside; empty where none were."""
    own = _describe(split, seed)
    if not validation_split:
        return own
    last = f"validation_split {validation_split:g}: the last rows"
    return f"{own}; {last} of the others" if own else f"split: {last}"


def _describe(split: SplitSettings, seed: int) -> str:
    if split.column is not None:
        return f"split: as column {split.column!r} says"
    if not (split.validation or split.test):
        return ""
    shares = ", ".join(f"{part} {share}" for part in ("validation", "test") if (share := getattr(split, part)))
    if isinstance(split.validation, str) or isinstance(split.test, str):
        return f"split: {shares} (rows of the file)"
    if split.time is not None or not split.shuffle:
        return f"split: {shares}: the last rows" + (f" by {split.time!r}" if split.time is not None else "")
    groups = f", groups of {split.group!r} together" if split.group is not None else ""
    return f"split: {shares}: at random, seed {seed}{groups}"
