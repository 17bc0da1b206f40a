"""checkpoint.h5: everything that a run needs to go on to the same bits, as one tree of values and arrays."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from nnctl.checkpoint import own
from nnctl.checkpoint.guard import open_model_file
from nnctl.checkpoint.image import write_hdf5
from nnctl.errors import ModelFileError


def save_state(path: str | os.PathLike[str], state: Mapping[str, Any]) -> None:
    """Write a tree of plain values and arrays (see own.py), atomically; the same tree gives the same bytes.

    Raises as atomic.write_file does.
    """
    write_hdf5(path, lambda root: own.write(root, state))


def load_state(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Read what `save_state` wrote, its seal compared.

    Raises MissingInputError where there is no file, ModelFileError where it is not a sound checkpoint.
    """
    with open_model_file(path) as root:
        if not own.is_own(root):
            raise ModelFileError(f"{os.fspath(path)}: is an HDF5 file, but no checkpoint of nnctl")
        return own.read(root)
