"""The one guard: every group, dataset and attribute of a model file is read through it.

A model file is data that anyone may have written. The guard allows what Keras and nnctl write and
nothing else: hard links, plain numbers in the file itself, text attributes. HDF5 can also point
into other files (external links, external storage, virtual datasets), claim shapes of petabytes
that store nothing, and hold objects; each of these is refused before it is followed or read. A
shape is never believed: the reader says which one it must be.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, BinaryIO

import h5py
import numpy as np

from nnctl.checkpoint.kind import open_regular, require_hdf5
from nnctl.checkpoint.scout import survives
from nnctl.checkpoint.seal import check_seal
from nnctl.errors import ModelFileError

Array = np.ndarray[Any, np.dtype[Any]]
Shape = tuple[int, ...]

MAX_TEXT = 64 * 2**20  # bytes of one text attribute
MAX_NAMES = 100_000  # in one list of names, in one group
MAX_EXPANSION = 20  # packed weights are hardly smaller than plain ones; only zeros are, and bombs
SMALL = 64 * 2**20  # bytes of values that a file of any size may hold
MAX_DEPTH = 32  # of groups in groups
FILTERS = {h5py.h5z.FILTER_DEFLATE, h5py.h5z.FILTER_SHUFFLE, h5py.h5z.FILTER_LZF}


@dataclass
class Source:
    """The file behind a group: its name for messages, its size, whether it bears nnctl's seal."""

    path: str
    size: int
    sealed: bool
    taken: int = 0  # bytes of values read so far

    @property
    def most(self) -> int:
        """Return how many bytes of values a file of this size may give."""
        return max(SMALL, MAX_EXPANSION * self.size)

    def take(self, place: str, size: int) -> None:
        """Count what is about to be read: many names can lead to one small thing that unfolds to a large one."""
        self.taken += size
        if self.taken > self.most:
            raise self.fail(place, f"claims {size:,} bytes; a file of {self.size:,} bytes may unfold to {self.most:,}")

    def fail(self, place: str, sentence: str) -> ModelFileError:
        return ModelFileError(f"{self.path}: {place or 'root'}: {sentence}")


@contextmanager
def open_model_file(path: str | os.PathLike[str]) -> Iterator[Group]:
    """Open an HDF5 file for reading; raises as open_regular does, ModelFileError for any other kind."""
    with open_regular(path) as file, open_hdf5(file, os.fspath(path)) as root:
        yield root


@contextmanager
def open_hdf5(file: BinaryIO, path: str) -> Iterator[Group]:
    """Read an open file, or bytes in memory, as HDF5; `path` is for messages."""
    require_hdf5(file, path)
    source = Source(path, file.seek(0, os.SEEK_END), check_seal(file, path))
    survives(lambda: _look_at_all(file, source), source.path, source.size)
    with _opened(file, source) as root:
        yield root


@contextmanager
def _opened(file: BinaryIO, source: Source) -> Iterator[Group]:
    with _library(source, ""):
        # The library gets our open file, so that it has no name to open a second one beside it.
        hdf5 = h5py.File(file, "r", rdcc_nbytes=0)
    with hdf5:
        yield Group(hdf5, "", source)


def _look_at_all(file: BinaryIO, source: Source) -> None:
    """Do everything to a file that loading may do to it; what the guard refuses is left alone."""
    with suppress(ModelFileError), _opened(file, source) as root:
        waiting, seen = [(root, 0)], set()
        while waiting:
            group, depth = waiting.pop()
            for attribute in group.attributes():
                for read in (group.text, group.texts):
                    with suppress(ModelFileError):
                        read(attribute)
            for name in group.names():
                with suppress(ModelFileError):
                    group.array(name, group.shape_of(name), None)
                with suppress(ModelFileError):
                    inner = group.group(name)
                    if depth < MAX_DEPTH and inner.address not in seen:  # a group can hold itself
                        seen.add(inner.address)
                        waiting.append((inner, depth + 1))


class Group:
    """A group of the file; every way down from here is checked."""

    def __init__(self, node: Any, place: str, source: Source) -> None:
        self._node = node
        self.place = place
        self.source = source

    def fail(self, name: str, sentence: str) -> ModelFileError:
        return self.source.fail(self._at(name), sentence)

    def has(self, name: str) -> bool:
        with _library(self.source, self._at(name)):
            return bool(self._node.id.links.exists(name.encode()))

    def names(self) -> list[str]:
        """Return the names of all members, those that will be refused too."""
        with _library(self.source, self.place):
            if len(self._node) > MAX_NAMES:
                raise self.fail("", f"holds {len(self._node):,} members, at most {MAX_NAMES:,} are read")
            return list(self._node)

    def attributes(self) -> list[str]:
        with _library(self.source, self.place):
            return list(self._node.attrs)

    @property
    def address(self) -> int:
        """Where the group lies in the file: the same for every name that it has."""
        with _library(self.source, self.place):
            return int(h5py.h5o.get_info(self._node.id).addr)

    def group(self, path: str) -> Group:
        """Return the group at `path`, each step of it checked."""
        here = self
        for name in _steps(self, path):
            node = here._open(name)
            if not isinstance(node, h5py.Group):
                raise here.fail(name, "expected a group, found a dataset")
            here = Group(node, here._at(name), self.source)
        return here

    def array(self, path: str, shape: Shape, dtype: str | np.dtype[Any] | None) -> Array:
        """Read a dataset that must have this shape, converted to this dtype (None: its own) with no value changed."""
        dataset, place = self._dataset(path)
        if dataset.shape != tuple(shape):
            raise self.source.fail(place, f"expected shape {tuple(shape)}, found {dataset.shape}")
        self.source.take(place, dataset.size * dataset.dtype.itemsize)
        with _library(self.source, place):
            stored = np.empty(dataset.shape, dataset.dtype)
            if stored.size:
                dataset.read_direct(stored)
        wanted = stored.dtype if dtype is None else np.dtype(dtype)
        if stored.dtype == wanted:
            return stored
        with np.errstate(over="ignore", invalid="ignore"):
            values = stored.astype(wanted)
            exact = np.array_equal(values.astype(stored.dtype), stored, equal_nan=stored.dtype.kind == "f")
        if not exact:
            raise self.source.fail(place, f"its {stored.dtype} values do not fit {wanted} without a change")
        return values

    def shape_of(self, path: str) -> Shape:
        """Return the shape of a dataset that the guard would read."""
        return tuple(self._dataset(path)[0].shape)

    def raw_bytes(self, path: str) -> bytes:
        """Read a dataset of bytes that nnctl wrote: as long as it is in the file."""
        dataset, place = self._dataset(path)
        if dataset.dtype != np.uint8 or dataset.ndim != 1 or dataset.chunks is not None:
            raise self.source.fail(place, f"expected bytes, found {dataset.dtype} of shape {dataset.shape}")
        return self.array(path, dataset.shape, "u1").tobytes()

    def has_attribute(self, name: str) -> bool:
        with _library(self.source, f"{self.place}@{name}"):
            return bool(h5py.h5a.exists(self._node.id, name.encode()))

    def text(self, name: str) -> str:
        """Read an attribute that must be one text."""
        value = self._attribute(name, 0)
        return _decoded(value, self.source, f"{self.place}@{name}")

    def texts(self, name: str) -> list[str]:
        """Read an attribute that must be a list of texts, which Keras splits (name0, name1, ...) where it is long."""
        names = [name]
        if not self.has_attribute(name):
            names = []
            while self.has_attribute(f"{name}{len(names)}"):
                names.append(f"{name}{len(names)}")
            if not names:
                raise self.source.fail(f"{self.place}@{name}", "is missing")
        result: list[str] = []
        for part in names:
            place = f"{self.place}@{part}"
            result += [_decoded(value, self.source, place) for value in self._attribute(part, 1)]
        return result

    def _at(self, name: str) -> str:
        return f"{self.place}/{name}" if self.place else name

    def _open(self, name: str) -> Any:
        place = self._at(name)
        if not self.has(name):
            raise self.source.fail(place, "is missing")
        with _library(self.source, place):
            if self._node.id.links.get_info(name.encode()).type != h5py.h5l.TYPE_HARD:
                raise self.source.fail(place, "is a link to another place; links are not allowed in a model file")
            return self._node[name]

    def _dataset(self, path: str) -> tuple[Any, str]:
        *parents, name = _steps(self, path)
        here = self.group("/".join(parents)) if parents else self
        place, dataset = here._at(name), here._open(name)
        if not isinstance(dataset, h5py.Dataset):
            raise self.source.fail(place, "expected a dataset, found a group")
        with _library(self.source, place):
            plan = dataset.id.get_create_plist()
            if plan.get_external_count() or plan.get_layout() == h5py.h5d.VIRTUAL:
                raise self.source.fail(place, "keeps its values in another file; that is not allowed in a model file")
            filters = {plan.get_filter(i)[0] for i in range(plan.get_nfilters())}
            if filters - FILTERS:
                raise self.source.fail(place, "is packed with a filter other than gzip, shuffle and lzf")
            dtype, shape = dataset.dtype, dataset.shape
            stored = dataset.id.get_storage_size()
        if shape is None or dtype.kind not in "fiu" or dtype.metadata or dtype.itemsize > 8:
            raise self.source.fail(place, f"expected plain numbers, found {dtype}")
        size = math.prod(map(int, shape)) * dtype.itemsize
        if size > (stored and self.source.most if filters else stored):
            raise self.source.fail(place, f"claims {size:,} bytes (shape {shape}), the file holds {stored:,} of them")
        return dataset, place

    def _attribute(self, name: str, rank: int) -> Any:
        place = f"{self.place}@{name}"
        if not self.has_attribute(name):
            raise self.source.fail(place, "is missing")
        with _library(self.source, place):
            attribute = h5py.h5a.open(self._node.id, name.encode())
            shape, dtype = attribute.shape, attribute.dtype
            is_text = h5py.check_string_dtype(dtype) is not None
        if rank == 1 and shape == (0,):
            return []  # Keras writes an empty list of names as an empty list of floats
        if not is_text or len(shape) != rank:
            raise self.source.fail(place, "expected " + ("a text" if rank == 0 else "a list of texts"))
        if (size := math.prod(map(int, shape)) * dtype.itemsize) > MAX_TEXT or (rank and shape[0] > MAX_NAMES):
            raise self.source.fail(place, f"is too long: {size:,} bytes")
        with _library(self.source, place):
            return self._node.attrs[name]


def _steps(group: Group, path: str) -> list[str]:
    names = path.split("/")
    if any(name in ("", ".", "..") or "\0" in name for name in names):
        raise group.fail(path, "is not a name in this file")
    return names


def _decoded(value: Any, source: Source, place: str) -> str:
    """Return a text attribute's value; h5py gives bytes for fixed lengths and lets invalid UTF-8 through."""
    try:
        text = value.decode("utf-8") if isinstance(value, bytes) else str(value)
        encoded = text.encode("utf-8")
    except UnicodeError:
        raise source.fail(place, "is not text in UTF-8") from None
    if len(encoded) > MAX_TEXT:
        raise source.fail(place, f"is too long: {len(encoded):,} bytes")
    return text


@contextmanager
def _library(source: Source, place: str) -> Iterator[None]:
    """Turn whatever the HDF5 library says of a damaged file into ModelFileError."""
    try:
        yield
    except ModelFileError:
        raise
    except (OSError, RuntimeError, ValueError, KeyError, TypeError, AttributeError, NotImplementedError) as error:
        reason = str(error.args[0]) if error.args else type(error).__name__
        if "truncated" in reason:
            raise source.fail(place, f"truncated: {reason}") from error
        raise source.fail(place, f"is damaged: {reason}") from error
