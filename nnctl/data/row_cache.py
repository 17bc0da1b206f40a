"""Encoded rows on disk: what the model sees, in files that batches are read from.

    <root>/<settings>-<content>/   rows.json               everything else of `Prepared`, with a checksum
                                   training.x, .y, ...     numbers, row after row, without a header

A folder is made under another name and then renamed, so under its own name it is whole. Its name is
a hash of all settings that decide what is in it and of the bytes of the data; it is used again by
whatever run has the same. The checksums are compared whenever it is opened.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import secrets
import shutil
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from nnctl.data import Array, Prepared, Rows
from nnctl.data.byte_rows import are_bytes, raw_bytes, scaler
from nnctl.data.encoding import encode_rows
from nnctl.data.lazy import Held, flat_bytes, mapped, stored
from nnctl.data.preprocessing import Preprocessing
from nnctl.data.shelves import writing
from nnctl.data.split_record import SplitRecord
from nnctl.data.table import Table
from nnctl.data.windows import windowed

VERSION = 1
ABOUT = "rows.json"
MAKING = ".nnctl-tmp"  # how the names of folders in the making end
UNUSED = 30 * 86400  # seconds after which a folder that nobody has used is removed
PIECE = 1 << 24  # bytes that are read at once to be compared


class RowCache:
    """A folder in the making."""

    def __init__(self, root: Path, needed: int) -> None:
        self.needed, self.root = needed, root
        with writing(root, needed):
            root.mkdir(parents=True, exist_ok=True)
            with alone(root):
                _sweep(root)
                self.path = root / f".{secrets.token_hex(8)}{MAKING}"
                self.path.mkdir()
                self.lock = _locked(self.path / "lock", wait=True)
        self.parts: dict[str, Any] = {}
        self.files: dict[str, dict[str, Any]] = {}

    def close(self) -> None:
        """Remove what has not become a cache."""
        shutil.rmtree(self.path, ignore_errors=True)

    def write(self, part: str, fitted: Preprocessing, table: Table) -> Rows:
        """Write the rows of a part; return them as they are read from the files."""
        as_bytes = are_bytes(fitted, table)
        rows, kinds = 0, {}
        for piece in table.pieces():
            encoded = encode_rows(fitted, piece)
            if as_bytes:
                encoded.x = raw_bytes(fitted, piece)
            for kind, array in vars(encoded).items():
                if array is not None:
                    self._append(f"{part}.{kind}", array)
                    kinds[kind] = [str(array.dtype), *array.shape[1:]]
            rows += len(piece)
        self.parts[part] = {"rows": rows, "kinds": kinds, "bytes": as_bytes, "name": table.spans[0].file}
        return _rows(self.path, part, self.parts[part], fitted)

    def _append(self, name: str, array: Array) -> None:
        about = self.files.setdefault(name, {"size": 0, "crc": 0})
        with writing(self.root, self.needed):
            if "file" not in about:
                flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
                about["file"] = Held(os.open(self.path / name, flags, 0o666), str(self.path / name))
            about["file"].append(array)
        data = flat_bytes(np.ascontiguousarray(array))
        about["size"], about["crc"] = about["size"] + len(data), zlib.crc32(data, about["crc"])

    def finish(self, prepared: Prepared, name: str) -> Path:
        """Give the folder its name; where another run was first, its folder stays."""
        split = None
        if prepared.split is not None:
            self._append("split", prepared.split.part)
            split = prepared.split.how
        files = {file: {"size": one["size"], "crc": one["crc"]} for file, one in self.files.items()}
        about = {
            "version": VERSION, "parts": self.parts, "files": files, "preprocessing": prepared.preprocessing.to_dict(),
            "fingerprint": prepared.fingerprint, "notes": prepared.notes, "split": split,
            "filled": prepared.filled, "dropped": prepared.dropped,
        }  # fmt: skip
        text = json.dumps(about).encode()
        final = self.root / name
        with writing(self.root, self.needed):
            (self.path / ABOUT).write_bytes(b"%08x\n" % zlib.crc32(text) + text)
        with alone(self.root), suppress(OSError):  # there may be one already
            os.rename(self.path, final)
            (final / "lock").unlink(missing_ok=True)
        return final


def find(root: Path, settings_key: str, content: Callable[[], str], say: Callable[[str], None]) -> Prepared | None:
    """Return the rows of a cache that fits, None where there is none; one that is damaged is removed.

    `content` hashes the data, which takes a while, so it is asked only where the settings fit.
    """
    if not any(root.glob(f"{settings_key}-*")):
        return None
    path = root / f"{settings_key}-{content()}"
    if not path.is_dir():
        return None
    try:
        prepared = _opened(path)
    except (OSError, ValueError, KeyError, TypeError) as error:
        say(f"the rows kept in {path} are damaged ({error}) and are made again")
        with writing(root), alone(root):
            damaged = root / f".{secrets.token_hex(8)}{MAKING}"
            path.rename(damaged)
        shutil.rmtree(damaged, ignore_errors=True)
        return None
    with suppress(OSError):
        os.utime(path / ABOUT)
    prepared.notes = [*prepared.notes, f"rows: as kept in {path}"]
    return prepared


def _opened(path: Path) -> Prepared:
    """Open a folder; raise ValueError or OSError where it is not as it was written."""
    about = _about(path)
    if about["version"] != VERSION:
        raise ValueError(f"version {about['version']}")
    for name, file in about["files"].items():
        _compare(path / name, file)
    fitted = Preprocessing.from_dict(about["preprocessing"])
    parts = {part: _rows(path, part, one, fitted) for part, one in about["parts"].items()}
    split = None
    if about["split"] is not None:
        split = SplitRecord(about["split"], np.fromfile(path / "split", np.uint8))
    prepared = Prepared(
        parts["training"], parts.get("validation"), parts.get("test"), fitted,
        about["fingerprint"], about["notes"], split, about["filled"], about["dropped"],
    )  # fmt: skip
    prepared.kept = "disk"
    return prepared


def _about(path: Path) -> dict[str, Any]:
    checksum, _, text = (path / ABOUT).read_bytes().partition(b"\n")
    if checksum != b"%08x" % zlib.crc32(text):
        raise ValueError(f"the checksum of {ABOUT} is wrong")
    return dict(json.loads(text))


def _compare(path: Path, about: dict[str, Any]) -> None:
    size = path.stat().st_size
    if size != about["size"]:
        raise ValueError(f"{path.name} has {size:,} bytes, {about['size']:,} were written")
    crc = 0
    with open(path, "rb", buffering=0) as file:
        while piece := file.read(PIECE):
            crc = zlib.crc32(piece, crc)
    if crc != about["crc"]:
        raise ValueError(f"the checksum of {path.name} is wrong")


def _rows(path: Path, part: str, about: dict[str, Any], fitted: Preprocessing) -> Rows:
    arrays: dict[str, Any] = {}
    for kind, (dtype, *shape) in about["kinds"].items():
        file = path / f"{part}.{kind}"
        held = Held(os.open(file, os.O_RDONLY | os.O_CLOEXEC), str(file))
        arrays[kind] = stored(held, (about["rows"], *shape), dtype)
    if about["bytes"]:
        arrays["x"] = mapped(scaler(fitted), arrays["x"])
    rows = Rows(arrays["x"], arrays.get("y"), arrays.get("weight"))
    return rows if fitted.sequence is None else windowed(rows, fitted.sequence, about["name"])


# --- the folder of all caches -------------------------------------------------------------------


def root_dir() -> Path:
    """Return where rows are kept: NNCTL_CACHE_DIR, else beside the downloaded data sets."""
    from nnctl.data.places import cache_dir

    named = os.environ.get("NNCTL_CACHE_DIR")
    return Path(named) if named else cache_dir().parent / "rows"


@dataclass(frozen=True)
class Kept:
    """What is known of a cache from outside: its bytes, the time of its last use, whose rows they are."""

    folder: Path
    size: int
    used: float
    source: str

    @property
    def day(self) -> str:
        return time.strftime("%Y-%m-%d", time.localtime(self.used))


def kept(root: Path) -> Iterator[Kept]:
    for path in sorted(root.glob("*-*")):
        with suppress(OSError):
            size = sum(file.stat().st_size for file in path.iterdir())
            source = ""
            with suppress(OSError, ValueError, KeyError, TypeError):
                source = str(_about(path)["parts"]["training"]["name"])
            yield Kept(path, size, (path if source == "" else path / ABOUT).stat().st_mtime, source or "(damaged)")


def remove(root: Path, names: list[str]) -> list[Path]:
    """Remove caches, and what killed runs left behind; a run that reads one goes on reading."""
    gone = [each.folder for each in kept(root) if each.folder.name in names]
    if root.is_dir():
        with writing(root), alone(root):
            _sweep(root)
            for path in gone:
                shutil.rmtree(path)
    return gone


def _sweep(root: Path) -> None:
    """Remove folders that were never finished and that no process is at work in, and caches long unused."""
    for path in root.glob(f".*{MAKING}"):
        with suppress(OSError):
            lock = _locked(path / "lock", wait=False)
            shutil.rmtree(path)
            del lock
    for each in kept(root):
        if time.time() - each.used > UNUSED:
            shutil.rmtree(each.folder, ignore_errors=True)


@contextmanager
def alone(root: Path) -> Iterator[None]:
    """Hold the lock of the folder of all caches, for a moment."""
    lock = _locked(root / ".lock", wait=True)
    yield
    del lock


def _locked(path: Path, *, wait: bool) -> Held:
    """Lock a file as long as the result lives; the system frees it when the process ends, however it ends."""
    lock = Held(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666), str(path))
    try:
        fcntl.flock(lock.descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except OSError as error:
        if not wait or error.errno not in (errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL):
            raise  # else the file system has no locks: names of folders keep runs apart, and nothing is swept
    return lock
