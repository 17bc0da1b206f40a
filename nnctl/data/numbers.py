"""A column of numbers as fitted: missing cells filled in, cut to bounds, scaled."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from nnctl.data import Array, scaling
from nnctl.data.cells import Troubles, Want
from nnctl.data.column_settings import ColumnRules
from nnctl.data.table import Floats, Numbers, Table


@dataclass
class Scaling:
    """Steps that a number goes through, in their order: (x - center) / spread, or log1p."""

    low: float | None = None
    high: float | None = None
    steps: list[tuple[str, float, float]] = field(default_factory=list)  # name, center, spread

    def apply(self, values: Floats) -> Floats:
        """Return the scaled numbers, in new memory unless there is nothing to do."""
        if self.low is not None or self.high is not None:
            values = np.clip(values, self.low, self.high)
        for name, center, spread in self.steps:
            if name == "log1p":
                values = np.log1p(values)
            else:
                values = values - center
                values /= spread
        return values

    @classmethod
    def fit(cls, values: Floats, rules: ColumnRules) -> tuple[Scaling, list[str]]:
        """Fit each step on what the steps before it made of the training rows."""
        fitted, remarks = cls(*rules.clip), []
        if (changed := fitted.apply(values)) is not values and (count := int((changed != values).sum())):
            remarks.append(f"{count} cells were cut to {_bounds(*rules.clip)}")
        for name in rules.steps:
            center, spread, remark = scaling.fit(changed, name)
            remarks += [remark] if remark else []
            fitted.steps.append((name, center, spread))
            changed = cls(steps=fitted.steps[-1:]).apply(changed)
        return fitted, remarks

    def describe(self) -> str:
        texts = [f"cut to {_bounds(self.low, self.high)}"] if (self.low, self.high) != (None, None) else []
        for name, center, spread in self.steps:
            texts.append(name if name == "log1p" else f"{name} ((x - {center:g}) / {spread:g})")
        return ", ".join(texts)

    @classmethod
    def from_dict(cls, saved: dict[str, Any]) -> Scaling:
        return cls(saved["low"], saved["high"], [(name, center, spread) for name, center, spread in saved["steps"]])


@dataclass
class NumberFeature:
    """One output, and with `indicator` one more that is 1 where the cell was missing."""

    name: str
    fill: float | None  # for a missing cell; None: it is an error
    indicator: bool
    scaling: Scaling

    whole = False

    @property
    def width(self) -> int:
        return 1 + self.indicator

    def outputs(self) -> list[str]:
        return [self.name, f"{self.name} is missing"][: self.width]

    def want(self, position: int, limit: float) -> Want:
        return Want(self.name, position, True, "feature", self.fill is not None, limit)

    def look(self, table: Table) -> Array:
        """Return the numbers; raise DataError for those that have no logarithm."""
        values = table.numbers(self.name)
        if any(name == "log1p" for name, _, _ in self.scaling.steps):
            refuse_logarithms(table, self.name, np.clip(values, self.scaling.low, self.scaling.high))
        return values

    def write(self, values: Floats, out: Array) -> None:
        if self.fill is not None:
            missing = np.isnan(values)
            if missing.any():
                values = np.where(missing, self.fill, values)
            if self.indicator:
                out[:, 1] = missing
        out[:, 0] = self.scaling.apply(values)

    def describe(self) -> str:
        texts = ["number", self.scaling.describe(), "" if self.fill is None else f"missing = {self.fill:g}"]
        texts.append("a column for missing cells" if self.indicator else "")
        return f"{self.name}: {', '.join(text for text in texts if text)}"

    def to_dict(self) -> dict[str, Any]:
        return {"type": "numeric", **asdict(self)}

    @classmethod
    def from_dict(cls, saved: dict[str, Any]) -> NumberFeature:
        return cls(saved["name"], saved["fill"], saved["indicator"], Scaling.from_dict(saved["scaling"]))


def fit_numbers(table: Table, name: str, rules: ColumnRules) -> tuple[NumberFeature, list[str]]:
    column = table.columns[name]
    assert isinstance(column, Numbers)
    present = ~column.missing
    values = column.values if present.all() else column.values[present]
    fill = _fill(values, rules)
    filled = column.values if fill is None else np.where(present, column.values, fill)
    if "log1p" in rules.steps:
        refuse_logarithms(table, name, np.clip(filled, *rules.clip))
    fitted, remarks = Scaling.fit(filled, rules)
    indicator = rules.indicator and fill is not None and len(values) < len(filled)
    return NumberFeature(name, fill, indicator, fitted), [f"column {name!r} {remark}" for remark in remarks]


def _fill(values: Floats, rules: ColumnRules) -> float | None:
    if rules.missing == "mean":
        return float(values.mean(dtype=np.float64))
    if rules.missing == "median":
        return float(np.median(values))
    if rules.missing == "most_frequent":
        found, counts = np.unique(values, return_counts=True)
        return float(found[counts.argmax()])
    return float(rules.fill) if rules.missing == "constant" and rules.fill is not None else None


def refuse_logarithms(table: Table, name: str, values: Floats) -> None:
    """Raise DataError for numbers that log1p has no value for."""
    if not (values <= -1).any():
        return
    troubles = Troubles()
    for row in np.flatnonzero(values <= -1).tolist():
        what = f"feature {name!r}: {values[row]:g} has no log1p, which needs numbers above -1"
        troubles.add(table.where(row), what, f"choose another scale, or columns: {{{name}: {{clip: [0, null]}}}}")
    troubles.finish()


def _bounds(low: float | None, high: float | None) -> str:
    return f"{'' if low is None else f'{low:g} '}to{'' if high is None else f' {high:g}'}"
