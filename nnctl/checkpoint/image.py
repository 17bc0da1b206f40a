"""HDF5 files are made in memory and then written as bytes.

So a full disk fails in a plain `write`, with the system's reason, and not inside the HDF5 library,
which answers a failed write with errors on closing. A seal follows the bytes (seal.py). The same calls
give the same bytes: no time stamps are tracked, and groups list their members by name.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import h5py

from nnctl.checkpoint.atomic import write_file
from nnctl.checkpoint.seal import LENGTH, seal

_GROWTH = 2**20  # bytes by which the image in memory grows


def write_hdf5(path: str | os.PathLike[str], fill: Callable[[Any], None]) -> None:
    """Replace the file by an HDF5 file that `fill` is given to put things into; raises as write_file does."""
    image = make_image(fill)
    write_file(path, lambda file: (file.write(image), file.write(seal(image))), len(image) + LENGTH)


def make_image(fill: Callable[[Any], None]) -> bytes:
    """Return the bytes of an HDF5 file that `fill` is given to put things into, without a seal."""
    # "earliest" is the format that every HDF5 library of the last twenty years can read.
    with h5py.File(
        "image",
        "w",
        driver="core",
        backing_store=False,
        block_size=_GROWTH,
        libver=("earliest", "v110"),
        track_order=False,
    ) as root:
        fill(root)
        root.flush()
        image: bytes = root.id.get_file_image()
    return image
