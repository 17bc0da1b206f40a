"""The features of a table: numbers scaled, texts one-hot, missing cells filled in.

Everything is fitted on the training rows once, and kept as plain numbers.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from nnctl.data import Array, scaling
from nnctl.data.cells import Troubles
from nnctl.data.settings import DataSettings
from nnctl.data.table import Floats, Table, Texts
from nnctl.data.vocabulary import Vocabulary
from nnctl.errors import ConfigError, DataError
from nnctl.findings import Problem

STEP = 8192  # rows at a time: what is worked on stays in cache


@dataclass
class Feature:
    """One column as fitted: a number, or categories (then one output each, and one for the bucket)."""

    name: str
    categories: list[str] | None = None
    bucket: bool = False
    fill: float | str | None = None  # for a missing cell; None: it is an error
    scale: str = "none"
    center: float = 0.0
    spread: float = 1.0
    vocabulary: Vocabulary | None = field(init=False, repr=False, compare=False, default=None)

    def __post_init__(self) -> None:
        self.vocabulary = None if self.categories is None else Vocabulary(self.categories)

    @property
    def width(self) -> int:
        return 1 if self.categories is None else len(self.categories) + self.bucket

    def outputs(self) -> list[str]:
        """Return the names of its columns of x."""
        if self.categories is None:
            return [self.name]
        return [f"{self.name}={category}" for category in [*self.categories, *(["?"] if self.bucket else [])]]

    def places(self, table: Table) -> Array:
        """Return the category of every row; raise DataError for those that training has not seen."""
        column = table.columns[self.name]
        assert isinstance(column, Texts)
        assert self.vocabulary is not None
        assert self.categories is not None
        missing = -1 if self.fill is None else self.vocabulary.find(str(self.fill))
        known = self.vocabulary.find_all(column.names)
        if self.bucket:
            known = np.where(known < 0, len(self.categories), known)
        places = np.append(known, missing)[column.codes]
        if (places < 0).any():
            troubles = Troubles()
            for row in np.flatnonzero(places < 0).tolist():
                cell = "an empty cell" if column.codes[row] < 0 else repr(column.names[column.codes[row]])
                troubles.add(
                    table.where(row),
                    f"feature {self.name!r}: {cell} is not among the categories of training",
                    f"to allow it, train with columns: {{{self.name}: {{unknown: bucket}}}}",
                )
            troubles.finish()
        return places

    def describe(self) -> str:
        if self.categories is not None:
            shown = ", ".join(self.categories[:6]) + (", ..." if len(self.categories) > 6 else "")
            text = f"{self.name}: one of {len(self.categories)} categories ({shown})"
            text += ", others together" if self.bucket else ""
        elif self.scale in ("standard", "minmax"):
            text = f"{self.name}: number, {self.scale} ((x - {self.center:g}) / {self.spread:g})"
        else:
            text = f"{self.name}: number"
        return text if self.fill is None else f"{text}, missing = {self.fill}"

    def to_dict(self) -> dict[str, Any]:
        return {name: value for name, value in asdict(self).items() if name != "vocabulary"}


class TableFeatures:
    """All features together: a table becomes x of shape (N, width)."""

    def __init__(self, columns: list[Feature], unit: bool = False) -> None:
        self.columns, self.unit = columns, unit

    @property
    def input_shape(self) -> tuple[int, ...]:
        return (sum(column.width for column in self.columns),)

    @property
    def names(self) -> list[str]:
        return [name for column in self.columns for name in column.outputs()]

    def apply(self, table: Table, dtype: str) -> Array:
        x = np.zeros((len(table), *self.input_shape), dtype)
        places = {column.name: column.places(table) for column in self.columns if column.categories is not None}
        plain = len(places) == 0
        for start in range(0, len(table), STEP):
            rows = slice(start, start + STEP)
            if plain:
                block = np.stack([table.numbers(column.name)[rows] for column in self.columns], axis=1)
                self._numbers(block, list(range(len(self.columns))))
            else:
                block = self._mixed(table, rows, places)
            x[rows] = scaling.unit_rows(block) if self.unit else block
        return x

    def _mixed(self, table: Table, rows: slice, places: dict[str, Array]) -> Floats:
        count = len(range(*rows.indices(len(table))))
        block = np.zeros((count, *self.input_shape))
        numbers, offset = [], 0
        for column in self.columns:
            if column.categories is None:
                block[:, offset] = table.numbers(column.name)[rows]
                numbers.append(offset)
            else:
                block[np.arange(count), offset + places[column.name][rows]] = 1
            offset += column.width
        self._numbers(block, numbers)
        return block

    def _numbers(self, block: Floats, where: list[int]) -> None:
        """Fill in and scale the columns of numbers, in place."""
        columns = [column for column in self.columns if column.categories is None]
        for column, place in zip(columns, where, strict=True):
            values = block[:, place]
            if column.fill is not None:
                values[np.isnan(values)] = column.fill
            if column.scale in ("standard", "minmax"):
                values -= column.center
                values /= column.spread

    def to_dict(self) -> dict[str, Any]:
        return {"form": "table", "columns": [column.to_dict() for column in self.columns], "unit": self.unit}

    @classmethod
    def from_dict(cls, saved: dict[str, Any]) -> TableFeatures:
        return cls([Feature(**column) for column in saved["columns"]], saved["unit"])

    def describe(self) -> list[str]:
        return [*(column.describe() for column in self.columns), *(["rows scaled to length 1"] if self.unit else [])]


def fit_features(
    train: Table, names: list[str], settings: DataSettings, positions: dict[str, int]
) -> tuple[TableFeatures, list[str]]:
    """Fit every feature on the training rows; the remarks tell what was found."""
    columns, remarks = [], []
    for name in names:
        feature, more = _fit_feature(train, name, settings, positions[name])
        columns.append(feature)
        remarks += more
    categorical = [f"{column.name} ({len(column.categories)})" for column in columns if column.categories is not None]
    if categorical:
        remarks.append(f"read as categories: {', '.join(categorical)}")
    return TableFeatures(columns, settings.scale == "l2"), remarks


def _fit_feature(train: Table, name: str, settings: DataSettings, position: int) -> tuple[Feature, list[str]]:
    own = settings.column(name, position)
    rule = settings.missing if own.missing is None else own.missing
    column = train.columns[name]
    present = ~column.missing
    if not present.any():
        raise DataError(f"column {name!r} has no value in the {len(train)} training rows; leave it out of the features")
    if isinstance(column, Texts):
        return _fit_categories(column, name, rule, own.unknown == "bucket")
    values = column.values if present.all() else column.values[present]
    fill = _fill_number(values, rule)
    scale = own.scale or settings.scale
    filled = column.values if fill is None else np.where(present, column.values, fill)
    center, spread, remark = scaling.fit(filled, scale)
    feature = Feature(name, fill=fill, scale="none" if scale == "l2" else scale, center=center, spread=spread)
    return feature, [f"column {name!r} {remark}"] if remark else []


def _fill_number(values: Floats, rule: str | float) -> float | None:
    if rule == "mean":
        return float(values.mean(dtype=np.float64))
    if rule == "median":
        return float(np.median(values))
    if rule == "most_frequent":
        found, counts = np.unique(values, return_counts=True)
        return float(found[counts.argmax()])
    return None if isinstance(rule, str) else float(rule)


def _fit_categories(column: Texts, name: str, rule: str | float, bucket: bool) -> tuple[Feature, list[str]]:
    counts = column.counts()
    used = [text for text, count in zip(column.names, counts, strict=True) if count]
    fill: str | None = None
    if rule == "most_frequent":
        fill = min((text for text in used), key=lambda text: (-counts[column.names.index(text)], text))
    elif rule not in ("error", "drop") and column.missing.any():
        path = ("data", "columns", name, "missing")
        message = (
            f"{name!r} holds categories with missing cells, and {rule!r} is for numbers; "
            "use most_frequent, drop or error"
        )
        raise ConfigError(f"data.columns.{name}.missing: {message}", (Problem(path, message),))
    remarks = []
    if len(used) > 20 and len(used) * 2 > len(column.codes):
        remarks.append(
            f"column {name!r} has {len(used)} different texts in {len(column.codes)} rows: is it a name or an id?"
        )
    return Feature(name, Vocabulary.of(used).labels, bucket, fill), remarks  # type: ignore[arg-type]
