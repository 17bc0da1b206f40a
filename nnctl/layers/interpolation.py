"""Values between places: matrices that make m places of n along one axis, as TensorFlow's image.resize does.

Place i of the m lies at (i + 1/2) n / m - 1/2 among the n. A kernel says by the distance how much each of
these counts; the shares of a place sum to 1, so that beyond the border stand the values near it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Literal

import numpy as np

from nnctl.layers import Array

Interpolation = Literal["bilinear", "nearest", "bicubic", "lanczos3", "lanczos5"]
INTERPOLATION_DOC = "How a new place is made of those around it."
STEPS = 1024  # to which TensorFlow rounds the places of bicubic interpolation, unless with antialias


def mix(x: Array, matrices: list[Array]) -> Array:
    """Return x (B, *S, C) with each axis of S replaced by what a matrix (new, old) makes of it."""
    for axis, matrix in enumerate(matrices, 1):
        x = np.moveaxis(np.tensordot(matrix, x, (1, axis)), 0, axis)
    return x


def between(n: int, m: int, how: Interpolation, dtype: Any, *, antialias: bool = False) -> Array:
    """Return the matrix (m, n) that makes m places of n; with antialias, of more of them where m is smaller.

    >>> between(2, 4, "bilinear", "float64").tolist()
    [[1.0, 0.0], [0.75, 0.25], [0.25, 0.75], [0.0, 1.0]]
    >>> between(2, 3, "nearest", "float64").tolist()
    [[1.0, 0.0], [0.0, 1.0], [0.0, 1.0]]
    >>> between(4, 2, "bilinear", "float64", antialias=True).round(2).tolist()
    [[0.43, 0.43, 0.14, 0.0], [0.0, 0.14, 0.43, 0.43]]
    """
    # In float32, as in TensorFlow: which place is the nearest can turn on it.
    rough = (np.arange(m, dtype=np.float32) + np.float32(0.5)) * (np.float32(n) / np.float32(m))
    if how == "nearest":
        return np.eye(n, dtype=dtype)[np.floor(rough).astype(int).clip(0, n - 1)]
    at = (np.arange(m) + 0.5) * n / m - 0.5
    if how == "bicubic" and not antialias:
        below = np.floor(rough - np.float32(0.5))
        at = below + np.rint((rough - np.float32(0.5) - below) * STEPS) / STEPS
    width = max(n / m, 1.0) if antialias else 1.0
    shares = KERNELS[how](np.abs(at[:, None] - np.arange(n)) / width)
    return np.asarray(shares / shares.sum(axis=1, keepdims=True), dtype)


def _triangle(far: Array) -> Array:
    return np.maximum(1 - far, 0)


def _cubic(far: Array) -> Array:
    """Keys 1981, with a = -1/2"""
    near = (1.5 * far - 2.5) * far**2 + 1
    return np.where(far < 1, near, np.where(far < 2, ((-0.5 * far + 2.5) * far - 4) * far + 2, 0))


def _lanczos(radius: int, far: Array) -> Array:
    return np.where(far < radius, np.sinc(far) * np.sinc(far / radius), 0)


KERNELS: dict[str, Callable[[Array], Array]] = {
    "bilinear": _triangle,
    "bicubic": _cubic,
    "lanczos3": partial(_lanczos, 3),
    "lanczos5": partial(_lanczos, 5),
}
