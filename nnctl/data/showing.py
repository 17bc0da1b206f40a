"""A look at data as they are, before any preprocessing: shapes, types, ranges, classes, first rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from nnctl.data import Array, Arrays, Places, TableReader
from nnctl.data.settings import DataSettings
from nnctl.data.sources import resolve
from nnctl.data.words import Part, WordSequences

DISTINCT = 1000  # different texts of a column that are counted


@dataclass
class Look:
    """`facts` are plain values for JSON; the others are for people."""

    facts: dict[str, Any]
    pictures: Array | None = None
    captions: list[str] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    rows: list[list[str]] = field(default_factory=list)


def look(settings: DataSettings, places: Places, count: int) -> Look:
    """Open the source of some settings and look at it; `count` rows are shown."""
    source, remarks = resolve(settings.source, places).to_show(places)
    name = getattr(source, "set_name", None) or str(settings.source)
    if isinstance(source, WordSequences):
        return _words(source, places, name, count)
    opened = source.stream(settings, places)
    notes = [*opened.notes, *remarks]
    if not isinstance(opened.rows, Arrays):
        return _table(opened.rows, settings, name, count)
    opened.rows.x = opened.rows.x[:]
    names = getattr(source, "class_names", ())
    parts = [("training" if opened.test else "rows", opened.rows), *([("test", opened.test)] if opened.test else [])]
    facts = {"name": name, "notes": notes, "parts": [_part(part, data, names) for part, data in parts]}
    data = opened.rows
    if is_pictures(data.x):
        # Files are sorted by class: those at equal distances show more than the first ones.
        few = min(count, len(data))
        chosen = np.linspace(0, len(data) - 1, few).astype(int) if data.files else np.arange(few)
        captions = [] if data.y is None else [_class(label, names) for label in data.y[chosen].reshape(-1).tolist()]
        return Look(facts, data.x[chosen], captions)
    flat = data.x[:count].reshape(min(count, len(data)), -1)
    return Look(facts, rows=[[f"{value:g}" for value in row[:12]] for row in flat.tolist()])


def is_pictures(x: Array) -> bool:
    """Whether rows are pictures: bytes (H, W), or (H, W, C) with one, three or four colours."""
    if x.ndim == 4:
        return x.shape[-1] in (1, 3, 4) and min(x.shape[1:3]) > 3
    return x.ndim == 3 and x.dtype == np.uint8 and min(x.shape[1:]) > 3


def _part(title: str, data: Arrays, names: Sequence[str]) -> dict[str, Any]:
    x = data.x
    told: dict[str, Any] = {"part": title, "rows": len(data), "shape": list(x.shape[1:]), "dtype": str(x.dtype)}
    if x.size and x.dtype.kind in "biuf":
        finite = x if x.dtype.kind != "f" else x[np.isfinite(x)]
        told |= {"min": finite.min().item(), "max": finite.max().item(), "mean": float(finite.mean(dtype=np.float64))}
        told["missing"] = int(x.size - finite.size)
    if data.y is not None:
        told["targets"] = {"shape": list(data.y.shape[1:]), "dtype": str(data.y.dtype)}
        told["classes"] = _classes(data.y, names)
    return told


def _classes(y: Array, names: Sequence[str]) -> dict[str, int] | None:
    """Return how many rows each class has, or None for numbers."""
    if y.size != len(y) or (y.dtype.kind == "f" and len(np.unique(y)) > 100):
        return None
    found, counts = np.unique(y, return_counts=True)
    return {_class(label, names): count for label, count in zip(found.tolist(), counts.tolist(), strict=True)}


def _class(label: Any, names: Sequence[str]) -> str:
    return f"{label} {names[label]}" if names and isinstance(label, int) else str(label)


def _words(source: WordSequences, places: Places, name: str, count: int) -> Look:
    parts = source.load(places)
    words = source.words(places)
    facts = {
        "name": name,
        "notes": source.notes(),
        "parts": [_word_part(part, title, source) for title, part in zip(("training", "test"), parts, strict=True)],
    }
    train = parts[0]
    texts = [source.decode(train.x.row(row), words) for row in range(min(count, len(train.x)))]
    return Look(facts, captions=[_class(label, source.class_names) for label in train.y[:count].tolist()], texts=texts)


def _word_part(part: Part, title: str, source: WordSequences) -> dict[str, Any]:
    lengths, values = part.x.lengths, part.x.values
    return {
        "part": title,
        "rows": len(part.x),
        "dtype": "lists of word numbers",
        "min": int(values.min()) if values.size else 0,
        "max": int(values.max(initial=0)),
        "lengths": np.quantile(lengths, (0, 0.5, 1)).tolist() if len(lengths) else [0, 0, 0],
        "classes": _classes(part.y, source.class_names),
    }


class _Column:
    """What is counted of a column while its cells go by as text."""

    def __init__(self, missing: frozenset[str]) -> None:
        self.missing_values = missing
        self.missing = self.numbers = self.total = 0
        self.low, self.high, self.sum = np.inf, -np.inf, 0.0
        self.texts: Counter[str] = Counter()

    def add(self, cells: Sequence[str]) -> None:
        for cell, count in Counter(cells).items():
            self.total += count
            if cell.strip() in self.missing_values:
                self.missing += count
                continue
            if cell in self.texts or len(self.texts) < DISTINCT:
                self.texts[cell] += count
            try:
                value = float(cell)
            except ValueError:
                continue
            self.numbers += count
            self.low, self.high, self.sum = min(self.low, value), max(self.high, value), self.sum + value * count

    def facts(self, name: str) -> dict[str, Any]:
        told: dict[str, Any] = {"column": name, "missing": self.missing}
        told["different"] = len(self.texts) if len(self.texts) < DISTINCT else f"{DISTINCT} or more"
        if self.numbers and self.numbers == self.total - self.missing:
            return told | {"type": "number", "min": self.low, "max": self.high, "mean": self.sum / self.numbers}
        return told | {"type": "text", "commonest": dict(self.texts.most_common(5))}


def _table(reader: TableReader, settings: DataSettings, name: str, count: int) -> Look:
    columns = {column: _Column(frozenset(settings.missing_values)) for column in reader.names}
    first: list[list[str]] = []
    rows = 0
    for table in reader.tables([], keep=reader.names):
        for column, cells in table.kept.items():
            columns[column].add(cells)
        if len(first) < count:
            first += [list(row) for row in zip(*table.kept.values(), strict=True)][: count - len(first)]
        rows += len(table)
    reader.close()
    facts = {"name": name, "notes": [], "rows": rows, "columns": [seen.facts(key) for key, seen in columns.items()]}
    return Look(facts, rows=first)
