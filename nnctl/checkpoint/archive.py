"""The .keras archive of Keras 3: a zip of config.json, metadata.json and model.weights.h5.

Read in memory, by exact name: nothing is unpacked to disk, and what else lies in the archive is never
looked at. Sizes come from the archive's directory, and reading stops at them whatever the data say.
"""

from __future__ import annotations

import io
import json
import os
import stat
import zipfile
import zlib
from collections.abc import Mapping
from typing import Any, BinaryIO, NamedTuple

from nnctl.checkpoint.atomic import write_file
from nnctl.checkpoint.strict_json import loads
from nnctl.errors import ModelFileError

MAGIC = b"PK\x03\x04"
CONFIG, METADATA, WEIGHTS = "config.json", "metadata.json", "model.weights.h5"
MAX_JSON = 16 * 2**20  # bytes of a config
MAX_EXPANSION = 20  # of weights, packed to unpacked; Keras does not pack them
SMALL = 16 * 2**20  # bytes that weights may unpack to, however small the archive
PACKINGS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest time that a zip can say: the same model gives the same bytes


class Archive(NamedTuple):
    """The members of an archive, both JSON texts parsed."""

    config: Any
    metadata: Any
    weights: BinaryIO


def is_archive(file: BinaryIO) -> bool:
    """Whether a file is a zip archive and not that of a pickle (PyTorch)."""
    head = file.read(200)
    file.seek(0)
    return head.startswith(MAGIC) and b"data.pkl" not in head


def read_archive(file: BinaryIO, path: str) -> Archive:
    """Return the members of a .keras archive; raises ModelFileError where it is none, or no sound one."""
    size = file.seek(0, os.SEEK_END)
    limits = {CONFIG: MAX_JSON, METADATA: MAX_JSON, WEIGHTS: max(SMALL, MAX_EXPANSION * size)}
    try:
        with zipfile.ZipFile(file) as archive:
            members = _members(archive, path)
            config, metadata, weights = (_read(archive, members[name], limits[name], path) for name in limits)
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, ValueError, NotImplementedError, RuntimeError) as error:
        raise ModelFileError(f"{path}: is damaged: not a whole zip archive ({error}); use another copy") from error
    return Archive(_json(config, f"{path}: {CONFIG}"), _json(metadata, f"{path}: {METADATA}"), io.BytesIO(weights))


def write_archive(path: str | os.PathLike[str], config: Any, metadata: Any, weights: bytes) -> None:
    """Write an archive atomically; raises as atomic.write_file does."""
    members: Mapping[str, bytes] = {
        METADATA: json.dumps(metadata).encode("utf-8"),
        CONFIG: json.dumps(config).encode("utf-8"),
        WEIGHTS: weights,
    }

    def write(file: BinaryIO) -> None:
        with zipfile.ZipFile(file, "w") as archive:
            for name, content in members.items():
                archive.writestr(zipfile.ZipInfo(name, EPOCH), content)

    write_file(path, write, sum(map(len, members.values())))


def _members(archive: zipfile.ZipFile, path: str) -> dict[str, zipfile.ZipInfo]:
    """Return the three members that are read; each must be there once, as a plain file."""
    found: dict[str, zipfile.ZipInfo] = {}
    for info in archive.infolist():
        if info.filename not in (CONFIG, METADATA, WEIGHTS):
            continue
        if info.filename in found:
            raise ModelFileError(f"{path}: {info.filename} is in it twice; it is no archive of Keras'")
        if stat.S_ISLNK(info.external_attr >> 16) or info.compress_type not in PACKINGS or info.flag_bits & 1:
            raise ModelFileError(f"{path}: {info.filename} is a link, encrypted or packed in a way that Keras has not")
        found[info.filename] = info
    if missing := [name for name in (CONFIG, METADATA, WEIGHTS) if name not in found]:
        raise ModelFileError(f"{path}: is a zip archive without {', '.join(missing)}: no model of Keras'")
    return found


def _read(archive: zipfile.ZipFile, info: zipfile.ZipInfo, limit: int, path: str) -> bytes:
    """Read one member, of which the archive's directory says how long it is."""
    if info.file_size > limit:
        raise ModelFileError(
            f"{path}: {info.filename} claims to unpack from {info.compress_size:,} to {info.file_size:,} bytes; "
            f"at most {limit:,} are read"
        )
    with archive.open(info) as member:
        content = member.read(limit + 1)
    if len(content) != info.file_size:
        raise ModelFileError(f"{path}: {info.filename} has not the {info.file_size:,} bytes that the directory claims")
    return content


def _json(content: bytes, where: str) -> Any:
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        raise ModelFileError(f"{where}: is not text in UTF-8") from None
    return loads(text, where)
