"""The seal: the SHA-256 of the whole file, as a line of text after the end of the HDF5 data.

HDF5 ignores what follows its data. nnctl compares the seal before the HDF5 library sees the file,
because the library does not merely fail on damaged bytes: it can crash or run in circles.
"""

from __future__ import annotations

import hashlib
import os
from typing import BinaryIO

from nnctl.errors import ModelFileError

PREFIX = b"\nnnctl-sha256 "
LENGTH = len(PREFIX) + 64 + 1
CHUNK = 2**20


def seal(image: bytes) -> bytes:
    """Return the line to be written after an HDF5 file."""
    return PREFIX + hashlib.sha256(image).hexdigest().encode("ascii") + b"\n"


def check_seal(file: BinaryIO, path: str | os.PathLike[str]) -> bool:
    """Whether the file has a seal; raises ModelFileError where it has one and the content is another."""
    size = file.seek(0, os.SEEK_END) - LENGTH
    if size < 0:
        return False
    file.seek(size)
    found = file.read()
    file.seek(0)
    if not found.startswith(PREFIX):
        return False
    digest, left = hashlib.sha256(), size
    while left and (block := file.read(min(CHUNK, left))):
        digest.update(block)
        left -= len(block)
    file.seek(0)
    if found != PREFIX + digest.hexdigest().encode("ascii") + b"\n":
        raise ModelFileError(
            f"{path}: is damaged: its bytes are not the ones that were saved (SHA-256 differs); "
            "use another copy of the file"
        )
    return True
