"""MNIST in its own format: idx files, compressed or not, or Keras' mnist.npz."""

from __future__ import annotations

import gzip
import struct
import zlib
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from nnctl.data import Array, Arrays, Glance, Opened, Places
from nnctl.data.arrays import checked, load, update
from nnctl.data.catalog import CATALOG
from nnctl.data.named import NamedSet
from nnctl.data.places import reading
from nnctl.data.settings import DataSettings
from nnctl.errors import DataError
from nnctl.registry import register

PARTS = {
    "train": ("train-images-idx3-ubyte", "train-labels-idx1-ubyte"),
    "test": ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"),
}


class IdxImages(NamedSet):
    """Images and labels in four idx files of one of the `folders`, or in one .npz file."""

    folders: ClassVar[tuple[str, ...]]
    labels: ClassVar[tuple[str | int, ...]]

    def open(self, settings: DataSettings, places: Places, digest: Any) -> Opened:
        if self.where(places) is None:
            for file in CATALOG[self.set_name].files:
                self.obtain(file.name, places)
        if self._has_idx(places):
            train, test = (self._part(part, places, digest) for part in PARTS)
        else:
            train, test = self._npz(places, digest)
        return Opened(train, test)

    def glance(self, settings: DataSettings, places: Places) -> Glance | None:
        return Glance((28, 28), len(self.labels))

    def where(self, places: Places) -> Path | None:
        return places.find(*self._names(PARTS["train"][0])) or places.find(f"{self.set_name}.npz")

    def _has_idx(self, places: Places) -> bool:
        return places.find(*self._names(PARTS["train"][0])) is not None

    def _names(self, stem: str) -> list[str]:
        return [f"{folder}{stem}{suffix}" for folder in self.folders for suffix in (".gz", "")]

    def _part(self, part: str, places: Places, digest: Any) -> Arrays:
        images, labels = (self._find(stem, places) for stem in PARTS[part])
        x, y = read_idx(images, 3), read_idx(labels, 1)
        update(digest, images)
        update(digest, labels)
        return self._checked(Arrays(x, y, f"{self.set_name} ({part})", self.labels), labels)

    def _find(self, stem: str, places: Places) -> Path:
        names = self._names(stem)
        path = places.find(*names)
        return self.obtain(next((n for n in names if path and str(path).endswith(n)), names[0]), places, path)

    def _npz(self, places: Places, digest: Any) -> tuple[Arrays, Arrays]:
        path = self.obtain(f"{self.set_name}.npz", places)
        update(digest, path)
        arrays = load(path)
        absent = [key for key in ("x_train", "y_train", "x_test", "y_test") if key not in arrays]
        if absent:
            raise DataError(f"{path}: has no array {', '.join(absent)}; get it again")
        train, test = (
            self._checked(
                Arrays(arrays[f"x_{part}"], arrays[f"y_{part}"], f"{self.set_name} ({part})", self.labels), path
            )
            for part in PARTS
        )
        return train, test

    def _checked(self, data: Arrays, path: Path) -> Arrays:
        checked(data)
        y = data.y
        if y is not None and y.size and not 0 <= y.min() <= y.max() < len(self.labels):
            row = int(np.flatnonzero((y < 0) | (y >= len(self.labels)))[0])
            raise DataError(f"{path}: row {row}: label {y[row]}, expected 0 to {len(self.labels) - 1}")
        return data


@register("data source")
class Mnist(IdxImages):
    """70,000 handwritten digits: 60,000 to train on, 10,000 for the test.

    Shapes  x (N, 28, 28) bytes 0 to 255  y (N,) digits
    Raises  MissingInputError if the files are in none of the data directories
    Source  LeCun, Cortes & Burges, "The MNIST database of handwritten digits"; keras.datasets.mnist
    """

    set_name = "mnist"
    folders = ("mnist/", "")  # its relatives have the same file names: those need a folder of their own
    labels = tuple(range(10))
    examples: ClassVar = ({},)


def read_idx(path: Path, dimensions: int) -> Array:
    """Return the bytes of an idx file with this many dimensions; raise DataError naming the wrong field."""
    try:
        with reading(path), gzip.open(path) if path.suffix == ".gz" else open(path, "rb") as file:
            header = file.read(4 + 4 * dimensions)
            if len(header) < 4 + 4 * dimensions:
                raise DataError(f"{path}: {len(header)} bytes, shorter than the header of an idx file")
            magic, *shape = struct.unpack(f">{1 + dimensions}I", header)
            if magic != 0x800 + dimensions:
                raise DataError(
                    f"{path}: magic number 0x{magic:08x}, expected 0x{0x800 + dimensions:08x} "
                    f"(idx, bytes, {dimensions} dimensions)"
                )
            size = 1
            for length in shape:
                size *= length
            if size > 1 << 32:
                raise DataError(f"{path}: dimensions {shape} claim {size} bytes; the header is damaged")
            data = file.read()
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise DataError(f"{path}: the gzip file is damaged or cut short ({error}); get it again") from error
    if len(data) != size:
        raise DataError(f"{path}: dimensions {shape} need {size} bytes, got {len(data)}")
    return np.frombuffer(data, np.uint8).reshape(shape)
