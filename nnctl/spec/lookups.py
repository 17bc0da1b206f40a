"""Numbers that an Embedding looks up in its table: all within it, before anything is trained or predicted.

An index beyond the table would pick a wrong row or none. That the table is too small for the data is
told at its `input_dim` in the spec; numbers that no table can hold are wrong data.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from nnctl.data import Array, Preprocessing, Rows
from nnctl.errors import DataError
from nnctl.findings import Problem
from nnctl.layers import Layer
from nnctl.layers.embedding import Embedding
from nnctl.spec.network import setting_path

HANDS_ON = {"Input", "Flatten", "Reshape", "Permute", "RepeatVector", "Identity"}  # the values stay what they are
NO_TABLE = 1 << 31  # rows that no table has
STEP = 1 << 16  # rows looked at together


def lookup(layers: Sequence[Layer]) -> tuple[int, Embedding] | None:
    """Return the Embedding that the data themselves reach, and its number; None where none does."""
    for number, layer in enumerate(layers):
        if isinstance(layer, Embedding):
            return number, layer
        if layer.title() not in HANDS_ON:
            return None
    return None


def too_small(layers: Sequence[Layer], largest: int | None, holder: str) -> Iterator[Problem]:
    """Yield the problem of a table without a row for `largest`, which `holder` may come with."""
    found = lookup(layers)
    if found is not None and largest is not None and largest >= found[1].input_dim:
        words = f"the table has rows for 0 to {found[1].input_dim - 1}, and {holder} {largest}"
        yield Problem(setting_path(layers, found[0], "input_dim"), words, f"write {largest + 1}")


def lookup_problems(
    layers: Sequence[Layer], parts: Mapping[str, Rows | None], fitted: Preprocessing
) -> Iterator[Problem]:
    """Yield the problem of a table that is too small for the rows, or for any row that may come later.

    Raises DataError, naming part, row and place, for numbers that are no index at all.
    """
    found = lookup(layers)
    if found is None:
        return
    table = found[1]
    largest, holder = fitted.largest, "the columns as they were fitted give numbers up to"
    for part, rows in parts.items():
        for start in range(0, 0 if rows is None else len(rows), STEP):
            assert rows is not None
            x = rows.x[start : start + STEP]
            if (place := table.misfit(x, NO_TABLE)) is not None:
                raise _no_index(table, x, place, f"{part} row", start, fitted)
            if (top := int(x.max())) > (largest or table.input_dim - 1):
                place = tuple(int(axis) for axis in np.argwhere(x == top)[0])
                largest, holder = top, f"{_place(place, f'{part} row', start, fitted)} holds"
    yield from too_small(layers, largest, holder)


def check_indices(table: Embedding, x: Array, title: str, start: int, fitted: Preprocessing) -> None:
    """Raise DataError where rows, the first of them called `start`, hold a number that the table has no row for."""
    if (place := table.misfit(x)) is not None:
        raise _no_index(table, x, place, f"{title}: row", start, fitted)


def _no_index(
    table: Embedding, x: Array, place: tuple[int, ...], title: str, start: int, fitted: Preprocessing
) -> DataError:
    value = float(x[place])
    if value.is_integer() and value < 0:
        remedy = "count words and categories from 0"
    elif value.is_integer():
        remedy = "put the number of an unknown word there, or train with a larger input_dim"
    else:
        remedy = "leave what it looks up unscaled, and other columns out"
    return DataError(
        f"{_place(place, title, start, fitted)} holds {value:g}, but the Embedding looks up whole numbers "
        f"from 0 to {table.input_dim - 1}; {remedy}"
    )


def _place(place: tuple[int, ...], title: str, start: int, fitted: Preprocessing) -> str:
    row, *rest = place
    of_columns = len(rest) == 1 and fitted.roles is not None
    at = f", column {fitted.feature_names[rest[0]]!r}," if of_columns else f" at {rest}" if rest else ""
    return f"{title} {start + row} (from 0){at}"
