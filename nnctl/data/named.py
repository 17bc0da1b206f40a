"""Data sets with a name: their files are found in the data directories, or downloaded on first use."""

from __future__ import annotations

import hashlib
import logging
from pathlib import Path
from typing import Any, ClassVar

from nnctl.data import DataSource, Places
from nnctl.data.catalog import CATALOG, File
from nnctl.data.fetching import fetch_file, offline, sha256
from nnctl.data.places import cache_dir, reading
from nnctl.errors import DataError

log = logging.getLogger("nnctl.data")


class NamedSet(DataSource):
    """A data set that is called by its name; `set_name` is that name, as in `source: fashion_mnist`."""

    set_name: ClassVar[str]
    class_names: ClassVar[tuple[str, ...]] = ()

    def where(self, places: Places) -> Path | None:
        """Return where the set lies, or None."""
        return places.find(*(file.name for file in CATALOG[self.set_name].files))

    def obtain(self, name: str, places: Places, path: Path | None = None) -> Path:
        """Return the path of a file of the set (`path` where it was found); download it where it is nowhere.

        What lies in the cache proves its checksum at every use, and is downloaded again where it fails.
        Raises MissingInputError or DataError offline, DownloadError where it cannot be had.
        """
        path, file = path or places.find(name), CATALOG[self.set_name].file(name)
        if path is not None and (file is None or not path.is_relative_to(cache_dir())):
            return path
        if path is not None and file is not None:
            found = sha256(path)
            if found == file.sha256:
                return path
            if offline():
                raise self._wrong(path, found, file)
            log.info("%s is damaged", path)
        if file is None or offline():
            raise places.missing(self.set_name, name)
        return fetch_file(file, cache_dir())

    def content(self, name: str, places: Places, digest: Any, *, proved: bool = True) -> tuple[Path, bytes]:
        """Return a file of the set and what is in it; with `proved`, only with the published checksum."""
        path, file = self.obtain(name, places), CATALOG[self.set_name].file(name)
        content = read(path)
        found = hashlib.sha256(content).hexdigest()
        if proved and file is not None and found != file.sha256:
            raise self._wrong(path, found, file)
        if digest is not None:
            digest.update(content)
        return path, content

    def _wrong(self, path: Path, found: str, file: File) -> DataError:
        return DataError(
            f"{path}: refuses to load it: its sha256 is {found}, expected {file.sha256}; "
            f"it is damaged or another file: remove it and run  nnctl data fetch {self.set_name}"
        )


def read(path: Path) -> bytes:
    with reading(path):
        return path.read_bytes()
