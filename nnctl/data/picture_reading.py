"""Many pictures as one array, all of one size; what cannot be decoded is told file by file."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from nnctl.data import Array
from nnctl.data.cells import Troubles
from nnctl.data.memory import available, shown
from nnctl.data.picture_decoding import CHANNELS, Size, decode, size_of
from nnctl.data.picture_files import Found, as_text
from nnctl.errors import DataError

if TYPE_CHECKING:
    from nnctl.data.picture_folder import PictureFolder

BYTES = 5  # of memory for each value: as read, and as a float32


class PictureReader:
    """Call it with a range of rows to decode them; `shape` is that of one row."""

    def __init__(self, found: Found, options: PictureFolder) -> None:
        self.found, self.options = found, options
        self.size = options.size or next(sizes(found.files), (1, 1))
        self.shape = (*self.size, CHANNELS[options.color_mode])

    def __call__(self, start: int, stop: int) -> Array:
        """Return bytes (stop - start, H, W, C); raise DataError naming the files that cannot be decoded."""
        shape, options = (stop - start, *self.shape), self.options
        if (needed := BYTES * math.prod(shape)) > (left := available()):
            raise DataError(
                f"{as_text(self.found.root)}: {stop - start} pictures of {words(self.size)} (height x width) need "
                f"about {shown(needed)} of memory, {shown(left)} are left; set a smaller size"
            )
        out, troubles = np.empty(shape, np.uint8), Troubles()
        for row, path in enumerate(self.found.files[start:stop]):
            try:
                picture = decode(path, options.color_mode, options.size, options.interpolation, options.ratio)
            except DataError as error:
                troubles.add(as_text(path), str(error), "mend it, get it again, or remove it")
                continue
            if picture.shape[:2] != self.size:
                raise self._differs(path, picture.shape[:2])
            out[row] = picture
        troubles.finish()
        return out

    def _differs(self, path: Path, other: Any) -> DataError:
        (height, width), files = self.size, self.found.files
        first = next(file for file in files if next(sizes([file]), None) == self.size)
        return DataError(
            f"{as_text(first)} has {words(self.size)} pixels (height x width), {as_text(path)} has {words(other)}: say "
            "which size they are to get: "
            f"source: {{picture_folder: {{path: {self.options.path}, size: [{height}, {width}]}}}}"
        )


def sizes(files: Iterable[Path]) -> Iterator[Size]:
    """Yield height and width of each picture whose header can be read; what is wrong is told when it is decoded."""
    for path in files:
        try:
            yield size_of(path)
        except DataError:
            continue


def words(size: Any) -> str:
    return f"{size[0]} x {size[1]}"
