"""A column of categories as fitted: one-hot, or the index of the category for an Embedding."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from nnctl.data import Array
from nnctl.data.cells import Troubles, Want
from nnctl.data.column_settings import ColumnRules
from nnctl.data.table import Ints, Table, Texts
from nnctl.data.vocabulary import Vocabulary
from nnctl.errors import ConfigError
from nnctl.findings import Problem


@dataclass
class CategoryFeature:
    """An output for each category, and one for the bucket of all others; or one output, the index."""

    name: str
    vocabulary: Vocabulary
    bucket: bool
    fill: str | None  # for a missing cell; None: it is an error
    index: bool
    strip: str

    @property
    def whole(self) -> bool:
        return self.index

    @property
    def size(self) -> int:
        return len(self.vocabulary) + self.bucket

    @property
    def largest(self) -> int:
        return self.size - 1

    @property
    def width(self) -> int:
        return 1 if self.index else self.size

    def outputs(self) -> list[str]:
        if self.index:
            return [self.name]
        others = ["(other)"] if self.bucket else []
        return [f"{self.name}={category}" for category in [*self.vocabulary.labels, *others]]

    def want(self, position: int, limit: float) -> Want:
        return Want(self.name, position, False, "feature", self.fill is not None, strip=self.strip)

    def look(self, table: Table) -> Ints:
        """Return the category of every row; raise DataError for those that training has not seen."""
        column = table.columns[self.name]
        assert isinstance(column, Texts)
        missing = -1 if self.fill is None else self.vocabulary.find(self.fill)
        known = self.vocabulary.find_all(column.names)
        if self.bucket:
            known[known < 0] = len(self.vocabulary)
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

    def write(self, places: Ints, out: Array) -> None:
        if self.index:
            out[:, 0] = places
        else:
            out[np.arange(len(places)), places] = 1

    def describe(self) -> str:
        labels = list(map(str, self.vocabulary.labels))
        shown = ", ".join(labels[:6]) + (", ..." if len(labels) > 6 else "")
        text = f"{self.name}: one of {len(labels)} categories ({shown})"
        text += ", others together" if self.bucket else ""
        text += ", as index" if self.index else ""
        text += f", without {self.strip!r} at the ends" if self.strip else ""
        return text if self.fill is None else f"{text}, missing = {self.fill}"

    def to_dict(self) -> dict[str, Any]:
        own = {name: getattr(self, name) for name in ("name", "bucket", "fill", "index", "strip")}
        return {"type": "categorical", **own, "categories": self.vocabulary.labels}

    @classmethod
    def from_dict(cls, saved: dict[str, Any]) -> CategoryFeature:
        own = {name: saved[name] for name in ("name", "bucket", "fill", "index", "strip")}
        return cls(vocabulary=Vocabulary(saved["categories"]), **own)


def fit_categories(table: Table, name: str, rules: ColumnRules) -> tuple[CategoryFeature, list[str]]:
    column = table.columns[name]
    assert isinstance(column, Texts)
    fill = _fill(column, name, rules)
    counts = dict(zip(column.names, column.counts().tolist(), strict=True))
    if fill is not None:
        counts[fill] = counts.get(fill, 0) + int(column.missing.sum())
    used = [text for text, count in counts.items() if count]
    frequent = [text for text in used if counts[text] >= rules.min_count or text == fill]
    remarks = []
    if len(frequent) < len(used):
        rows = sum(counts[text] for text in set(used) - set(frequent))
        remarks.append(f"column {name!r}: {len(used) - len(frequent)} rare categories ({rows} rows) share a bucket")
    elif len(used) > 20 and len(used) * 2 > len(column.codes):
        remarks.append(
            f"column {name!r} has {len(used)} different texts in {len(column.codes)} rows: is it a name or an id?"
        )
    bucket = rules.unknown == "bucket"
    vocabulary = Vocabulary.of(frequent)
    return CategoryFeature(name, vocabulary, bucket, fill, rules.encode == "index", rules.strip), remarks


def _fill(column: Texts, name: str, rules: ColumnRules) -> str | None:
    if rules.missing == "constant" and not isinstance(rules.fill, float):
        return str(rules.fill)
    if rules.missing == "most_frequent":
        counts = column.counts()
        best = int(counts.max())
        return min(text for text, count in zip(column.names, counts, strict=True) if count == best)
    if rules.missing not in ("error", "drop") and column.missing.any():
        path = ("data", "columns", name, "missing")
        rule = rules.fill if rules.missing == "constant" else rules.missing
        message = (
            f"{name!r} holds categories with missing cells, and {rule!r} is for numbers; "
            "use most_frequent, constant, drop or error"
        )
        raise ConfigError(f"data.columns.{name}.missing: {message}", (Problem(path, message),))
    return None
