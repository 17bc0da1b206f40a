"""One file to one array of bytes, by Pillow (extra `images`): what keras.utils.load_img makes of it.

As there, a picture is turned into the colours wanted first and resized then, the rotation that a camera
notes (EXIF) is not applied, and of moving pictures the first frame is taken. What load_img would cut off
in silence, pixels of 16 bits, is refused.
"""

from __future__ import annotations

import struct
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import numpy as np

from nnctl.data import Array
from nnctl.data.places import reading
from nnctl.errors import DataError, MissingExtraError

FORMATS = ("PNG", "JPEG", "BMP", "GIF")  # of all that Pillow reads: no format of its own code is tried beside these
ColorMode = Literal["rgb", "grayscale", "rgba"]
Interpolation = Literal["nearest", "bilinear", "bicubic", "lanczos", "box", "hamming"]
MODES = {"rgb": "RGB", "grayscale": "L", "rgba": "RGBA"}
CHANNELS = {"rgb": 3, "grayscale": 1, "rgba": 4}
LARGEST = 89_478_485  # pixels of one picture, where Pillow itself begins to warn: a quarter of a gigabyte
TOO_LARGE = f"says that it has more than {LARGEST:,} pixels; such pictures are not decoded"
# What Pillow raises, depending on the damage.
DAMAGE = (
    OSError, SyntaxError, ValueError, EOFError, LookupError, ArithmeticError, MemoryError, TypeError, AttributeError,
    struct.error, zlib.error,
)  # fmt: skip

Size = tuple[int, int]  # height, width


def pillow() -> Any:
    """Return Pillow's Image module; raise MissingExtraError where it is not installed."""
    try:
        from PIL import Image
    except ImportError as error:
        raise MissingExtraError("a folder of pictures", "images") from error
    return Image


@contextmanager
def opened(path: Path) -> Iterator[Any]:
    """Open a picture, of which only the header has been read then; raise DataError, saying what is wrong with it."""
    image = pillow()
    with reading(path), open(path, "rb") as file, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of sizes, judged below, and of colours that a conversion drops
        try:
            with image.open(file, formats=FORMATS) as picture:
                if picture.width * picture.height > LARGEST:
                    raise DataError(TOO_LARGE)
                yield picture
        except image.UnidentifiedImageError as error:
            raise DataError(f"is no picture of the forms {', '.join(FORMATS)}") from error
        except image.DecompressionBombError as error:
            raise DataError(TOO_LARGE) from error
        except DAMAGE as error:
            if isinstance(error, OSError) and error.errno is not None:
                raise  # the disk's fault
            raise DataError(f"is damaged or cut short ({str(error) or type(error).__name__})") from error


def size_of(path: Path) -> Size:
    """Return height and width from the header."""
    with opened(path) as picture:
        return picture.height, picture.width


def moves(path: Path) -> bool:
    """Return whether a file has more than one frame; damage is told when it is decoded."""
    try:
        with opened(path) as picture:
            return bool(getattr(picture, "is_animated", False))
    except DataError:
        return False


def decode(path: Path, mode: str, size: Size | None, interpolation: str, ratio: str) -> Array:
    """Return a picture as bytes (H, W, C); `ratio` says what is done to another shape: stretch, crop or pad."""
    with opened(path) as picture:
        if picture.mode.startswith(("I", "F")):
            raise DataError("has more than 8 bits a pixel, which would be cut off at 255: convert it to 8 bits")
        picture.load()
        made = picture if picture.mode == MODES[mode] else picture.convert(MODES[mode])
        if size is not None and (made.height, made.width) != size:
            made = resized(made, size, interpolation, ratio)
        return np.asarray(made).reshape(made.height, made.width, CHANNELS[mode])


def resized(picture: Any, size: Size, interpolation: str, ratio: str) -> Any:
    height, width = size
    resample = pillow().Resampling[interpolation.upper()]
    if ratio == "pad":
        picture = padded(picture, size)
    box = middle(picture.height, picture.width, size) if ratio == "crop" else None
    return picture.resize((width, height), resample, box=box)


def middle(height: int, width: int, size: Size) -> tuple[int, int, int, int]:
    """Return the largest part of the shape of `size` in the middle: left, top, right, bottom.

    >>> middle(100, 300, (10, 20)), middle(300, 100, (10, 20))
    ((50, 0, 250, 100), (0, 125, 100, 175))
    """
    tall = max(1, min(height, width * size[0] // size[1]))
    wide = max(1, min(width, height * size[1] // size[0]))
    top, left = (height - tall) // 2, (width - wide) // 2
    return left, top, left + wide, top + tall


def padded(picture: Any, size: Size) -> Any:
    """Return a picture with black (of rgba: nothing) around it, so that it has the shape of `size`."""
    tall = max(picture.height, picture.width * size[0] // size[1])
    wide = max(picture.width, picture.height * size[1] // size[0])
    if tall * wide > LARGEST:
        raise DataError(f"has a shape that takes {tall} x {wide} pixels to pad; crop it instead")
    sheet = pillow().new(picture.mode, (wide, tall))
    sheet.paste(picture, ((wide - picture.width) // 2, (tall - picture.height) // 2))
    return sheet
