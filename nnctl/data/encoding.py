"""Rows in memory through a fitted preprocessing: what the model sees of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from nnctl.data import Array, Arrays, Rows
from nnctl.data.table import Table
from nnctl.data.windows import windowed
from nnctl.errors import DataError

if TYPE_CHECKING:
    from nnctl.data.preprocessing import Preprocessing


def encode(fitted: Preprocessing, data: Table | Arrays) -> Rows:
    """Apply a fitted preprocessing to a part of the data, in windows where it is for series."""
    rows = encode_rows(fitted, data)
    if fitted.sequence is None:
        return rows
    name = data.name if isinstance(data, Arrays) else data.spans[0].file
    return windowed(rows, fitted.sequence, name)


def encode_rows(fitted: Preprocessing, data: Table | Arrays, need_targets: bool = True) -> Rows:
    """Apply it row by row; y where the data have the targets and they are needed."""
    x = fitted.features.apply(data, fitted.dtype)  # type: ignore[arg-type]
    has_targets = data.y is not None if isinstance(data, Arrays) else set(fitted.target_names) <= set(data.columns)
    y = fitted.targets.encode(data, fitted.dtype) if fitted.targets and has_targets and need_targets else None
    return Rows(x, y, weights(fitted, data))


def weights(fitted: Preprocessing, data: Table | Arrays) -> Array | None:
    name = fitted.roles.weight if fitted.roles else None
    if name is None or isinstance(data, Arrays) or name not in data.columns:
        return None
    values = data.numbers(name)
    if (values < 0).any():
        row = int(np.flatnonzero(values < 0)[0])
        raise DataError(f"{data.where(row)}: weight {name!r}: {values[row]:g} is negative")
    return values.astype(fitted.dtype)
