"""How rows are set aside, and how rows in their order become windows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated

from annotated_types import Predicate

from nnctl.fields import Thing, field
from nnctl.rules import Fraction, NonNegativeInt, PositiveInt, Words

Name = str | int
RANGE = re.compile(r"(\d*):(\d*)")


def is_range(text: str) -> bool:
    return RANGE.fullmatch(text) is not None and text != ":"


Range = Annotated[str, Predicate(is_range)]
Share = Annotated[
    Fraction | NonNegativeInt | Range,
    Words("a fraction >= 0 and < 1, a number of rows, or a range of rows such as '100:200'"),
]


class SplitSettings(Thing):
    """Rows set aside before anything is fitted."""

    validation: Share = field(
        0.0,
        doc="Fraction or number of rows for validation, or a range of them ('100:200', counted from 0 "
        "among the rows that are not dropped).",
    )
    test: Share = field(0.0, doc="Fraction, number or range of rows for the test after training.")
    shuffle: bool = field(True, doc="Draw the rows at random; false takes the last ones, in the order of the file.")
    stratify: bool = field(
        True, doc="Keep the proportions of the classes; without effect on targets that are numbers, and on groups."
    )
    group: Name | None = field(None, doc="Column whose equal cells stay together in one part.")
    time: Name | None = field(None, doc="Column that orders the rows; the last ones are set aside.")
    column: Name | None = field(
        None, doc="Column that names the part of each row: train, validation (valid, val, dev) or test."
    )

    @property
    def by(self) -> Name | None:
        """The column that the split goes by, if any."""
        return next((name for name in (self.group, self.time, self.column) if name is not None), None)

    def conflicts(self) -> Iterator[tuple[str, str]]:
        given = [name for name in ("group", "time", "column") if getattr(self, name) is not None]
        for name in given[1:]:
            yield name, f"cannot be given beside {given[0]}: a split goes by one column"
        for part in ("validation", "test"):
            share = getattr(self, part)
            if self.column is not None and share:
                yield part, "the parts are named by the column: give no share"
            if isinstance(share, str) and given:
                yield part, f"a range of rows cannot be given beside {given[0]}"
        shares = [share for share in (self.validation, self.test) if share]
        if len({isinstance(share, str) for share in shares}) > 1:
            yield "test", "give ranges of rows for both parts, or for none"
        if given and given[0] != "column" and not (self.validation or self.test):
            yield given[0], "says how rows are set aside, but not how many: give validation or test"


class SequenceSettings(Thing):
    """Windows of consecutive rows, for the forecast of a series.

    The first windows of a part that is set aside look back on the rows before it; their targets are its own.
    """

    steps: PositiveInt = field(doc="Rows of a window: x gets the shape (steps, features).")
    stride: PositiveInt = field(1, doc="Rows from the start of a window to the start of the next.")
    horizon: NonNegativeInt = field(
        1, doc="Rows from the last one of a window to the one whose target is predicted; 0 for the same row."
    )
