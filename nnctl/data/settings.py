"""The `data:` section of a spec: where the rows come from and what is done to them.

Nothing is done in silence: by default no column is scaled, a missing cell is an error, and so is a
category that training has not seen.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from annotated_types import MinLen

from nnctl.fields import INVALID, Thing, create, field, parse_section
from nnctl.findings import Findings, Path
from nnctl.rules import Fraction, NonNegativeInt, Words

Scale = Literal["none", "standard", "minmax", "l2"]
ColumnScale = Literal["none", "standard", "minmax"]
Missing = Literal["error", "drop", "mean", "median", "most_frequent"] | float
Name = str | int
Share = Annotated[Fraction | NonNegativeInt, Words("a fraction >= 0 and < 1, or a number of rows")]
Names = Annotated[
    Name | Annotated[tuple[Name, ...], MinLen(1)], Words("a column's name or position, or a list of them")
]
Source = Annotated[
    str | tuple[str, ...] | dict[str, Any], Words("a file, a list of files, a pattern, '-', or the name of a data set")
]
Separator = Annotated[str, Words("one character, or 'whitespace'")]

# Texts that mean "no value" where the spec does not say otherwise.
MISSING_VALUES = ("", "NA", "N/A", "n/a", "NaN", "nan", "NULL", "null", "None", "?")


class ColumnSettings(Thing):
    """What is special about one column."""

    type: Literal["numeric", "categorical"] | None = field(
        None, doc="What the cells are; default: inferred from the training rows."
    )
    scale: ColumnScale | None = field(None, doc="How numbers are scaled; default: the section's `scale`.")
    missing: Missing | None = field(None, doc="What to do with missing cells; default: the section's `missing`.")
    unknown: Literal["error", "bucket"] = field("error", doc="What to do with a category that training has not seen.")

    def conflicts(self) -> Iterator[tuple[str, str]]:
        if self.type == "categorical":
            if self.scale not in (None, "none"):
                yield "scale", f"a categorical column cannot be scaled, got {self.scale!r}"
            if self.missing in ("mean", "median"):
                yield "missing", f"a categorical column has no {self.missing}: use most_frequent"
        if self.type == "numeric" and self.unknown == "bucket":
            yield "unknown", "only a categorical column has unknown categories"


class SplitSettings(Thing):
    """Rows set aside before anything is fitted."""

    validation: Share = field(0.0, doc="Fraction or number of rows for validation.")
    test: Share = field(0.0, doc="Fraction or number of rows for the test after training.")
    shuffle: bool = field(True, doc="Draw the rows at random; false takes the last ones, in the order of the file.")
    stratify: bool = field(True, doc="Keep the proportions of the classes; without effect on targets that are numbers.")


class DataSettings(Thing):
    """Where the rows come from and how they are made into numbers."""

    source: Source = field(
        doc="File (.csv .tsv .csv.gz .npz .npy), list of files, pattern, '-' for stdin, or a data set's name."
    )
    target: Names | None = field(None, doc="Column to predict, or a list for several outputs.")
    features: Names | None = field(None, doc="Columns to predict from; default: all the others.")
    header: bool = field(True, doc="Whether the first row holds the names of the columns.")
    separator: Separator | None = field(None, doc="What stands between the cells; default: a comma, in .tsv a tab.")
    decimal: Literal[".", ","] = field(".", doc="The decimal mark.")
    encoding: str = field("utf-8", doc="The encoding of text files.")
    columns: dict[Name, ColumnSettings] = field({}, doc="What is special about single columns, by name or position.")
    scale: Scale = field(
        "none", doc="Scaling of numbers: none, standard (mean 0, deviation 1), minmax (0 to 1), l2 (rows of length 1)."
    )
    missing: Missing = field("error", doc="What to do with missing cells of features: error, drop the row, or fill in.")
    missing_values: tuple[str, ...] = field(MISSING_VALUES, doc="Texts that mean a missing cell.")
    sample_weight: Name | None = field(None, doc="Column with the weight of each row.")
    labels: tuple[str | int | float, ...] | None = field(
        None, doc="The classes in their order; default: those found, sorted."
    )
    split: SplitSettings = field({}, doc="Rows set aside for validation and test.")
    validation: Source | None = field(None, doc="Another source to validate on.")
    test: Source | None = field(None, doc="Another source to test on.")
    x: str | None = field(None, doc="Key of the inputs in an .npz file; default: x_train, x or X.")
    y: str | None = field(None, doc="Key of the targets in an .npz file, or the .npy file that holds them.")

    @classmethod
    def parse(cls, given: Mapping[str, Any], findings: Findings, path: Path) -> dict[str, Any]:
        if isinstance(columns := given.get("columns"), Mapping):
            made = {
                name: value
                if isinstance(value, ColumnSettings) or not isinstance(value, Mapping)
                else parse_section(ColumnSettings, value, findings, (*path, "columns", name))
                for name, value in columns.items()
            }
            given = {**given, "columns": {name: value for name, value in made.items() if value is not INVALID}}
        return super().parse(given, findings, path)

    def conflicts(self) -> Iterator[tuple[str, str]]:
        for part in ("source", "validation", "test"):
            if isinstance(value := getattr(self, part), dict):
                findings = Findings()
                create("data source", value, findings)
                yield from ((part, str(problem)) for problem in findings.errors)
        if self.separator is not None and self.separator != "whitespace" and len(self.separator) != 1:
            yield "separator", f"expected one character, or 'whitespace', got {self.separator!r}"
        if self.separator == self.decimal:
            yield "separator", f"cannot be the decimal mark too, got {self.separator!r}"
        try:
            "".encode(self.encoding)
        except LookupError:
            yield "encoding", f"no encoding is called {self.encoding!r}"
        for part in ("validation", "test"):
            if getattr(self, part) is not None and getattr(self.split, part):
                yield part, f"is given twice, also as split.{part}"

    def column(self, name: str, position: int) -> ColumnSettings:
        """Return what is said about a column, by its name or its position."""
        for key in (name, position):
            if key in self.columns:
                return self.columns[key]
        return ColumnSettings(**{})
