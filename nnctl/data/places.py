"""Where data are looked for: the file named, or a data set in one of the directories for them."""

from __future__ import annotations

import errno
import filecmp
import glob
import hashlib
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from nnctl.errors import DataError, DeniedError, MissingInputError, ReadWriteError
from nnctl.registry import suggest


def cache_dir() -> Path:
    """Return where downloaded data sets are kept, by the XDG rules."""
    root = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return Path(root) / "nnctl" / "datasets"


def shipped_dir() -> Path:
    """Return the directory of the data sets that come with nnctl: installed, or in the repository."""
    package = Path(__file__).resolve().parents[1]
    installed = package / "_datasets"
    return installed if installed.is_dir() else package.parent / "datasets"


@dataclass(frozen=True)
class Places:
    """Relative paths start at `base`; data sets are searched in `directories()`, in this order."""

    base: Path
    data_dir: Path | None = None

    def directories(self) -> list[Path]:
        given = [self.data_dir] if self.data_dir else []
        named = os.environ.get("NNCTL_DATA_DIR")
        return [*given, *([Path(named)] if named else []), cache_dir(), shipped_dir()]

    def find(self, *choices: str) -> Path | None:
        """Return the first file that exists among relative names, directory by directory."""
        candidates = (directory / choice for directory in self.directories() for choice in choices)
        return next((path for path in candidates if path.is_file()), None)

    def files(self, pattern: str) -> list[Path]:
        """Return the files that a path or pattern means, sorted; raise MissingInputError for none."""
        path = self.base / os.path.expanduser(pattern)
        if path.is_file() or path.is_fifo():
            return [path]
        if path.is_dir():
            raise DataError(f"{path}: is a directory; name a file in it, or a pattern: '{pattern.rstrip('/')}/*.csv'")
        found = sorted(Path(name) for name in glob.glob(str(path), recursive=True) if os.path.isfile(name))
        if found:
            return found
        if glob.has_magic(pattern):
            raise MissingInputError(f"{path}: no file fits this pattern")
        if (elsewhere := self._below_directories(pattern)) is not None:
            return [elsewhere]
        near = suggest(path.name, os.listdir(path.parent)) if path.parent.is_dir() else None
        hint = f"did you mean {near!r}?" if near else f"looked from {_in_full(self.base)}"
        raise MissingInputError(f"{path}: there is no such file; {hint}")

    def _below_directories(self, name: str) -> Path | None:
        """Find a file name, perhaps with its folder, up to two folders down in the data directories.

        Raises DataError where the first directory that has it holds different files of this name.
        """
        if name.startswith((f".{os.sep}", f"..{os.sep}", "~", os.sep)):
            return None
        for directory in self.directories():
            levels = (directory.glob(level + glob.escape(name)) for level in ("", "*/", "*/*/"))
            found = [path for level in levels for path in sorted(level) if path.is_file()]
            if others := [path for path in found[1:] if not filecmp.cmp(found[0], path, shallow=False)]:
                many = " and ".join(str(path.relative_to(directory)) for path in (found[0], *others))
                raise DataError(
                    f"{name}: there are different files of this name in {directory}: {many}; "
                    f"write the one that is meant with its folder"
                )
            if found:
                return found[0]
        return None

    def shipped(self, name: str) -> Path | None:
        """Return the table that a data set's name stands for, or None."""
        if os.sep in name or name.startswith("."):
            return None
        return self.find(f"{name}.csv", f"{name}.csv.gz", f"{name}.npz")

    def names(self) -> list[str]:
        """Return the names of the tables in the data directories."""
        return sorted(
            {
                path.name.split(".")[0]
                for directory in self.directories()
                if directory.is_dir()
                for path in directory.iterdir()
                if path.name.endswith((".csv", ".csv.gz", ".npz"))
            }
        )

    def missing(self, name: str, what: str) -> MissingInputError:
        looked = ", ".join(str(directory) for directory in self.directories())
        return MissingInputError(
            f"data set {name!r}: {what} not found; looked in {looked}; "
            f"run  nnctl data fetch {name}  or set NNCTL_DATA_DIR"
        )


def _in_full(path: Path) -> str:
    try:
        return str(path.resolve())
    except FileNotFoundError:
        return "a directory that has been deleted"


@contextmanager
def reading(path: Path | str) -> Iterator[None]:
    """Turn the errors of the operating system into nnctl's, naming the file."""
    try:
        yield
    except FileNotFoundError as error:
        raise MissingInputError(f"{path}: there is no such file") from error
    except PermissionError as error:
        raise DeniedError(f"{path}: no permission to read it") from error
    except OSError as error:
        if error.errno == errno.EINVAL:  # of a seek: an archive says that a member begins before the file does
            raise DataError(f"{path}: damaged: it points to places outside of itself; get it again") from error
        raise ReadWriteError(f"{path}: could not be read: {error.strerror or error}") from error


def fingerprint(paths: Iterable[Path]) -> str:
    """Return the sha256 of the content of some files."""
    digest = hashlib.sha256()
    for path in paths:
        with reading(path), open(path, "rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
    return digest.hexdigest()
