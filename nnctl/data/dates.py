"""A column of dates as fitted: numbers made of its parts, each scaled by itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np

from nnctl.data import Array
from nnctl.data.cells import Troubles, Want
from nnctl.data.column_settings import ColumnRules
from nnctl.data.numbers import Scaling
from nnctl.data.table import Floats, Table, Texts

PARTS: dict[str, Callable[[datetime], float]] = {
    "year": lambda time: time.year,
    "month": lambda time: time.month,
    "day": lambda time: time.day,
    "weekday": lambda time: time.weekday(),  # 0 for Monday
    "yearday": lambda time: time.timetuple().tm_yday,
    "hour": lambda time: time.hour,
    "minute": lambda time: time.minute,
    "second": lambda time: time.second,
    "timestamp": lambda time: (time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp() / 86400,
}


@dataclass
class DateFeature:
    """One output for each part. A missing date is an error: no other date can stand for it."""

    name: str
    format: str
    parts: list[str]
    scalings: list[Scaling]
    strip: str

    whole = False
    fill = None

    @property
    def width(self) -> int:
        return len(self.parts)

    def outputs(self) -> list[str]:
        return [f"{self.name} {part}" for part in self.parts]

    def want(self, position: int, limit: float) -> Want:
        return Want(self.name, position, False, strip=self.strip)

    def look(self, table: Table) -> Floats:
        """Return the parts of every row; raise DataError for cells that are not written as `format` says."""
        return moments(table, self.name, self.format, self.parts)

    def write(self, values: Floats, out: Array) -> None:
        for place, scaling in enumerate(self.scalings):
            out[:, place] = scaling.apply(values[:, place])

    def describe(self) -> str:
        parts = (
            f"{part} {scaling.describe()}".strip() for part, scaling in zip(self.parts, self.scalings, strict=True)
        )
        return f"{self.name}: date {self.format}: {'; '.join(parts)}"

    def to_dict(self) -> dict[str, Any]:
        return {"type": "date", **asdict(self)}

    @classmethod
    def from_dict(cls, saved: dict[str, Any]) -> DateFeature:
        scalings = [Scaling.from_dict(scaling) for scaling in saved["scalings"]]
        return cls(saved["name"], saved["format"], saved["parts"], scalings, saved["strip"])


def fit_dates(table: Table, name: str, rules: ColumnRules) -> tuple[DateFeature, list[str]]:
    scalings, remarks = [], []
    for part, values in zip(rules.parts, moments(table, name, rules.format, rules.parts).T, strict=True):
        scaling, more = Scaling.fit(values, rules)
        scalings.append(scaling)
        remarks += [f"column {name!r}: its {part} {remark}" for remark in more]
    return DateFeature(name, rules.format, list(rules.parts), scalings, rules.strip), remarks


def moments(table: Table, name: str, form: str, parts: Any = ("timestamp",)) -> Floats:
    """Return the parts of every date of a column, of shape (rows, parts)."""
    column = table.columns[name]
    assert isinstance(column, Texts)
    found, wrong = np.full((len(column.names) + 1, len(parts)), np.nan), {-1}
    for place, text in enumerate(column.names):
        try:
            moment = datetime.strptime(text.strip(), form)
        except ValueError:
            wrong.add(place)
        else:
            found[place] = [PARTS[part](moment) for part in parts]
    troubles = Troubles()
    for row in np.flatnonzero(np.isin(column.codes, list(wrong))).tolist():
        cell = "an empty cell" if column.codes[row] < 0 else repr(column.names[column.codes[row]])
        hint = f"set columns: {{{name}: {{format: ...}}}}, as in Python's strptime, or missing: drop"
        troubles.add(table.where(row), f"date {name!r}: {cell} is not written as {form!r}", hint)
    troubles.finish()
    return found[column.codes]
