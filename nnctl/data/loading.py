"""A whole table in memory: what each column is, read, and checked for what cannot be meant."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeAlias

import numpy as np

from nnctl.data import Arrays, Form, TableReader
from nnctl.data.cells import INFINITE, Dialect, Troubles, Want
from nnctl.data.roles import Roles, assign, match
from nnctl.data.settings import DataSettings
from nnctl.data.table import Ints, Table, Texts, join
from nnctl.data.targets import Targets
from nnctl.data.vocabulary import number
from nnctl.errors import DataError

DECIMAL_COMMA = re.compile(r"[+-]?[\d.]+,\d+|[+-]?\d+")


Gather: TypeAlias = Callable[[TableReader, list[Want]], Table]


def in_memory(reader: TableReader, wants: list[Want]) -> Table:
    """Read a whole table."""
    pieces = list(reader.tables(wants))
    return join(pieces) if pieces else Table({}, 0, [])


def load_table(
    reader: TableReader,
    settings: DataSettings,
    form: Form,
    dtype: str,
    roles: Roles | None = None,
    target: Targets | None = None,
    gather: Gather | None = None,
) -> tuple[Table, Roles, list[str]]:
    """Read the columns that the settings name; with `roles`, those of a table read before.

    `gather` makes one table of what is read; without it, one in memory.
    """
    notes: list[str] = []
    first = roles is None
    if roles is None:
        roles = assign(settings, reader.names, reader.title)
        positions = {name: position for position, name in enumerate(roles.names)}
        if roles.split is not None and roles.split not in roles.features:
            notes.append(f"column {roles.split!r}: the split goes by it, it is no feature")
    else:
        positions, notes = match(roles, reader.names, reader.title, settings.header, need_targets=True)
    limit = float(np.finfo(dtype).max)
    wants = [_feature(name, positions[name], reader, settings, roles, limit) for name in roles.features]
    for name in roles.targets:
        many = len(roles.targets) > 1
        numeric = (
            target.numeric(name)
            if target
            else form == "values" or (many and not _words(reader, positions[name], settings))
        )
        strip = settings.column(name, roles.names.index(name)).strip
        wants.append(Want(name, positions[name], numeric, "label", limit=limit, strip=strip))
    if roles.weight is not None:
        wants.append(Want(roles.weight, positions[roles.weight], True, "weight", limit=limit))
    if first and roles.split is not None:
        wants.append(Want(roles.split, positions[roles.split], False, "split"))
    once: dict[str, Want] = {}
    for want in wants:  # a series is predicted from its own past: a feature and the target
        once.setdefault(want.name, want)
    table = (gather or in_memory)(reader, list(once.values()))
    if not len(table):
        raise DataError(f"{reader.title}: 0 rows below the header; training needs data")
    for name in roles.features:
        _settle(table, name, settings, roles)
    return _dropped(table, roles, settings, notes, reader.title), roles, notes


def _feature(name: str, position: int, reader: TableReader, settings: DataSettings, roles: Roles, limit: float) -> Want:
    rules = settings.column(name, roles.names.index(name))
    if rules.type is not None:
        numeric = rules.type == "numeric"
    else:
        dialect = Dialect(decimal=settings.decimal, missing=frozenset(settings.missing_values))
        cells = [row[position] for row in reader.sample if len(row) > position and row[position] not in dialect.missing]
        # What is not finite was meant as a number; the reader will say what is wrong with it.
        numeric = bool(cells) and dialect.numbers(cells) is not None
        if not numeric:
            numbers = sum(dialect.number(cell) is not None or bool(INFINITE.fullmatch(cell.strip())) for cell in cells)
            numeric = numbers * 2 > len(cells)
    missing_ok = rules.missing != "error" and name not in roles.targets
    return Want(name, position, numeric, "feature", missing_ok, limit, "" if numeric else rules.strip)


def _words(reader: TableReader, position: int, settings: DataSettings) -> bool:
    """Whether the first cells of a column are words, such as True and False or yes and no."""
    dialect = Dialect(decimal=settings.decimal, missing=frozenset(settings.missing_values))
    cells = [row[position].strip() for row in reader.sample if len(row) > position]
    no_words = (
        cell in dialect.missing or dialect.number(cell) is not None or INFINITE.fullmatch(cell) for cell in cells
    )
    return bool(cells) and not any(no_words)


def _settle(table: Table, name: str, settings: DataSettings, roles: Roles) -> None:
    """Turn a column of texts that are all numbers after all into numbers; refuse a mixture."""
    if not table.is_text(name) or settings.column(name, roles.names.index(name)).type is not None:
        return
    column = table.columns[name]
    assert isinstance(column, Texts)
    if not column.names:
        return
    values = [number(text) for text in column.names]
    counts = column.counts()
    numeric = sum(int(count) for count, value in zip(counts, values, strict=True) if value is not None)
    if numeric == counts.sum():
        table.to_numbers(name, values)  # type: ignore[arg-type]
    elif numeric * 2 > counts.sum():
        troubles = Troubles()
        for row, code in enumerate(column.codes):
            if code >= 0 and values[code] is None:
                what = f"feature {name!r}: {column.names[code]!r} is not a number, most cells are"
                troubles.add(
                    table.where(row), what, f"set columns: {{{name}: {{type: categorical}}}} if it holds categories"
                )
        troubles.finish()
    elif settings.decimal == "." and all(DECIMAL_COMMA.fullmatch(text.strip()) for text in column.names):
        raise DataError(
            f"{table.where(0)}: column {name!r} looks like numbers with a decimal comma "
            f"({column.names[0]!r}): set decimal: ','"
        )


def _dropped(table: Table, roles: Roles, settings: DataSettings, notes: list[str], title: str) -> Table:
    """Leave out the rows with a missing cell in a column whose rule is `drop`."""
    keep = np.ones(len(table), bool)
    for position, name in enumerate(roles.names):
        if name in roles.features and settings.column(name, position).missing == "drop":
            keep &= ~table.columns[name].missing
    if keep.all():
        return table
    if not keep.any():
        raise DataError(f"{title}: missing: drop leaves 0 of {len(table)} rows; fill cells in, or leave out a column")
    notes.append(f"dropped {len(table) - keep.sum()} of {len(table)} rows with missing cells")
    return table.take(np.flatnonzero(keep))


def dropped(data: Table | Arrays | None) -> int:
    """Return how many rows of the file `missing: drop` has left out."""
    return sum(span.rows for span in data.spans) - len(data) if isinstance(data, Table) else 0


def take(data: Table | Arrays, rows: Ints) -> Table | Arrays:
    """Return some rows, in the order given; the same object where these are all rows."""
    if len(rows) == len(data):
        return data
    if isinstance(data, Table):
        return data.take(rows)
    return Arrays(data.x[rows], None if data.y is None else data.y[rows], data.name, data.labels)
