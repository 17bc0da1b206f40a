"""What data sets there are: at hand, to be downloaded, made by code."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nnctl.data import Places
from nnctl.data.catalog import CATALOG
from nnctl.data.places import shipped_dir
from nnctl.registry import known


@dataclass(frozen=True)
class Known:
    """A data set that a spec can name; `path` is None where it is not at hand, or is made by code."""

    name: str
    kind: str  # published | synthetic | table
    what: str
    size: int
    licence: str
    path: Path | None


def available(places: Places) -> list[Known]:
    """Return the published sets, those made by code, and the tables in the data directories."""
    found = []
    for cls in named_sets():
        if entry := CATALOG.get(cls.set_name):
            what = f"{entry.what}: {entry.shape}"
            found.append(Known(cls.set_name, "published", what, entry.size, entry.licence, cls().where(places)))
        else:
            what = (cls.__doc__ or "").strip().splitlines()[0].rstrip(".")
            found.append(Known(cls.set_name, "synthetic", what, 0, "none needed", None))
    order = {"published": 0, "synthetic": 1}
    return [*sorted(found, key=lambda each: (order[each.kind], each.name)), *_tables(places)]


def named_sets() -> list[Any]:
    """Return the classes of the data sets with a name."""
    return [cls for cls in known("data source").values() if hasattr(cls, "set_name")]


def _tables(places: Places) -> list[Known]:
    taken = {cls.set_name for cls in named_sets()}
    manifest = shipped_dir() / "manifest.json"
    shipped = json.loads(manifest.read_text()) if manifest.is_file() else {}
    tables = []
    for name in places.names():
        path = places.shipped(name)
        if path is None or name in taken:
            continue
        said = shipped.get(path.name, {}) if path.parent == shipped_dir() else {}
        what = f"a table of {said['rows']:,} rows and {said['columns']} columns" if said else f"{path.name}"
        tables.append(Known(name, "table", what, path.stat().st_size, said.get("licence", "not known"), path))
    return tables
