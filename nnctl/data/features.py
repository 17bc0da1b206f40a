"""The features of a table: its columns, each as fitted by its type, side by side in one array.

Everything is fitted on the training rows once, and kept as plain numbers and texts.
"""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np

from nnctl.data import Array, scaling
from nnctl.data.categories import CategoryFeature, fit_categories
from nnctl.data.cells import Want
from nnctl.data.dates import DateFeature, fit_dates
from nnctl.data.numbers import NumberFeature, fit_numbers
from nnctl.data.settings import DataSettings
from nnctl.data.table import Table
from nnctl.data.texts import TextFeature, fit_text
from nnctl.errors import DataError

STEP = 4096  # rows at a time: what is worked on stays in cache


class Feature(Protocol):
    """One column as fitted. It looks at a whole table, then writes its outputs for some rows at a time."""

    name: str

    @property
    def width(self) -> int: ...
    @property
    def whole(self) -> bool: ...  # its outputs are whole numbers, for an Embedding
    @property
    def fill(self) -> Any: ...  # for a missing cell; None: it is an error
    def outputs(self) -> list[str]: ...
    def want(self, position: int, limit: float) -> Want: ...
    def look(self, table: Table) -> Array: ...
    def write(self, looked: Array, out: Array) -> None: ...
    def describe(self) -> str: ...
    def to_dict(self) -> dict[str, Any]: ...


TYPES: dict[str, Any] = {
    "numeric": NumberFeature,
    "categorical": CategoryFeature,
    "text": TextFeature,
    "date": DateFeature,
}


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

    @property
    def largest(self) -> int | None:
        """The largest index that any row can give; None where not all columns are words or categories by index."""
        return max(c.largest for c in self.columns) if all(c.whole for c in self.columns) else None  # type: ignore[attr-defined]

    def apply(self, table: Table, dtype: str) -> Array:
        """Return x in the model's dtype; whole numbers where all are words or categories by index."""
        x = np.zeros((len(table), *self.input_shape), np.int32 if all(c.whole for c in self.columns) else dtype)
        looked = [column.look(table) for column in self.columns]
        ends = np.cumsum([column.width for column in self.columns]).tolist()
        for start in range(0, len(table), STEP):
            rows = slice(start, start + STEP)
            block = np.zeros(x[rows].shape) if self.unit else x[rows]
            for column, seen, end in zip(self.columns, looked, ends, strict=True):
                column.write(seen[rows], block[:, end - column.width : end])
            if self.unit:
                x[rows] = scaling.unit_rows(block)
        return x

    def filled(self, table: Table) -> dict[str, int]:
        """Count the missing cells that get a value, by column."""
        counts = {column.name: 0 for column in self.columns if column.fill is not None}
        for piece in table.pieces() if counts else ():
            for name in counts:
                counts[name] += int(piece.columns[name].missing.sum())
        return {name: count for name, count in counts.items() if count}

    def to_dict(self) -> dict[str, Any]:
        return {"form": "table", "columns": [column.to_dict() for column in self.columns], "unit": self.unit}

    @classmethod
    def from_dict(cls, saved: dict[str, Any]) -> TableFeatures:
        return cls([TYPES[column["type"]].from_dict(column) for column in saved["columns"]], saved["unit"])

    def describe(self) -> list[str]:
        return [*(column.describe() for column in self.columns), *(["rows scaled to length 1"] if self.unit else [])]


def fit_features(
    train: Table, names: list[str], settings: DataSettings, positions: dict[str, int]
) -> tuple[TableFeatures, list[str]]:
    """Fit every feature on the training rows; the remarks tell what was found."""
    columns: list[Feature] = []
    remarks: list[str] = []
    for name in names:
        rules = settings.column(name, positions[name])
        one = train.only(name)
        if one.columns[name].missing.all():
            raise DataError(
                f"column {name!r} has no value in the {len(train)} training rows; leave it out of the features"
            )
        kind = rules.type or ("categorical" if one.is_text(name) else "numeric")
        fit: Any = {"numeric": fit_numbers, "categorical": fit_categories, "text": fit_text, "date": fit_dates}[kind]
        feature, more = fit(one, name, rules)
        columns.append(feature)
        remarks += more
    categorical = [f"{column.name} ({column.size})" for column in columns if isinstance(column, CategoryFeature)]
    if categorical:
        remarks.append(f"read as categories: {', '.join(categorical)}")
    return TableFeatures(columns, settings.scale == "l2"), remarks
