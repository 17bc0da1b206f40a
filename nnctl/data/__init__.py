"""Data: from files to arrays, and the same way again for every later prediction.

A data source opens as a table (columns with names, read in pieces) or as arrays. `prepare` picks
features, targets and weights, sets rows aside, fits the preprocessing on the training rows, and
returns `Rows` for the training loop. The fitted `Preprocessing` is saved with the model; `read_for`
applies it to raw data, a chunk at a time.

Rows that do not fit into memory are kept on disk, or read again in every epoch (keeping.py tells how): the same
code prepares them, column by column and piece by piece, and `Rows` then holds arrays that read what is asked of them.

One file reads one form of data (csv, arrays, mnist, ...): a class registered as "data source".
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Protocol

from numpy.typing import NDArray

from nnctl.data.places import Places
from nnctl.fields import Thing

if TYPE_CHECKING:
    from nnctl.data.cells import Want
    from nnctl.data.preprocessing import Preprocessing
    from nnctl.data.settings import DataSettings
    from nnctl.data.split_record import SplitRecord
    from nnctl.data.table import Table

Array = NDArray[Any]
Form = Literal["values", "binary", "index", "one_hot", "auto"]  # of targets, as a loss wants them


@dataclass
class Rows:
    """What the training loop sees: x of shape (N, ...), y encoded, weight of shape (N,)."""

    x: Array
    y: Array | None = None
    weight: Array | None = None

    def __len__(self) -> int:
        return len(self.x)

    def take(self, rows: Any) -> Rows:
        """Return some rows, by indices or as a slice (then without a copy)."""
        pick = [None if part is None else part[rows] for part in (self.x, self.y, self.weight)]
        return Rows(*pick)  # type: ignore[arg-type]


@dataclass
class Prepared:
    """Everything that training needs of the data."""

    train: Rows
    validation: Rows | None
    test: Rows | None
    preprocessing: Preprocessing
    fingerprint: str  # sha256 of the content read and of which rows were set aside
    notes: list[str] = field(default_factory=list)
    split: SplitRecord | None = None  # None where no row of the source was set aside
    filled: dict[str, dict[str, int]] = field(default_factory=dict)  # missing cells that got a value: part, column
    dropped: int = 0  # rows left out for a missing cell
    kept: str = "memory"  # where the rows are: in memory, on disk, or nowhere ("none")


@dataclass
class Chunk:
    """Some consecutive rows of raw data, ready for the model."""

    x: Array
    y: Array | None
    weight: Array | None
    kept: dict[str, list[str]]
    start: int  # number of the first row, from 0

    def __len__(self) -> int:
        return len(self.x)


@dataclass(frozen=True)
class Glance:
    """What is known of a source without reading its rows."""

    input_shape: tuple[int, ...] | None = None
    classes: int | None = None
    largest: int | None = None  # of the whole numbers that the rows hold, as the options say


@dataclass
class Arrays:
    """Inputs and targets as arrays; `labels` where the source knows its classes."""

    x: Array
    y: Array | None = None
    name: str = "data"
    labels: Sequence[str | int] | None = None
    files: Sequence[str] | None = None  # of each row, where it has one of its own, as pictures do

    def __len__(self) -> int:
        return len(self.x)

    def where(self, row: int) -> str:
        """Say which row is meant."""
        return f"{self.name}: row {row}" if self.files is None else self.files[row]


class TableReader(Protocol):
    """A table that is open: names are known, rows come in pieces."""

    names: list[str]
    sample: list[list[str]]  # the first rows as text
    title: str  # the file's name, for messages

    @property
    def files(self) -> Sequence[Path | None]: ...  # None for standard input

    def about_rows(self) -> int | None: ...  # None where nothing is known

    def tables(self, wants: list[Want], keep: Sequence[str] = ()) -> Iterator[Table]: ...

    def close(self) -> None: ...


@dataclass
class Opened:
    """A source that is open: its rows, and those that its makers set aside for the test."""

    rows: Arrays | TableReader
    test: Arrays | None = None
    notes: Sequence[str] = ()  # what should be known of it: made by code, a part of the whole


class DataSource(Thing):
    """Where data come from: a form of file (by its `suffixes`), or a data set with a name."""

    kind: ClassVar[str] = "data source"
    suffixes: ClassVar[tuple[str, ...]] = ()
    reads_folders: ClassVar[bool] = False

    def open(self, settings: DataSettings, places: Places, digest: Any) -> Opened:
        """Open it; `digest` (of hashlib, or None) is given every byte that is read."""
        raise NotImplementedError

    def stream(self, settings: DataSettings, places: Places) -> Opened:
        """Open it to go through it once, as evaluating and predicting do."""
        return self.open(settings, places, None)

    def glance(self, settings: DataSettings, places: Places) -> Glance | None:
        """Return what can be known without reading the rows, or None."""
        return None

    def to_show(self, places: Places) -> tuple[DataSource, list[str]]:
        """Return the source in a form that can be shown, and what should be known of that."""
        return self, []


from nnctl.data.batches import Batches, class_weights  # noqa: E402 - these build upon the contract above
from nnctl.data.preparing import glance, prepare  # noqa: E402
from nnctl.data.preprocessing import Preprocessing  # noqa: E402
from nnctl.data.reading import Reading, read_for  # noqa: E402
from nnctl.data.settings import DataSettings  # noqa: E402

__all__ = [
    "Array",
    "Arrays",
    "Batches",
    "Chunk",
    "DataSettings",
    "DataSource",
    "Form",
    "Glance",
    "Opened",
    "Places",
    "Prepared",
    "Preprocessing",
    "Reading",
    "Rows",
    "TableReader",
    "class_weights",
    "glance",
    "prepare",
    "read_for",
]
