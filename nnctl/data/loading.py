"""A whole table in memory: what each column is, read, and checked for what cannot be meant."""

from __future__ import annotations

import re

import numpy as np

from nnctl.data import Arrays, Form, TableReader
from nnctl.data.cells import Dialect, Troubles, Want
from nnctl.data.roles import Roles, assign, match
from nnctl.data.settings import DataSettings
from nnctl.data.table import Ints, Numbers, Table, join
from nnctl.data.targets import Targets
from nnctl.data.vocabulary import number
from nnctl.errors import DataError

DECIMAL_COMMA = re.compile(r"[+-]?[\d.]+,\d+|[+-]?\d+")


def load_table(
    reader: TableReader,
    settings: DataSettings,
    form: Form,
    dtype: str,
    roles: Roles | None = None,
    target: Targets | None = None,
) -> tuple[Table, Roles, list[str]]:
    """Read the columns that the settings name; with `roles`, those of a table read before."""
    notes: list[str] = []
    if roles is None:
        roles = assign(settings, reader.names, reader.title)
        positions = {name: position for position, name in enumerate(roles.names)}
    else:
        positions, notes = match(roles, reader.names, reader.title, settings.header, need_targets=True)
    dialect = Dialect(decimal=settings.decimal, missing=frozenset(settings.missing_values))
    limit = float(np.finfo(dtype).max)
    wants = [_feature(name, positions[name], reader, settings, dialect, limit) for name in roles.features]
    numeric = (target.numeric if target else form == "values") or len(roles.targets) > 1
    wants += [Want(name, positions[name], numeric, "label", limit=limit) for name in roles.targets]
    if roles.weight is not None:
        wants.append(Want(roles.weight, positions[roles.weight], True, "weight", limit=limit))
    pieces = list(reader.tables(wants))
    if not pieces:
        raise DataError(f"{reader.title}: 0 rows below the header; training needs data")
    table = join(pieces)
    for name in roles.features:
        _settle(table, name, settings, positions[name])
    return _dropped(table, roles, settings, notes, reader.title), roles, notes


def _feature(
    name: str, position: int, reader: TableReader, settings: DataSettings, dialect: Dialect, limit: float
) -> Want:
    own = settings.column(name, position)
    rule = settings.missing if own.missing is None else own.missing
    if own.type is not None:
        numeric = own.type == "numeric"
    else:
        cells = [row[position] for row in reader.sample if len(row) > position and row[position] not in dialect.missing]
        numbers = sum(dialect.number(cell) is not None for cell in cells)
        numeric = numbers * 2 > len(cells)
    return Want(name, position, numeric, "feature", rule != "error", limit)


def _settle(table: Table, name: str, settings: DataSettings, position: int) -> None:
    """Turn a column of texts that are all numbers after all into numbers; refuse a mixture."""
    column = table.columns[name]
    if isinstance(column, Numbers) or settings.column(name, position).type is not None or not column.names:
        return
    values = [number(text) for text in column.names]
    counts = column.counts()
    numeric = sum(int(count) for count, value in zip(counts, values, strict=True) if value is not None)
    if numeric == counts.sum():
        table.columns[name] = Numbers(np.array([*values, np.nan], float)[column.codes])
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
        if name in roles.features:
            own = settings.column(name, position).missing
            if (settings.missing if own is None else own) == "drop":
                keep &= ~table.columns[name].missing
    if keep.all():
        return table
    if not keep.any():
        raise DataError(f"{title}: missing: drop leaves 0 of {len(table)} rows; fill cells in, or leave out a column")
    notes.append(f"dropped {len(table) - keep.sum()} of {len(table)} rows with missing cells")
    return table.take(np.flatnonzero(keep))


def take(data: Table | Arrays, rows: Ints) -> Table | Arrays:
    """Return some rows, in the order given; the same object where these are all rows."""
    if len(rows) == len(data):
        return data
    if isinstance(data, Table):
        return data.take(rows)
    return Arrays(data.x[rows], None if data.y is None else data.y[rows], data.name, data.labels)
