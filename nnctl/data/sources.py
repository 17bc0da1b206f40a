"""From what a spec says (`source: mnist`, `source: data/*.csv`) to the thing that opens it."""

from __future__ import annotations

import os
from typing import Any

from nnctl.data import DataSource, Places
from nnctl.errors import MissingInputError
from nnctl.fields import create
from nnctl.registry import find, known, snake, suggest


def resolve(source: Any, places: Places) -> DataSource:
    """Return the data source: by suffix for files, else by name; raise MissingInputError for neither."""
    if isinstance(source, DataSource):
        return source
    if isinstance(source, dict):
        thing: DataSource = create("data source", source)
        return thing
    first = source if isinstance(source, str) else source[0]
    if first == "-":
        return _form("x.csv")("-")
    form = _form(first)
    if form is not None:
        return form(source)
    if isinstance(source, str) and not (places.base / source).is_file():
        if found := find("data source", source):
            return found[0]()
        if path := places.shipped(source):
            return _form(path.name)(str(path))
        if is_folder(source, places):
            return _form_of_folders()(source)
        sets = [getattr(cls, "set_name", snake(name)) for name, cls in known("data source").items() if not cls.suffixes]  # type: ignore[attr-defined]
        names = [*sets, *places.names()]
        near = suggest(source, names)
        hint = f"did you mean {near!r}?" if near else f"known data sets: {', '.join(sorted(set(names)))}"
        raise MissingInputError(f"{source!r} is no file and no data set; {hint}")
    return _form("x.csv")(source)


def is_folder(source: str, places: Places) -> bool:
    """Whether a text means a folder; the names of data sets come first."""
    is_one = os.path.isdir(places.base / os.path.expanduser(source))
    return is_one and not (find("data source", source) or places.shipped(source))


def with_options(source: Any, trained_on: dict[str, Any] | None) -> Any:
    """Return a source with the options that its like had in training.

    That is the bare name of a data set (`imdb`, padded as before), or another file or folder of the same form.
    """
    if trained_on is None or not isinstance(source, str):
        return source
    trained: DataSource = create("data source", trained_on)
    if found := find("data source", source):
        return trained_on if isinstance(trained, found[0]) else source
    form = _form(source)
    if trained.suffixes and source != "-" and (isinstance(trained, form) if form else trained.reads_folders):
        return {trained.title(): {**trained.config(), "path": source}}
    return source


def _form(name: str) -> Any:
    """Return the class that reads files of this name, or None; to find that of CSV no other is imported."""
    from nnctl.data.csv import Csv

    if name.lower().endswith(Csv.suffixes):
        return Csv
    if "." not in name:  # the name of a data set
        return None
    forms = [cls for cls in known("data source").values() if name.lower().endswith(cls.suffixes) and cls.suffixes]  # type: ignore[attr-defined]
    return forms[0] if forms else None


def _form_of_folders() -> Any:
    return next(cls for cls in known("data source").values() if cls.reads_folders)  # type: ignore[attr-defined]
