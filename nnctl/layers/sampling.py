"""Pictures looked up between their pixels and beyond their edges, as TensorFlow's ImageProjectiveTransform does."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

import numpy as np

from nnctl.layers import Array

FillMode = Literal["reflect", "wrap", "constant", "nearest"]
Found = list[tuple[Array, Array]]  # index and weight of each pixel that a place takes its value from


def look_up(x: Array, matrices: Array, fill_mode: FillMode, bilinear: bool, fill_value: float) -> tuple[Array, Found]:
    """Return y (B, H, W, C), where column j and row i take the value at  a j + b i + c,  d j + e i + f  of x.

    `matrices` (B, 6) holds a to f for each picture. Also returns what `give_back` needs.
    """
    batch, height, width, channels = x.shape
    a, b, c, d, e, f = (part[:, None, None] for part in matrices.T)
    row, column = np.arange(height)[:, None], np.arange(width)
    left = inside(a * column + b * row + c, width, fill_mode)
    top = inside(d * column + e * row + f, height, fill_mode)
    pixels, first = x.reshape(-1, channels), np.arange(batch)[:, None, None] * (height * width)
    y, known, found = np.zeros(x.shape, x.dtype), np.zeros(left.shape, x.dtype), []
    for i, j, share in neighbours(top, left) if bilinear else [(nearest(top), nearest(left), 1.0)]:
        there = (i >= 0) & (i < height) & (j >= 0) & (j < width)
        place = first + i.clip(0, height - 1) * width + j.clip(0, width - 1)
        weight = np.where(there, share, 0).astype(x.dtype)
        y += weight[..., None] * pixels[place]
        known += weight
        found.append((place, weight))
    if fill_mode == "constant" and fill_value:
        y += ((1 - known) * x.dtype.type(fill_value))[..., None]
    return y, found


def give_back(dy: Array, found: Found) -> Array:
    """Return the slope with respect to x: each pixel gets what was taken from it, times the slope there."""
    dx = np.zeros((dy[..., 0].size, dy.shape[-1]), dy.dtype)
    for place, weight in found:
        np.add.at(dx, place.ravel(), (weight[..., None] * dy).reshape(dx.shape))
    return dx.reshape(dy.shape)


def neighbours(top: Array, left: Array) -> Iterator[tuple[Array, Array, Any]]:
    """Yield rows, columns and shares of the four pixels around places."""
    i, j = np.floor(top).astype(int), np.floor(left).astype(int)
    down, right = top - i, left - j
    for below in (0, 1):
        for beyond in (0, 1):
            share = (down if below else 1 - down) * (right if beyond else 1 - right)
            yield i + below, j + beyond, share


def nearest(at: Array) -> Array:
    """Round, halves away from zero.

    >>> nearest(np.array([0.5, 1.4, -0.5])).tolist()
    [1, 1, -1]
    """
    return np.trunc(at + np.copysign(0.5, at)).astype(int)


def inside(at: Array, size: int, fill_mode: str) -> Array:
    """Bring places outside of 0 ... size - 1 to the places inside that stand for them.

    >>> inside(np.array([-1.0, -0.25, 3.25, 4.0]), 4, "reflect").tolist()
    [0.0, 0.0, 3.0, 3.0]
    >>> inside(np.array([-1.0, 4.0]), 4, "wrap").tolist()
    [3.0, 0.0]
    """
    if fill_mode == "constant":
        return at
    if fill_mode == "reflect" and size > 1:
        at = np.where(at < 0, -at - 1, at) % (2 * size)
        at = np.where(at >= size, 2 * size - at - 1, at)
    elif fill_mode == "wrap" and size > 1:
        # As TensorFlow has it: the step is `size`, but how many steps goes by size - 1.
        below = at + size * (np.floor(-at / (size - 1)) + 1)
        above = at - size * np.floor(at / (size - 1))
        at = np.where(at < 0, below, np.where(at > size - 1, above, at))
    return at.clip(0, size - 1)
