"""Data sets with a name: their files are found in the data directories, or downloaded on first use."""

from __future__ import annotations

import hashlib
import logging
from pathlib import Path
from typing import Any, ClassVar

from nnctl.data import DataSource, Places
from nnctl.data.catalog import CATALOG
from nnctl.data.fetching import fetch_file, offline
from nnctl.data.places import cache_dir, reading
from nnctl.errors import DataError

log = logging.getLogger("nnctl.data")


class NamedSet(DataSource):
    """A data set that is called by its name; `title` is that name, as in `source: fashion_mnist`."""

    title: ClassVar[str]
    class_names: ClassVar[tuple[str, ...]] = ()

    def obtain(self, name: str, places: Places) -> Path:
        """Return the path of a published file, downloading it where it is in none of the directories.

        Raises MissingInputError offline, DownloadError where it cannot be had.
        """
        path = places.find(name)
        if path is not None:
            return path
        file = CATALOG[self.title].file(name)
        if file is None or offline():
            raise places.missing(self.title, name)
        log.info("%s is in none of the data directories", name)
        return fetch_file(file, cache_dir())

    def content(self, name: str, places: Places, digest: Any) -> tuple[Path, bytes]:
        """Return a published file and what is in it, its checksum proved at every use.

        A file in the cache with another checksum is downloaded again; elsewhere, or offline, DataError.
        """
        path = self.obtain(name, places)
        content = read(path)
        file = CATALOG[self.title].file(name)
        found = hashlib.sha256(content).hexdigest()
        if file is not None and found != file.sha256:
            if offline() or not is_cached(path):
                raise DataError(
                    f"{path}: refuses to load it: its sha256 is {found}, expected {file.sha256}; "
                    f"it is damaged or another file: remove it and run  nnctl data fetch {self.title}"
                )
            log.info("%s is damaged", path)
            content = read(fetch_file(file, cache_dir()))
        if digest is not None:
            digest.update(content)
        return path, content

    def absent(self, places: Places) -> bool:
        """Return whether none of its published files is at hand."""
        return all(places.find(file.name) is None for file in CATALOG[self.title].files)


def read(path: Path) -> bytes:
    with reading(path):
        return path.read_bytes()


def is_cached(path: Path) -> bool:
    return path.is_relative_to(cache_dir())
