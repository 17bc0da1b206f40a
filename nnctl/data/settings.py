"""The `data:` section of a spec: where the rows come from and what is done to them.

Nothing is done in silence: by default no column is scaled, a missing cell is an error, and so is a
category that training has not seen.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from functools import cache
from typing import Annotated, Any, Literal

from annotated_types import MinLen

from nnctl.data.column_settings import ColumnRules, ColumnSettings, Missing, Scale, combined
from nnctl.data.split_settings import Name, SequenceSettings, SplitSettings
from nnctl.fields import INVALID, Thing, create, field, parse_section
from nnctl.findings import Findings, Path
from nnctl.rules import NonNegativeInt, PositiveInt, Words

Names = Annotated[
    Name | Annotated[tuple[Name, ...], MinLen(1)],
    Words("a column's name, pattern ('V*') or position, or a list of them"),
]
Source = Annotated[
    str | tuple[str, ...] | dict[str, Any],
    Words("a file, a list of files, a pattern, a folder of pictures, '-', or the name of a data set"),
]
Separator = Annotated[str, Words("one character, or 'whitespace'")]

# Texts that mean "no value" where the spec does not say otherwise.
MISSING_VALUES = ("", "NA", "N/A", "n/a", "NaN", "nan", "NULL", "null", "None", "?")


class DataSettings(Thing):
    """Where the rows come from and how they are made into numbers."""

    source: Source = field(
        doc="File (.csv .tsv .csv.gz .csv.zst .jsonl .parquet .npz .npy), list of files, pattern, '-' for stdin, "
        "folder of pictures with one subfolder a class, or a data set's name."
    )
    target: Names | None = field(None, doc="Column to predict, or a list for several outputs.")
    features: Names | None = field(None, doc="Columns to predict from; default: all the others.")
    exclude: Names | None = field(None, doc="Columns that are not used.")
    header: bool = field(True, doc="Whether the first row holds the names of the columns.")
    separator: Separator | None = field(None, doc="What stands between the cells; default: a comma, in .tsv a tab.")
    skip_blanks: bool = field(True, doc="Whether blanks after a separator, unless that is a tab, belong to no cell.")
    quote: str | None = field('"', doc="Character around cells that hold a separator; null for none.")
    comment: str | None = field(None, doc="What a line begins with that is to be skipped.")
    skip_rows: NonNegativeInt = field(0, doc="Lines at the top of each file that are skipped.")
    decimal: Literal[".", ","] = field(".", doc="The decimal mark.")
    encoding: str = field("utf-8", doc="The encoding of text files.")
    columns: dict[Name, ColumnSettings] = field(
        {}, doc="What is special about single columns, by name, pattern or position."
    )
    scale: Scale = field(
        "none",
        doc="Scaling of numbers: standard (mean 0, deviation 1), minmax (0 to 1), robust (median 0, quartiles 1 "
        "apart), log1p (logarithm of 1 + x), a list of these, l2 (rows of length 1), or none.",
    )
    missing: Missing = field(
        "error", doc="What to do with missing cells of features: error, drop the row, or fill in a statistic or number."
    )
    missing_values: tuple[str, ...] = field(MISSING_VALUES, doc="Texts that mean a missing cell.")
    indicator: bool = field(
        False, doc="Add a column that is 1 where a number is missing, for columns that lack some in training."
    )
    encode: Literal["one_hot", "index"] = field("one_hot", doc="Categories as one_hot columns, or as the index.")
    unknown: Literal["error", "bucket"] = field(
        "error", doc="What to do with a category that training has not seen: error, or one bucket for all of them."
    )
    min_count: PositiveInt = field(1, doc="Categories with fewer training rows go into the bucket of the unknown.")
    sample_weight: Name | None = field(None, doc="Column with the weight of each row.")
    labels: tuple[str | int | float, ...] | None = field(
        None, doc="The classes in their order; default: those found, sorted."
    )
    split: SplitSettings = field({}, doc="Rows set aside for validation and test.")
    sequence: SequenceSettings | None = field(
        None,
        doc="Windows of consecutive rows instead of single rows; the first of a part look back on rows before it.",
    )
    validation: Source | None = field(None, doc="Another source to validate on.")
    test: Source | None = field(None, doc="Another source to test on.")
    cache: Literal["auto", "memory", "disk", "none"] = field(
        "auto",
        doc="Where the rows of a table are kept: memory, disk (then used again by the next run, and shuffled block by "
        "block), none (the data are read again in every epoch), or auto: memory where they fit, else disk.",
    )
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
            if value is not None and part != "source" and getattr(self.split, part):
                yield part, f"is given twice, also as split.{part}"
        yield from self._conflicts_of_text()
        if self.missing == "constant":
            yield "missing", "write the number itself, or give missing: constant and fill for single columns"
        rules = {
            "": combined(ColumnSettings(), self),
            **{name: combined(own, self) for name, own in self.columns.items()},
        }
        for name, rule in rules.items():
            if rule.min_count > 1 and rule.unknown != "bucket":
                who = f" of column {name!r}" if name != "" else ""
                yield "min_count", f"puts rare categories{who} into the bucket: set unknown: bucket as well"
        yield from self._conflicts_of_windows([rule.missing for rule in rules.values()])

    def _conflicts_of_windows(self, missing: list[str]) -> Iterator[tuple[str, str]]:
        split = self.split
        if self.sequence is None:
            return
        drawn = any(share and not isinstance(share, str) for share in (split.validation, split.test))
        if split.group is not None or (split.shuffle and split.by is None and drawn):
            yield "sequence", "windows need rows in their order: set split: {shuffle: false}, a time, or ranges of rows"
        if "drop" in missing:
            yield "sequence", "missing: drop would tear the series: fill the cells in"

    def _conflicts_of_text(self) -> Iterator[tuple[str, str]]:
        if self.separator is not None and self.separator != "whitespace" and len(self.separator) != 1:
            yield "separator", f"expected one character, or 'whitespace', got {self.separator!r}"
        if self.separator == self.decimal:
            yield "separator", f"cannot be the decimal mark too, got {self.separator!r}"
        if self.quote is not None and (len(self.quote) != 1 or not self.quote.isascii() or self.quote.isspace()):
            yield "quote", f"expected one character, got {self.quote!r}"
        if self.quote is not None and self.quote in (self.separator or ",", self.decimal):
            yield "quote", f"cannot be the separator or the decimal mark too, got {self.quote!r}"
        if self.comment is not None and not self.comment.strip():
            yield "comment", "expected at least one character that is no blank"
        try:
            "".encode(self.encoding)
        except LookupError:
            yield "encoding", f"no encoding is called {self.encoding!r}"

    def column(self, name: str, position: int) -> ColumnRules:
        """Return what holds for a column: by its name, its position, or the first pattern that fits."""
        for key in (name, position):
            if key in self.columns:
                return combined(self.columns[key], self)
        fitting = (own for key, own in self.columns.items() if isinstance(key, str) and fnmatchcase(name, key))
        return combined(next(fitting, None) or _unmentioned(), self)


@cache
def _unmentioned() -> ColumnSettings:
    """Return the settings of a column of which the spec says nothing, checked once."""
    return ColumnSettings()
