"""Pixels on disk: numbers that are all whole and from 0 to 255 stay bytes, and are scaled when they are read.

Scaling 256 numbers once gives a table for each column; looking a byte up in it gives the same bits as
scaling the number itself.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from nnctl.data import Array
from nnctl.data.backed import BackedTable
from nnctl.data.features import TableFeatures
from nnctl.data.numbers import NumberFeature
from nnctl.data.preprocessing import Preprocessing
from nnctl.data.table import Table


def are_bytes(fitted: Preprocessing, table: Table) -> bool:
    """Whether x of a table is a function of one byte for each of its columns."""
    features = fitted.features
    if not isinstance(table, BackedTable) or not isinstance(features, TableFeatures) or features.unit:
        return False
    return all(
        isinstance(column, NumberFeature) and column.width == 1 and table.shelf.small.get(column.name, False)
        for column in features.columns
    )


def raw_bytes(fitted: Preprocessing, piece: Table) -> Array:
    """Return the columns of the features as bytes, of shape (rows, columns)."""
    assert isinstance(fitted.features, TableFeatures)
    raw = np.empty((len(piece), len(fitted.features.columns)), np.uint8)
    for place, column in enumerate(fitted.features.columns):
        raw[:, place] = piece.numbers(column.name)
    return raw


def scaler(fitted: Preprocessing) -> Callable[[Array], Array]:
    """Return what makes x of such bytes."""
    assert isinstance(fitted.features, TableFeatures)
    columns = fitted.features.columns
    tables = np.empty((len(columns), 256, 1), fitted.dtype)
    for table, column in zip(tables, columns, strict=True):
        column.write(np.arange(256.0), table)
    if (tables == tables[0]).all():
        one = tables[0, :, 0]
        return one.take
    flat, begins = tables.reshape(-1), np.arange(len(columns), dtype=np.int32) * 256
    return lambda raw: flat.take(raw + begins)
