"""Data: from files to arrays, and the same way again for every later prediction.

A data source opens as a table (columns with names, read in pieces) or as arrays. `prepare` picks
features, targets and weights, sets rows aside, fits the preprocessing on the training rows, and
returns `Rows` for the training loop. The fitted `Preprocessing` is saved with the model; `read_for`
applies it to raw data, a chunk at a time.

One file reads one form of data (csv, arrays, mnist, ...): a class registered as "data source".
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Protocol

from numpy.typing import NDArray

from nnctl.data.places import Places
from nnctl.fields import Thing

if TYPE_CHECKING:
    from nnctl.data.cells import Want
    from nnctl.data.preprocessing import Preprocessing
    from nnctl.data.settings import DataSettings
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
    columns: tuple[str, ...] | None = None


@dataclass
class Arrays:
    """Inputs and targets as arrays; `labels` where the source knows its classes."""

    x: Array
    y: Array | None = None
    name: str = "data"
    labels: Sequence[str | int] | None = None

    def __len__(self) -> int:
        return len(self.x)


class TableReader(Protocol):
    """A table that is open: names are known, rows come in pieces."""

    names: list[str]
    sample: list[list[str]]  # the first rows as text
    title: str  # the file's name, for messages

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

    def open(self, settings: DataSettings, places: Places, digest: Any) -> Opened:
        """Open it; `digest` (of hashlib, or None) is given every byte that is read."""
        raise NotImplementedError

    def glance(self, settings: DataSettings, places: Places) -> Glance | None:
        """Return what can be known without reading the rows, or None."""
        return None


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
