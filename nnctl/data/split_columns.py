"""The column that a split goes by, as what splits.py sorts and groups by."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from nnctl.data import Arrays
from nnctl.data.dates import moments
from nnctl.data.roles import Roles
from nnctl.data.settings import DataSettings
from nnctl.data.table import Numbers, Table, Texts
from nnctl.data.vocabulary import number
from nnctl.errors import ConfigError, DataError
from nnctl.findings import Problem

SORTS_AS_TEXT = re.compile(r"\d{4}(-\d\d(-\d\d([ T]\d\d:\d\d(:\d\d)?)?)?)?")  # ISO 8601 down to the second


def split_column(data: Table | Arrays, roles: Roles | None, settings: DataSettings) -> Any:
    """Return group numbers, times or the names of parts for every row; None where no column is asked for."""
    by = settings.split.by
    if by is None:
        return None
    if roles is None or isinstance(data, Arrays):
        message = "arrays have no columns to split by"
        raise ConfigError(f"data.split: {message}", (Problem(("data", "split"), message),))
    assert roles.split is not None
    column = data.columns[roles.split]
    if settings.split.group is not None:
        return column.codes if isinstance(column, Texts) else np.unique(column.values, return_inverse=True)[1]
    if settings.split.column is not None:
        if isinstance(column, Numbers):
            raise DataError(f"{data.spans[0].file}: column {roles.split!r} holds numbers, not the names of parts")
        return [column.names[code] for code in column.codes]
    return _times(data, roles.split, settings, roles)


def _times(table: Table, name: str, settings: DataSettings, roles: Roles) -> Any:
    column = table.columns[name]
    if isinstance(column, Numbers):
        return column.values
    rules = settings.column(name, roles.names.index(name))
    if rules.type == "date":
        return moments(table, name, rules.format)[:, 0]
    values = [number(text) for text in column.names]
    if None not in values:
        return np.array(values, float)[column.codes]
    if len({len(text) for text in column.names}) == 1 and all(map(SORTS_AS_TEXT.fullmatch, column.names)):
        return np.array(column.names)[column.codes]
    raise DataError(
        f"{table.spans[0].file}: column {name!r} orders the rows, but holds neither numbers nor dates such as "
        f"2024-12-31 ({column.names[0]!r}): set columns: {{{name}: {{type: date, format: ...}}}}"
    )
