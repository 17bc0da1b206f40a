"""Pictures for people: as characters for a terminal, and as a grid in a file."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np

from nnctl.data import Array
from nnctl.errors import MissingExtraError, OutputError

SHADES = " .:-=+*#%@"
GAP = 2


def as_bytes(pictures: Array) -> Array:
    """Return pictures (N, H, W, 3) of bytes: grey ones in three equal colours, numbers from their own range."""
    x = pictures
    if x.dtype != np.uint8:
        low, high = float(x.min()), float(x.max())
        x = ((x - low) * (255 / ((high - low) or 1))).astype(np.uint8)
    x = x[..., None] if x.ndim == 3 else x
    return np.repeat(x, 3, axis=-1) if x.shape[-1] == 1 else x[..., :3]


def grid(pictures: Array, columns: int, gap: int = GAP) -> Array:
    """Return one picture (H', W', 3) with all of them side by side and one below the other."""
    x = as_bytes(pictures)
    n, height, width, _ = x.shape
    columns = min(columns, n)
    rows = math.ceil(n / columns)
    sheet = np.zeros((rows * (height + gap) - gap, columns * (width + gap) - gap, 3), np.uint8)
    for number, picture in enumerate(x):
        top, left = number // columns * (height + gap), number % columns * (width + gap)
        sheet[top : top + height, left : left + width] = picture
    return sheet


def characters(sheet: Array) -> list[str]:
    """Return a picture as lines of characters, dark for 0; two rows of points make a line."""
    grey = sheet.mean(axis=-1)
    if len(grey) % 2:
        grey = np.vstack([grey, grey[-1:]])
    shade = grey.reshape(len(grey) // 2, 2, -1).mean(axis=1) * (len(SHADES) - 1) / 255
    return ["".join(SHADES[level] for level in line).rstrip() for line in np.rint(shade).astype(int).tolist()]


def half_blocks(sheet: Array) -> list[str]:
    """Return a picture as lines for a terminal of 16 million colours: two points a character."""
    if len(sheet) % 2:
        sheet = np.vstack([sheet, np.zeros_like(sheet[:1])])
    lines = []
    for above, below in zip(sheet[::2].tolist(), sheet[1::2].tolist(), strict=True):
        cells = (
            f"\x1b[38;2;{r};{g};{b}m\x1b[48;2;{r2};{g2};{b2}m▀"
            for (r, g, b), (r2, g2, b2) in zip(above, below, strict=True)
        )
        lines.append("".join(cells) + "\x1b[0m")
    return lines


def save_grid(path: Path, pictures: Array) -> None:
    """Write a square grid of pictures as .png, .jpg or what else Pillow writes.

    Raises MissingExtraError without Pillow, OutputError where the file cannot be written.
    """
    try:
        from PIL import Image
    except ImportError as error:
        raise MissingExtraError("a picture of the data", "images") from error
    sheet = grid(pictures, math.ceil(math.sqrt(len(pictures))))
    larger = max(1, 800 // max(sheet.shape[:2]))
    try:
        Image.fromarray(np.kron(sheet, np.ones((larger, larger, 1), np.uint8))).save(path)
    except (OSError, ValueError) as error:
        raise OutputError(f"{path}: the picture could not be written: {error}; name a .png file") from error
