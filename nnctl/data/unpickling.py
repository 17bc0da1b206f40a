"""Pickles of data sets, read without their power: only lists, dicts, numbers, texts and NumPy arrays come out.

CIFAR's batches are pickles, and the .npz files of IMDB and Reuters hold arrays of lists, which NumPy
can store as pickles only. A pickle may name any function to be called while it is read; here a name
outside of the few that rebuild an array is refused, and nothing is ever imported for one.
"""

from __future__ import annotations

import io
import pickle
import re
import zipfile
from collections.abc import Callable
from typing import Any

import numpy as np

from nnctl.data import Array
from nnctl.data.arrays import DAMAGE, check_size
from nnctl.errors import DataError

BROKEN = (*DAMAGE, pickle.UnpicklingError, TypeError, AttributeError, IndexError, RecursionError, zipfile.LargeZipFile)
PLAIN_TYPE = re.compile(r"[biufO]\d?\d?")


class Refused(pickle.UnpicklingError):
    """The pickle wants more than data."""


def _empty_array(cls: Any, shape: Any, kind: Any) -> Array:
    """Stand for numpy's _reconstruct, which pickles call with these values and no others."""
    if cls is not np.ndarray or shape != (0,):
        raise Refused("an array is rebuilt in a way that NumPy never writes")
    return np.ndarray((0,), np.int8)


def _plain_type(code: Any, *_: Any) -> Any:
    text = code.decode("latin-1") if isinstance(code, bytes) else code
    if not isinstance(text, str) or not PLAIN_TYPE.fullmatch(text):
        raise Refused(f"arrays of type {text!r} are no plain data")
    return np.dtype(text, copy=True)  # the state that follows sets its byte order: never that of a shared type


def _bytes_of(text: Any, encoding: Any) -> bytes:
    """Stand for _codecs.encode, by which Python 3 writes bytes into old pickles."""
    if encoding != "latin1":
        raise Refused(f"bytes are written as {encoding!r}")
    return bytes(text.encode("latin-1"))


ALLOWED: dict[tuple[str, str], Callable[..., Any] | type] = {
    ("numpy", "ndarray"): np.ndarray,
    ("numpy", "dtype"): _plain_type,
    ("numpy.core.multiarray", "_reconstruct"): _empty_array,
    ("numpy._core.multiarray", "_reconstruct"): _empty_array,
    ("_codecs", "encode"): _bytes_of,
}


class Unpickler(pickle.Unpickler):
    """Knows the names above, and no other."""

    def find_class(self, module: str, name: str) -> Any:
        try:
            return ALLOWED[module, name]
        except KeyError:
            raise Refused(f"it names {module}.{name}, which is no data") from None

    def persistent_load(self, pid: Any) -> Any:
        raise Refused("it refers to objects outside of the file")


def unpickle(content: bytes, title: str, *, encoding: str = "ASCII") -> Any:
    """Return the plain data of a pickle; raise DataError naming it where it is more or is damaged."""
    try:
        return Unpickler(io.BytesIO(content), encoding=encoding).load()
    except Refused as error:
        raise DataError(f"{title}: refuses to load a pickle that can run code: {error}") from error
    except BROKEN as error:
        raise DataError(f"{title}: damaged, or no pickle ({type(error).__name__}: {error}); get it again") from error


def load_npz(content: bytes, title: str) -> dict[str, Array]:
    """Return the arrays of an .npz file, also those of objects, which are lists of numbers here."""
    arrays = {}
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for info in archive.infolist():
                key, dot, _ = info.filename.rpartition(".npy")
                if dot:
                    with archive.open(info) as member:
                        has_objects = check_size(member, info.filename, info.file_size)
                        rest = member.read()
                    with archive.open(info) as member:
                        arrays[key] = (
                            unpickle(rest, f"{title}: {info.filename}")
                            if has_objects
                            else np.lib.format.read_array(member, allow_pickle=False)
                        )
    except BROKEN as error:
        raise DataError(f"{title}: damaged, or no .npz file ({type(error).__name__}: {error}); get it again") from error
    return arrays
