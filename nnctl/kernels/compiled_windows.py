"""The loops of `reference` over sliding windows, compiled for one and two axes of space.

What has three axes, or is not contiguous, is left to `reference`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from nnctl.kernels import reference
from nnctl.kernels.numba_loops import compiled, contiguous
from nnctl.kernels.reference import Array, Sizes


def suits(x: Array, *others: Array) -> bool:
    """Whether x (B, *S, C) and what goes with it are what the loops below are made for."""
    return x.ndim <= 4 and contiguous(x, *others)


def plane(x: Array) -> Array:
    """Return (B, T, C) as (B, 1, T, C), and (B, H, W, C) as it is."""
    return x if x.ndim == 4 else x[:, None]


def pair(sizes: Sizes) -> tuple[int, int]:
    return sizes if len(sizes) == 2 else (1, *sizes)  # type: ignore[return-value]  # one or two


def col2im(columns: Array, size: Sizes, strides: Sizes, dilation: Sizes, x: Array) -> None:
    if not suits(x, columns):
        return reference.col2im(columns, size, strides, dilation, x)
    x[...] = 0
    outputs = columns.shape[1 : -len(size) - 1]
    planes = columns.reshape(len(columns), *pair(outputs), *pair(size), columns.shape[-1])
    _col2im(planes, pair(strides), pair(dilation), plane(x))


@compiled
def _col2im(columns: Any, strides: Any, dilation: Any, x: Any) -> None:
    rows, height, width, down, across, channels = columns.shape
    for b in range(rows):
        for k in range(down):
            for l in range(across):  # noqa: E741
                for i in range(height):
                    for j in range(width):
                        place = x[b, i * strides[0] + k * dilation[0], j * strides[1] + l * dilation[1]]
                        part = columns[b, i, j, k, l]
                        for c in range(channels):
                            place[c] += part[c]


def max_pool(x: Array, size: Sizes, strides: Sizes, y: Array) -> None:
    if not suits(x, y):
        return reference.max_pool(x, size, strides, y)
    _max_pool(plane(x), pair(size), pair(strides), plane(y))


@compiled
def _max_pool(x: Any, size: Any, strides: Any, y: Any) -> None:
    rows, height, width, channels = y.shape
    for b in range(rows):
        for i in range(height):
            for j in range(width):
                best = y[b, i, j]
                for k in range(size[0]):
                    for l in range(size[1]):  # noqa: E741
                        seen = x[b, i * strides[0] + k, j * strides[1] + l]
                        if k == 0 and l == 0:
                            for c in range(channels):
                                best[c] = seen[c]
                        else:
                            for c in range(channels):
                                # The second question lets NaN through, as NumPy does.
                                best[c] = seen[c] if seen[c] > best[c] or seen[c] != seen[c] else best[c]


def max_pool_gradient(x: Array, y: Array, dy: Array, size: Sizes, strides: Sizes, dx: Array) -> None:
    if not suits(x, y, dy, dx):
        return reference.max_pool_gradient(x, y, dy, size, strides, dx)
    given = plane(x), plane(y), plane(dy), pair(size)
    if size == strides and all(n % k == 0 for n, k in zip(x.shape[1:], size, strict=False)):
        return _tile_pool_gradient(*given, plane(dx))
    dx[...] = 0
    _max_pool_gradient(*given, pair(strides), plane(dx))


@compiled
def _tile_pool_gradient(x: Any, y: Any, dy: Any, size: Any, dx: Any) -> None:
    """As below, where the windows lie side by side and cover x: every slope is written once."""
    rows, height, width, channels = y.shape
    left = np.empty(channels, y.dtype)
    zero = y.dtype.type(0)
    for b in range(rows):
        for i in range(height):
            for j in range(width):
                best, above = y[b, i, j], dy[b, i, j]
                for c in range(channels):
                    left[c] = above[c]
                for k in range(size[0]):
                    for l in range(size[1]):  # noqa: E741
                        seen, slope = x[b, i * size[0] + k, j * size[1] + l], dx[b, i * size[0] + k, j * size[1] + l]
                        for c in range(channels):
                            hit = seen[c] == best[c]
                            slope[c] = left[c] if hit else zero
                            left[c] = zero if hit else left[c]


@compiled
def _max_pool_gradient(x: Any, y: Any, dy: Any, size: Any, strides: Any, dx: Any) -> None:
    rows, height, width, channels = y.shape
    rest = np.empty(y.shape[1:], y.dtype)  # the slopes that no element of their windows has taken yet
    zero = y.dtype.type(0)
    for b in range(rows):
        for i in range(height):
            for j in range(width):
                for c in range(channels):
                    rest[i, j, c] = dy[b, i, j, c]
        for k in range(size[0]):
            for l in range(size[1]):  # noqa: E741
                for i in range(height):
                    for j in range(width):
                        best, left = y[b, i, j], rest[i, j]
                        seen = x[b, i * strides[0] + k, j * strides[1] + l]
                        slope = dx[b, i * strides[0] + k, j * strides[1] + l]
                        for c in range(channels):
                            hit = seen[c] == best[c]
                            slope[c] += left[c] if hit else zero
                            left[c] = zero if hit else left[c]


def depthwise(x: Array, kernel: Array, strides: Sizes, dilation: Sizes, y: Array) -> None:
    if not single(kernel) or not suits(x, kernel, y[..., 0]):
        return reference.depthwise(x, kernel, strides, dilation, y)
    y[...] = 0
    _depthwise(plane(x), by_element(kernel), pair(strides), pair(dilation), plane(y[..., 0]))


def single(kernel: Array) -> bool:
    """Whether a kernel (*K, C, M) has M = 1: with more, NumPy is as fast."""
    return kernel.shape[-1] == 1


def by_element(kernel: Array) -> Array:
    """Return a kernel (*K, C, 1) as (K, L, C)."""
    return kernel.reshape(*pair(kernel.shape[:-2]), kernel.shape[-2])


@compiled
def _depthwise(x: Any, kernel: Any, strides: Any, dilation: Any, y: Any) -> None:
    rows, height, width, channels = y.shape
    for b in range(rows):
        for i in range(height):
            for j in range(width):
                total = y[b, i, j]
                for k in range(kernel.shape[0]):
                    for l in range(kernel.shape[1]):  # noqa: E741
                        seen = x[b, i * strides[0] + k * dilation[0], j * strides[1] + l * dilation[1]]
                        part = kernel[k, l]
                        for c in range(channels):
                            total[c] += seen[c] * part[c]


def depthwise_gradient(
    x: Array, dy: Array, kernel: Array, strides: Sizes, dilation: Sizes, dkernel: Array, dx: Array | None
) -> None:
    if not single(kernel) or not suits(x, dy[..., 0], kernel, dkernel, *([] if dx is None else [dx])):
        return reference.depthwise_gradient(x, dy, kernel, strides, dilation, dkernel, dx)
    slopes, steps = plane(dy[..., 0]), (pair(strides), pair(dilation))
    _depthwise_kernel(plane(x), slopes, *steps, by_element(dkernel))
    if dx is not None:
        dx[...] = 0
        _depthwise_input(slopes, by_element(kernel), *steps, plane(dx))


@compiled
def _depthwise_kernel(x: Any, dy: Any, strides: Any, dilation: Any, dkernel: Any) -> None:
    rows, height, width, channels = dy.shape
    line = np.empty(channels, dy.dtype)  # the sum of one line of places: sums of sums lose less
    for k in range(dkernel.shape[0]):
        for l in range(dkernel.shape[1]):  # noqa: E741
            total = dkernel[k, l]
            for b in range(rows):
                for i in range(height):
                    for c in range(channels):
                        line[c] = 0
                    for j in range(width):
                        seen = x[b, i * strides[0] + k * dilation[0], j * strides[1] + l * dilation[1]]
                        slope = dy[b, i, j]
                        for c in range(channels):
                            line[c] += seen[c] * slope[c]
                    for c in range(channels):
                        total[c] += line[c]


@compiled
def _depthwise_input(dy: Any, kernel: Any, strides: Any, dilation: Any, dx: Any) -> None:
    rows, height, width, channels = dy.shape
    for b in range(rows):
        for k in range(kernel.shape[0]):
            for l in range(kernel.shape[1]):  # noqa: E741
                part = kernel[k, l]
                for i in range(height):
                    for j in range(width):
                        slope = dx[b, i * strides[0] + k * dilation[0], j * strides[1] + l * dilation[1]]
                        above = dy[b, i, j]
                        for c in range(channels):
                            slope[c] += above[c] * part[c]
