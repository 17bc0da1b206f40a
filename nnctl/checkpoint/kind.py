"""What kind of file this is, decided by its first bytes, never by its name.

Only regular files are opened, without waiting: a FIFO that nobody writes to would hang a reader,
and a device has no end.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

from nnctl.errors import DeniedError, MissingInputError, ModelFileError, ReadWriteError

HDF5_MAGIC = b"\x89HDF\r\n\x1a\n"
NEXT_STEP = "expected an HDF5 file (.h5) written by nnctl or Keras"

_PICKLE = "a pickle, which can carry code: nnctl never unpickles"
_MAGIC = {
    b"PK\x03\x04": "a zip archive",
    b"\x93NUMPY": "a NumPy array (.npy)",
    b"\x1f\x8b": "compressed with gzip",
    b"\x89PNG": "a PNG image",
    b"\xff\xd8\xff": "a JPEG image",
    b"%PDF": "a PDF document",
    b"\x80\x02": _PICKLE,
    b"\x80\x03": _PICKLE,
    b"\x80\x04": _PICKLE,
    b"\x80\x05": _PICKLE,
}


@contextmanager
def open_regular(path: str | os.PathLike[str]) -> Iterator[BinaryIO]:
    """Open an existing regular file for reading.

    Raises MissingInputError where there is none, DeniedError without permission, ModelFileError for
    a directory, FIFO, socket or device.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError):
        raise MissingInputError(f"{path}: there is no such file") from None
    except PermissionError:
        raise DeniedError(f"{path}: no permission to read it") from None
    except OSError as error:
        raise ReadWriteError(f"{path}: cannot be opened: {error.strerror}") from error
    mode = os.fstat(descriptor).st_mode
    if not stat.S_ISREG(mode):
        os.close(descriptor)
        what = "a directory" if stat.S_ISDIR(mode) else "a device, pipe or socket"
        raise ModelFileError(f"{path}: is {what}, not a model file; {NEXT_STEP}")
    with os.fdopen(descriptor, "rb") as file:
        yield file


def require_hdf5(file: BinaryIO, path: str | os.PathLike[str]) -> None:
    """Raise ModelFileError, saying what the file is, unless it is a whole HDF5 file."""
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    head = file.read(4096)
    file.seek(0)
    if not head:
        raise ModelFileError(f"{path}: is empty (0 bytes); {NEXT_STEP}")
    if not head.startswith(HDF5_MAGIC):
        if HDF5_MAGIC.startswith(head):
            raise ModelFileError(f"{path}: is truncated: only {size} bytes are there; {NEXT_STEP}")
        raise ModelFileError(f"{path}: is {_describe(head)}, not a model file; {NEXT_STEP}")
    expected = _stored_size(head)
    if expected is None:
        raise ModelFileError(f"{path}: is truncated within its first {size} bytes; copy it again")
    if expected > size:
        raise ModelFileError(f"{path}: is truncated: found {size:,} bytes, expected {expected:,}; copy it again")


def _describe(head: bytes) -> str:
    if head.startswith(b"PK") and b"data.pkl" in head[:200]:
        return "a zip archive of a pickle (PyTorch), which can carry code: nnctl never unpickles"
    for magic, what in _MAGIC.items():
        if head.startswith(magic):
            return what
    if head[257:262] == b"ustar":
        return "a tar archive"
    try:
        head[:1024].decode("ascii")
    except UnicodeDecodeError:
        return "of an unknown kind"
    return "of an unknown kind" if b"\0" in head else "a text file"


def _stored_size(head: bytes) -> int | None:
    """Return the size that the superblock states (HDF5 file format, section II.A), None if it is cut off."""
    if len(head) < 16:
        return None
    version = head[8]
    offset_size = head[13] if version < 2 else head[9]
    if version > 3 or offset_size not in (4, 8):
        return 0  # nothing that we know of; the HDF5 library judges the rest
    base = {0: 24, 1: 28}.get(version, 12)
    end_of_file = base + 2 * offset_size  # after the base address and one more address
    # The superblock goes on: two addresses and a symbol table entry, or an address and a checksum.
    complete = end_of_file + (2 * offset_size + 2 * offset_size + 24 if version < 2 else 2 * offset_size + 4)
    if len(head) < complete:
        return None
    return int.from_bytes(head[end_of_file : end_of_file + offset_size], "little")
