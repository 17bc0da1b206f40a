"""NumPy's files: .npz with inputs and targets, or .npy. Nothing in them is ever unpickled.

Large arrays are mapped into memory, not read, where the file holds them as they are: numpy.savez does not pack.
"""

from __future__ import annotations

import zipfile
import zlib
from pathlib import Path
from typing import IO, Any

import numpy as np

from nnctl.data import Array, Arrays, DataSource, Glance, Opened, Places
from nnctl.data.places import reading
from nnctl.data.settings import DataSettings
from nnctl.errors import DataError
from nnctl.fields import field
from nnctl.registry import register, suggest

# What numpy.load raises, depending on the damage.
DAMAGE = (
    ValueError,
    EOFError,
    KeyError,
    MemoryError,
    OverflowError,
    RuntimeError,  # an encrypted member, or one packed in an unknown way
    zipfile.BadZipFile,
    zlib.error,
)
MAPPED = 64 << 20  # bytes of a file from which on its arrays are mapped
INPUTS, TARGETS = ("x_train", "x", "X"), ("y_train", "y", "Y")


@register("data source")
class NumpyFile(DataSource):
    """An .npz file with x and y (or x_train, y_train, x_test, y_test), or an .npy file with inputs.

    Shapes  x (N, ...)  y (N,) or (N, k)
    Raises  DataError for object arrays, missing keys and damaged files
    Source  numpy.lib.format, version 1 to 3
    """

    path: str = field(doc="The file.")

    suffixes = (".npz", ".npy")
    examples = ({"path": "data.npz"},)

    def open(self, settings: DataSettings, places: Places, digest: Any) -> Opened:
        path = places.files(self.path)[0]
        update(digest, path)
        if path.suffix == ".npy":
            return Opened(Arrays(load(path)[""], self._beside(settings, places, digest), str(path)))
        parts = load(path)
        x_key, y_key = _key(parts, settings.x, INPUTS, path), _key(parts, settings.y, TARGETS, path, required=False)
        rows = Arrays(parts[x_key or ""], parts[y_key] if y_key else None, str(path))
        test = None
        if "x_test" in parts and x_key == "x_train":
            test = Arrays(parts["x_test"], parts.get("y_test"), f"{path} (test)")
        return Opened(checked(rows), checked(test) if test else None)

    def glance(self, settings: DataSettings, places: Places) -> Glance | None:
        path = places.files(self.path)[0]
        try:
            if path.suffix == ".npy":
                with reading(path):
                    return Glance(np.load(path, mmap_mode="r", allow_pickle=False).shape[1:])
            with reading(path), zipfile.ZipFile(path) as archive:
                key = next(key for key in (settings.x, *INPUTS) if key and f"{key}.npy" in archive.namelist())
                with archive.open(f"{key}.npy") as member:
                    return Glance(_header(member)[0][1:])
        except (ValueError, EOFError, StopIteration, zipfile.BadZipFile):
            return None  # `open` says what is wrong

    def _beside(self, settings: DataSettings, places: Places, digest: Any) -> Array | None:
        if settings.y is None:
            return None
        path = places.files(settings.y)[0]
        update(digest, path)
        return load(path)[""]


def update(digest: Any, path: Path) -> None:
    if digest is None:
        return
    with reading(path), open(path, "rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)


def load(path: Path) -> dict[str, Array]:
    """Return the arrays of a file by key ("" for .npy), as NumPy stores them, without pickle."""
    try:
        with reading(path):
            _check_sizes(path)
            if path.stat().st_size >= MAPPED:
                return _map(path)
            loaded = np.load(path, allow_pickle=False)
            return {"": loaded} if isinstance(loaded, np.ndarray) else {key: loaded[key] for key in loaded.files}
    except DAMAGE as error:
        if "allow_pickle" in str(error) or "pickled" in str(error):
            raise DataError(
                f"{path}: refuses to load pickled objects, which can run code; save plain numbers instead"
            ) from error
        raise DataError(
            f"{path}: damaged, or not a file of NumPy ({type(error).__name__}: {error}); get it again"
        ) from error


def _map(path: Path) -> dict[str, Array]:
    """Return the arrays of a large file, which come into memory as they are used."""
    if path.suffix != ".npz":
        return {"": np.asarray(np.load(path, mmap_mode="r", allow_pickle=False))}
    with zipfile.ZipFile(path) as archive:
        return {info.filename.removesuffix(".npy"): _map_member(path, archive, info) for info in archive.infolist()}


def _map_member(path: Path, archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Array:
    with archive.open(info) as member:
        shape, fortran, dtype = _header(member)
        start = member.tell()
        if info.compress_type == zipfile.ZIP_STORED and not dtype.hasobject and 0 not in shape:
            while member.read(1 << 20):  # at the end its checksum is compared
                pass
            with open(path, "rb") as file:
                file.seek(info.header_offset)
                local = file.read(30)
            names = int.from_bytes(local[26:28], "little") + int.from_bytes(local[28:30], "little")
            offset = info.header_offset + len(local) + names + start
            return np.asarray(np.memmap(path, dtype, "r", offset, shape, "F" if fortran else "C"))
    with archive.open(info) as member:
        packed: Array = np.lib.format.read_array(member, allow_pickle=False)
        return packed


def _check_sizes(path: Path) -> None:
    """Refuse headers that claim more than the file holds, before anything is allocated."""
    if path.suffix != ".npz":
        with open(path, "rb") as file:
            check_size(file, path.name, path.stat().st_size)
        return
    with zipfile.ZipFile(path) as archive:
        for info in archive.infolist():
            with archive.open(info) as member:
                check_size(member, info.filename, info.file_size)


def check_size(file: IO[bytes], name: str, held: int) -> bool:
    """Read the header of an array and return whether it is of objects; ValueError where it claims too much."""
    shape, _, dtype = _header(file)
    size = dtype.itemsize
    for length in shape:
        size *= length
    if not dtype.hasobject and (min(shape, default=0) < 0 or size > held):
        raise ValueError(f"{name} claims shape {shape}, but holds {held} bytes")
    return bool(dtype.hasobject)


def _header(member: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    version = np.lib.format.read_magic(member)
    form = np.lib.format
    read = form.read_array_header_1_0 if version == (1, 0) else form.read_array_header_2_0
    header: tuple[tuple[int, ...], bool, np.dtype[Any]] = read(member)
    return header


def _key(
    parts: dict[str, Array], wanted: str | None, usual: tuple[str, ...], path: Path, *, required: bool = True
) -> str | None:
    if wanted is not None and wanted not in parts:
        near = suggest(wanted, parts)
        hint = f"did you mean {near!r}?" if near else f"it has {', '.join(parts)}"
        raise DataError(f"{path}: has no array {wanted!r}; {hint}")
    found = wanted or next((key for key in usual if key in parts), None)
    if found is None and required:
        raise DataError(
            f"{path}: has no array {' or '.join(usual)}; it has {', '.join(parts)}: set data.x to one of them"
        )
    return found


def checked(data: Arrays) -> Arrays:
    """Return the same arrays; raise DataError where they cannot be rows of one data set."""
    if data.x.ndim < 1 or len(data.x) == 0:
        raise DataError(f"{data.name}: inputs of shape {data.x.shape}: 0 rows")
    if data.x.ndim == 1:
        data.x = data.x[:, None]
    if data.y is not None and (data.y.ndim < 1 or len(data.y) != len(data.x)):
        raise DataError(f"{data.name}: {len(data.x)} inputs, but targets of shape {data.y.shape}")
    return data
