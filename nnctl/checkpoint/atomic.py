"""Files that are either the old one or the new one, whole, whatever happens in between.

    temporary file in the same directory -> write -> fsync(file) -> rename -> fsync(directory)

The order is what survives a power cut on every file system (Pillai et al., OSDI 2014): a rename
that reaches the disk before its data leaves an empty file under the final name.
"""

from __future__ import annotations

import errno
import os
import re
import resource
import secrets
import shutil
import stat
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from nnctl.errors import DeniedError, NnctlError, OutputError, ReadWriteError

# Short and independent of the target's name, which may itself be as long as the file system allows.
_TEMPORARY = re.compile(r"\.[0-9a-f]{16}\.nnctl-tmp")

_UNUSABLE = {
    errno.ENOENT: "its directory does not exist; make it first",
    errno.ENOTDIR: "a part of its path is a file, not a directory",
    errno.EISDIR: "it is a directory; name a file",
    errno.ENAMETOOLONG: "the name is too long for the file system; choose a shorter one",
    errno.ELOOP: "its symbolic links lead in a circle",
    errno.EROFS: "the file system is read-only; choose another place",
    errno.EINVAL: "the file system does not accept this name",
}


def write_bytes(path: str | os.PathLike[str], data: bytes | memoryview) -> None:
    """Replace the file by `data`; raises as write_file does."""
    write_file(path, lambda file: file.write(data), len(data))


def write_text(path: str | os.PathLike[str], text: str) -> None:
    """Replace the file by `text` in UTF-8, with its newlines as they are; raises as write_file does."""
    write_bytes(path, text.encode("utf-8"))


def write_file(path: str | os.PathLike[str], write: Callable[[BinaryIO], object], size: int | None = None) -> None:
    """Replace the file by what `write` puts into the open binary file that it is given.

    A symbolic link is followed: the file that it points to is replaced, in its own directory.
    The new file's mode follows the umask. `size` is how much `write` will write, where that is known:
    the message about a full disk says it.

    Raises OutputError where the place cannot be used, DeniedError without permission, and
    ReadWriteError where it failed half-way; the old file is then as it was.
    """
    target = _usable_target(path)
    temporary = _temporary_beside(target)
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
    except OSError as error:
        raise _explained(error, path) from error
    try:
        with os.fdopen(descriptor, "wb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, target)
        _sync_directory(target.parent)
    except OSError as error:
        raise _explained(error, path, size, half_way=True) from error
    finally:
        with suppress(OSError):  # gone already where the rename was reached
            os.unlink(temporary)


def link(path: Path, second: Path) -> None:
    """Give a file a second name, in place of the file that has it; raises OSError, and then nothing has changed."""
    temporary = _temporary_beside(second)
    os.link(path, temporary)
    try:
        os.replace(temporary, second)
    finally:
        with suppress(OSError):  # gone already, or one of two names of one file: then a rename does nothing
            os.unlink(temporary)


def check_writable(path: str | os.PathLike[str]) -> None:
    """Raise what write_file would raise for a place that cannot be used; leave nothing behind."""
    target = _usable_target(path)
    probe = _temporary_beside(target)
    try:
        os.close(os.open(probe, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666))
        os.unlink(probe)
    except OSError as error:
        raise _explained(error, path) from error


def sweep(directory: str | os.PathLike[str]) -> list[Path]:
    """Remove the temporary files that killed processes left in a directory; return their paths.

    Only for a directory whose lock is held: another process' file may be in the making.
    """
    left = [
        Path(entry.path)
        for entry in os.scandir(directory)
        if _TEMPORARY.fullmatch(entry.name) and entry.is_file(follow_symlinks=False)
    ]
    for path in left:
        path.unlink(missing_ok=True)
    return left


def _temporary_beside(target: Path) -> Path:
    return target.with_name(f".{secrets.token_hex(8)}.nnctl-tmp")


def _usable_target(path: str | os.PathLike[str]) -> Path:
    """Return the real file behind `path`, where a file can be or already is."""
    try:
        target = Path(os.path.realpath(path))
        if os.path.islink(target):  # realpath gives up on a circle and returns the link
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
        if not stat.S_ISDIR(os.stat(target.parent).st_mode):
            raise OSError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))
        with suppress(FileNotFoundError):
            mode = os.stat(target).st_mode
            if stat.S_ISDIR(mode):
                raise OSError(errno.EISDIR, os.strerror(errno.EISDIR))
            if not stat.S_ISREG(mode):
                raise OutputError(f"{path}: cannot write here: it is a device, pipe or socket; name a file")
    except OSError as error:
        raise _explained(error, path) from error
    except ValueError as error:  # a null byte in the name
        raise OutputError(f"{os.fspath(path)!r}: cannot write here: {error}") from error
    return target


def reason(error: OSError, path: str | os.PathLike[str], needed: int | None = None) -> str:
    """Return the system's reason; where there was no room for `needed` bytes, also how much there is."""
    text = error.strerror or str(error)
    wanted, unit = ("", " bytes") if needed is None else (f"{needed:,} bytes needed, ", "")
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        with suppress(OSError):
            free = shutil.disk_usage(Path(os.path.realpath(path)).parent).free
            text += f" ({wanted}{free:,}{unit} free)"
    elif error.errno == errno.EFBIG:
        most = resource.getrlimit(resource.RLIMIT_FSIZE)[0]
        if most != resource.RLIM_INFINITY:
            text += f" ({wanted}{most:,}{unit} allowed by  ulimit -f)"
    return text


def _explained(
    error: OSError, path: str | os.PathLike[str], size: int | None = None, half_way: bool = False
) -> NnctlError:
    """Turn the system's error into ours, with what to do next."""
    if error.errno in (errno.EACCES, errno.EPERM):
        return DeniedError(f"{path}: no permission to write here; choose another place or change its mode")
    if error.errno in _UNUSABLE and not half_way:
        return OutputError(f"{path}: cannot write here: {_UNUSABLE[error.errno]}")
    return ReadWriteError(f"{path}: writing failed: {reason(error, path, size)}; the file is as it was before")


def _sync_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):  # some network file systems have no such call
            raise
    finally:
        os.close(descriptor)
