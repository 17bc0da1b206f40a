"""CIFAR's own format: pickled batches of colour pictures, in a folder or still in the .tar.gz."""

from __future__ import annotations

import gzip
import io
import tarfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from nnctl.data import Array, Arrays, Glance, Opened, Places
from nnctl.data.named import NamedSet, read
from nnctl.data.settings import DataSettings
from nnctl.data.unpickling import unpickle
from nnctl.errors import DataError
from nnctl.fields import field

SIDE = 32
LARGEST = 1 << 28  # bytes of one member: CIFAR-100's train has 155 million


@dataclass(frozen=True)
class Batch:
    """A file of the set, and how many rows it has as published."""

    name: str
    rows: int


class CifarSet(NamedSet):
    """Pictures of 32 x 32 points in three colours."""

    folder: ClassVar[str]
    archive: ClassVar[str]
    train: ClassVar[tuple[Batch, ...]]
    test: ClassVar[Batch]
    meta: ClassVar[str]

    partial: bool = field(False, doc="Take the rows that are there where some files are missing or short.")
    names: bool = field(False, doc="Names of the classes as labels (airplane ...) instead of Keras' numbers.")

    @property
    def labels_key(self) -> str:
        """Where a batch has its labels."""
        return "labels"

    @property
    def names_key(self) -> str:
        """Where the meta file has the names of the classes."""
        return "label_names"

    @property
    def classes(self) -> int:
        return 10

    def glance(self, settings: DataSettings, places: Places) -> Glance | None:
        return Glance((SIDE, SIDE, 3), self.classes)

    def where(self, places: Places) -> Path | None:
        return self._folder(places) or places.find(self.archive)

    def _folder(self, places: Places) -> Path | None:
        """Return the first folder with a batch in it; those of two folders are never mixed."""
        names = [batch.name for batch in (*self.train, self.test)]
        folders = (directory / self.folder for directory in places.directories())
        return next((path for path in folders if any((path / name).is_file() for name in names)), None)

    def open(self, settings: DataSettings, places: Places, digest: Any) -> Opened:
        files = self.files(places, digest)
        self._complain(files)
        train = [self._batch(batch, files) for batch in self.train if batch.name in files]
        test = [self._batch(self.test, files)] if self.test.name in files else []
        published = sum(batch.rows for batch in self.train)
        notes = [
            f"{self.set_name}: a part, {sum(len(x) for x, _ in part)} of {rows} {what} rows"
            for part, rows, what in ((train, published, "training"), (test, self.test.rows, "test"))
            if sum(len(x) for x, _ in part) != rows
        ]
        labels = self.class_labels(files)
        return Opened(self._arrays(train, "train", labels), self._arrays(test, "test", labels) if test else None, notes)

    def files(self, places: Places, digest: Any) -> dict[str, tuple[str, bytes]]:
        """Return what there is of the set: {name: (title, content)}."""
        wanted = [batch.name for batch in (*self.train, self.test)]
        folder = self._folder(places)
        if folder and (places.find(self.archive) is None or all((folder / name).is_file() for name in wanted)):
            there = [path for name in (*wanted, self.meta) if (path := folder / name).is_file()]
            files = {path.name: (str(path), read(path)) for path in there}
            for _, content in files.values():
                if digest is not None:
                    digest.update(content)
            return files
        path, content = self.content(self.archive, places, digest, proved=not self.partial)
        return dict(members(content, str(path), {f"{self.folder}/{name}": name for name in (*wanted, self.meta)}))

    def _complain(self, files: dict[str, tuple[str, bytes]]) -> None:
        """Raise DataError where files are missing and nobody said that a part will do."""
        missing = [batch.name for batch in (*self.train, self.test) if batch.name not in files]
        if all(batch.name in missing for batch in self.train) or (missing and not self.partial):
            here = ", ".join(sorted(files)) or "nothing of it"
            hint = "" if all(batch.name in missing for batch in self.train) else self._hint()
            raise DataError(
                f"{self.set_name}: {', '.join(missing)} not found, there is {here}; "
                f"run  nnctl data fetch {self.set_name}{hint}"
            )

    def _hint(self) -> str:
        return f", or write {{{self.set_name}: {{partial: true}}}} to take what is there"

    def _batch(self, batch: Batch, files: dict[str, tuple[str, bytes]]) -> tuple[Array, Array]:
        """Return the pictures (N, 32, 32, 3) and the numbers of their classes."""
        title, content = files[batch.name]
        data, labels = self._entry(title, content, "data"), self._entry(title, content, self.labels_key)
        size = 3 * SIDE * SIDE
        if not isinstance(data, np.ndarray) or data.dtype != np.uint8 or data.shape[1:] != (size,):
            what = f"{data.dtype} of shape {data.shape}" if isinstance(data, np.ndarray) else type(data).__name__
            raise DataError(f"{title}: 'data' is {what}, expected bytes of shape (N, {size})")
        if not isinstance(labels, list) or len(labels) != len(data):
            raise DataError(f"{title}: {self.labels_key!r} does not have one label for each of {len(data)} pictures")
        for row, label in enumerate(labels):
            if type(label) is not int or not 0 <= label < self.classes:
                raise DataError(f"{title}: row {row}: label {label!r}, expected 0 to {self.classes - 1}")
        if len(data) != batch.rows and not self.partial:
            raise DataError(f"{title}: has {len(data)} of {batch.rows} rows; get it again{self._hint()}")
        planes = data.reshape(len(data), 3, SIDE, SIDE)
        return planes.transpose(0, 2, 3, 1), np.array(labels, np.uint8)[:, None]

    def _entry(self, title: str, content: bytes, key: str) -> Any:
        found = unpickle(content, title, encoding="bytes")
        if not isinstance(found, dict):
            raise DataError(f"{title}: holds {type(found).__name__}, expected the dictionary of a batch")
        for known, value in found.items():
            if known in (key, key.encode()):
                return value
        raise DataError(f"{title}: has no entry {key!r}; get it again")

    def class_labels(self, files: dict[str, tuple[str, bytes]]) -> tuple[str | int, ...]:
        """Return numbers, or names where these are wanted."""
        if not self.names:
            return tuple(range(self.classes))
        if self.meta not in files:
            raise DataError(f"{self.set_name}: {self.meta} not found, which has the names of the classes")
        title, content = files[self.meta]
        names = self._entry(title, content, self.names_key)
        if not isinstance(names, list) or len(names) != self.classes or not all(isinstance(n, bytes) for n in names):
            raise DataError(f"{title}: {self.names_key!r} is no list of {self.classes} names")
        return tuple(name.decode() for name in names)

    def _arrays(self, parts: list[tuple[Array, Array]], what: str, labels: tuple[str | int, ...]) -> Arrays:
        x = np.concatenate([x for x, _ in parts])
        y = np.concatenate([y for _, y in parts])
        return Arrays(x, np.array(labels)[y] if self.names else y, f"{self.set_name} ({what})", labels)


def members(content: bytes, title: str, wanted: dict[str, str]) -> Iterator[tuple[str, tuple[str, bytes]]]:
    """Read the members of a .tar.gz with exactly these names into memory; nothing is ever unpacked.

    Links, devices and whatever has another name are passed over.
    """
    try:
        with gzip.open(io.BytesIO(content)) as plain, tarfile.open(fileobj=plain, mode="r:") as archive:
            for member in archive:
                if member.name in wanted and member.isreg():
                    if member.size > LARGEST:
                        raise DataError(f"{title}: {member.name} claims {member.size} bytes")
                    file = archive.extractfile(member)
                    assert file is not None  # a regular member has content
                    yield wanted[member.name], (f"{title}: {member.name}", file.read())
            while plain.read(1 << 20):
                pass  # the checksum of the whole comes last
    except (tarfile.TarError, EOFError, OSError, zlib.error, ValueError, OverflowError) as error:
        raise DataError(f"{title}: damaged, or no .tar.gz file ({error}); get it again") from error
