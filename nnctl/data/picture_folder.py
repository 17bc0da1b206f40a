"""A folder of pictures with one subfolder a class."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

import numpy as np

from nnctl.data import Arrays, DataSource, Glance, Opened, Places, picture_decoding as decoding
from nnctl.data.arrays import update
from nnctl.data.lazy import Lazy
from nnctl.data.picture_decoding import ColorMode, Interpolation
from nnctl.data.picture_files import SUFFIXES, Found, as_text, find
from nnctl.data.picture_reading import PictureReader, sizes, words
from nnctl.data.settings import DataSettings
from nnctl.errors import DataError
from nnctl.fields import field
from nnctl.registry import register
from nnctl.rules import PositiveInt

THUMBNAIL = 64  # points along a side, where pictures of many sizes are shown


@register("data source")
class PictureFolder(DataSource):
    """A folder of pictures (.png .jpg .jpeg .bmp .gif), one subfolder a class, as image_dataset_from_directory has it.

    Pixels are what load_img gives: resized by Pillow, EXIF rotation not applied, CMYK and palettes turned into
    color_mode, of a moving picture the first frame. Of 48-bit colours the upper bytes count; 16-bit greys are refused.
    Shapes  x (N, *size, channels) bytes 0 to 255  y (N,) names of the subfolders
    Raises  DataError naming the files that are no pictures; MissingExtraError without Pillow
    Source  keras.utils.image_dataset_from_directory, keras.utils.load_img
    """

    path: str = field(doc="The folder; to predict, also one picture or a pattern.")
    size: tuple[PositiveInt, PositiveInt] | None = field(
        None, doc="Height and width to resize to; null: all pictures have one size already."
    )
    color_mode: ColorMode = field("rgb", doc="Colours of a pixel: 3 (rgb), 1 (grayscale) or 4 (rgba).")
    interpolation: Interpolation = field("bilinear", doc="How pictures are resized, in load_img's words.")
    crop_to_aspect_ratio: bool = field(False, doc="Crop pictures of another shape to their middle; else stretch them.")
    pad_to_aspect_ratio: bool = field(False, doc="Put black around pictures of another shape; else stretch them.")

    suffixes = SUFFIXES
    reads_folders = True
    examples = (
        {"path": "pictures/"},
        {"path": "pictures/", "size": [32, 48], "color_mode": "grayscale", "crop_to_aspect_ratio": True},
    )

    def conflicts(self) -> Iterator[tuple[str, str]]:
        if self.crop_to_aspect_ratio and self.pad_to_aspect_ratio:
            yield "pad_to_aspect_ratio", "a picture is either cropped or padded: set one of them"

    @property
    def ratio(self) -> str:
        return "crop" if self.crop_to_aspect_ratio else "pad" if self.pad_to_aspect_ratio else "stretch"

    def open(self, settings: DataSettings, places: Places, digest: Any) -> Opened:
        """Decode all into memory, as bytes."""
        decoding.pillow()
        found = find(self.path, places)
        if found.labels is None:
            raise DataError(
                f"{found.root}: has no subfolders, which name the classes: training and evaluation need  "
                f"{found.root / 'CLASS' / found.files[0].name}"
            )
        self._update(digest, found)
        return self._opened(found, PictureReader(found, self)(0, len(found.files)))

    def stream(self, settings: DataSettings, places: Places) -> Opened:
        """Decode as it goes, with subfolders or without."""
        decoding.pillow()
        found = find(self.path, places)
        return self._opened(found, Lazy(len(found.files), PictureReader(found, self)))

    def glance(self, settings: DataSettings, places: Places) -> Glance | None:
        found = find(self.path, places)
        return Glance(PictureReader(found, self).shape, len(found.classes) if len(found.classes) > 1 else None)

    def to_show(self, places: Places) -> tuple[DataSource, list[str]]:
        """Return a source that can be shown, where pictures have many sizes and none is set."""
        if self.size is not None:
            return self, []
        counts = Counter(sizes(find(self.path, places).files))
        if len(counts) < 2:
            return self, []
        least, largest = (f(counts, key=lambda size: size[0] * size[1]) for f in (min, max))
        often = counts.most_common(1)[0]
        note = (
            f"pictures of {len(counts)} sizes, {words(least)} to {words(largest)} (height x width), {often[1]} of "
            f"them {words(often[0])}; shown at {THUMBNAIL} x {THUMBNAIL}; a spec has to say a size"
        )
        shape = {"size": (THUMBNAIL, THUMBNAIL), "pad_to_aspect_ratio": not self.crop_to_aspect_ratio}
        return PictureFolder(**{**self.config(), **shape}), [note]

    def _opened(self, found: Found, x: Any) -> Opened:
        moving = [as_text(path) for path in found.files if path.suffix.lower() == ".gif" and decoding.moves(path)]
        more = f" and {len(moving) - 5} more" if len(moving) > 5 else ""
        notes = [f"of moving pictures the first frame is taken: {', '.join(moving[:5])}{more}"] if moving else []
        y = None if found.labels is None else np.array(found.labels)
        rows = Arrays(x, y, as_text(found.root), tuple(found.classes) or None, found.names)
        return Opened(rows, notes=[*found.notes, *notes])

    def _update(self, digest: Any, found: Found) -> None:
        if digest is None:
            return
        digest.update(json.dumps({**self.config(), "path": None}, sort_keys=True).encode())
        for path in found.files:
            digest.update(b"\0" + as_text(path.relative_to(found.root)).encode() + b"\0")
            update(digest, path)
