"""The run directory: found or made, locked by one process, with a list of the files that are ours.

    model.h5       the trained model          checkpoint.h5           to go on from
    spec.yaml      the resolved spec          checkpoint.previous.h5  the one before
    history.csv    numbers of every epoch     train.log               what was said
    curves.svg     the same as a picture      manifest.json           files, state, versions
    split.csv      the part of every row, where rows were set aside

nnctl deletes and overwrites only what the manifest lists; other files are never touched.
"""

from __future__ import annotations

import errno
import json
import os
import re
import socket
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

from nnctl.checkpoint.atomic import check_writable, sweep, write_text
from nnctl.errors import DeniedError, LockedError, OutputError, ReadWriteError

MANIFEST = "manifest.json"
LOCK = ".lock"


class RunDirectory:
    """A directory that one training run writes to; a context manager that holds its lock."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.manifest: dict[str, Any] = {"files": [], "status": "new"}
        self._lock: BinaryIO | None = None
        self.has_locks = True  # of the file system; without them a run works, but nothing keeps a second one out

    # --- opening ------------------------------------------------------------------------------

    def open(self) -> None:
        """Make the directory where it is missing, lock it, and read its manifest.

        Raises LockedError where another process has it, OutputError or DeniedError where it
        cannot be used.
        """
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            self._take_lock()
        except PermissionError as error:
            raise DeniedError(f"{self.path}: no permission to write there; choose another --out") from error
        except OSError as error:
            raise OutputError(
                f"{self.path}: cannot be a run directory: {error.strerror}; choose another --out"
            ) from error
        try:
            check_writable(self.path / MANIFEST)
            sweep(self.path)
            if (self.path / MANIFEST).exists():
                self.manifest = read_manifest(self.path)
        except BaseException:
            self.close()
            raise

    def _take_lock(self) -> None:
        """Lock with flock: the kernel frees it when the process ends, however it ends."""
        import fcntl

        self._lock = open(self.path / LOCK, "a+b")  # noqa: SIM115 - held until close()
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._lock.seek(0)
            holder = self._lock.read().decode(errors="replace").strip() or "another process"
            self._lock.close()
            raise LockedError(f"{self.path}: locked by {holder}; wait for it, or choose another --out") from None
        except OSError as error:
            self.has_locks = False
            if error.errno not in (errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL):
                raise
            return
        self._lock.truncate(0)
        who = f"pid {os.getpid()} on host {socket.gethostname()} since {now()}"
        self._lock.write(who.encode())
        self._lock.flush()

    def close(self) -> None:
        if self._lock is not None:
            self._lock.close()  # the file stays: removing it could free a lock that another process waits for
            self._lock = None

    # --- files --------------------------------------------------------------------------------

    def file(self, name: str) -> Path:
        """Return the path of a file that the run will write, and enter it into the manifest."""
        if name not in self.manifest["files"]:
            self.manifest["files"].append(name)
            self.save_manifest()
        return self.path / name

    def owns(self, path: Path) -> bool:
        return str(path.relative_to(self.path)) in self.manifest["files"] if path.is_relative_to(self.path) else False

    def save_manifest(self, **changes: Any) -> None:
        self.manifest.update(changes)
        write_text(self.path / MANIFEST, json.dumps(self.manifest, indent=2, sort_keys=True) + "\n")

    def clear(self) -> None:
        """Remove what an earlier run left: the files that its manifest lists, and nothing else."""
        for name in self.manifest["files"]:
            if not (self.path / name).parent.resolve().is_relative_to(self.path.resolve()):
                continue  # a folder that has become a link to another place
            try:
                (self.path / name).unlink(missing_ok=True)
            except OSError as error:
                raise ReadWriteError(f"{self.path / name}: cannot be removed: {error.strerror}") from error
        self.manifest = {"files": [], "status": "new"}


def read_manifest(directory: Path) -> dict[str, Any]:
    """Return the manifest of a run directory; raise OutputError where it is none."""
    path = directory / MANIFEST
    try:
        manifest = json.loads(path.read_text())
        names = manifest["files"]
        if not isinstance(names, list) or not all(isinstance(name, str) and _is_inside(Path(name)) for name in names):
            raise ValueError
    except (OSError, ValueError, KeyError, TypeError):
        raise OutputError(
            f"{path}: is damaged, and without it nnctl does not know which files are its own; choose another --out"
        ) from None
    return dict(manifest)


def _is_inside(name: Path) -> bool:
    """Whether a name in a manifest can only mean a file below the run directory."""
    return name != Path() and not name.is_absolute() and ".." not in name.parts


def choose(out: Path | None, name: str, *, resume: bool, overwrite: bool) -> Path:
    """Return the directory for a run: the one given, else runs/NAME, runs/NAME-2, ...

    With `resume` or `overwrite` and no directory given, it is the newest of these. Raises
    OutputError where a run is there already and neither was asked for.
    """
    if out is not None:
        if not (resume or overwrite) and out.is_dir() and any(entry.name != LOCK for entry in out.iterdir()):
            raise OutputError(
                f"{out}: there is something already; use --resume to go on, --overwrite to replace it, or another --out"
            )
        if out.exists() and not out.is_dir():
            raise OutputError(f"{out}: is a file, and a run needs a directory; choose another --out")
        return out
    root = Path("runs")
    taken = {
        int(match[1] or 1)
        for entry in (root.iterdir() if root.is_dir() else ())
        if (match := re.fullmatch(re.escape(name) + r"(?:-(\d+))?", entry.name))
    }
    number = max(taken, default=0)
    if not (resume or overwrite) or number == 0:
        number += 1
    return root / (name if number == 1 else f"{name}-{number}")


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
