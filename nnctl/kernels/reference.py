"""Loops over sliding windows: what convolution and pooling spend their time in.

`x` is (B, *S, C), already padded; a window is `size` wide on each axis of S, its elements `dilation`
apart, and moves by `strides`; there are *O places for it.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided

Array = np.ndarray[Any, np.dtype[Any]]
Sizes = tuple[int, ...]


def places(x: Array, size: Sizes, strides: Sizes, dilation: Sizes) -> Sizes:
    """Return how many places there are for a window on each axis."""
    reach = ((k - 1) * d + 1 for k, d in zip(size, dilation, strict=True))
    return tuple((n - r) // s + 1 for n, r, s in zip(x.shape[1:-1], reach, strides, strict=True))


def windows(x: Array, size: Sizes, strides: Sizes, dilation: Sizes) -> Array:
    """Return a view (B, *O, *size, C) of all windows."""
    first, *steps, last = x.strides
    shape = (len(x), *places(x, size, strides, dilation), *size, x.shape[-1])
    moves = (step * s for step, s in zip(steps, strides, strict=True))
    within = (step * d for step, d in zip(steps, dilation, strict=True))
    return as_strided(x, shape, (first, *moves, *within, last), writeable=x.flags.writeable)


def elements(x: Array, size: Sizes, strides: Sizes, dilation: Sizes) -> Iterator[Array]:
    """Yield a view (B, *O, C) for each element of the window: x as that element sees it."""
    counts = places(x, size, strides, dilation)
    for offset in product(*map(range, size)):
        starts = [o * d for o, d in zip(offset, dilation, strict=True)]
        cut = [slice(a, a + (n - 1) * s + 1, s) for a, n, s in zip(starts, counts, strides, strict=True)]
        yield x[(slice(None), *cut)]


def im2col(x: Array, size: Sizes, strides: Sizes, dilation: Sizes, columns: Array) -> None:
    """Copy every window of x into `columns` (B, *O, *size, C)."""
    np.copyto(columns, windows(x, size, strides, dilation))


def col2im(columns: Array, size: Sizes, strides: Sizes, dilation: Sizes, x: Array) -> None:
    """Add every window of `columns` (B, *O, *size, C) to its place in x, which is zeroed first."""
    x[...] = 0
    if all(s >= k for s, k in zip(strides, size, strict=True)) and max(dilation) == 1:
        np.copyto(windows(x, size, strides, dilation), columns)  # no two windows touch
        return
    inner = range(len(size))
    for offset, seen in zip(np.ndindex(*size), elements(x, size, strides, dilation), strict=True):
        seen += columns[(slice(None), *(slice(None) for _ in inner), *offset)]


def max_pool(x: Array, size: Sizes, strides: Sizes, y: Array) -> None:
    """Write the maximum of every window of x into y (B, *O, C)."""
    views = elements(x, size, strides, (1,) * len(size))
    y[...] = next(views)
    for seen in views:
        np.maximum(y, seen, out=y)


def max_pool_gradient(x: Array, y: Array, dy: Array, size: Sizes, strides: Sizes, dx: Array) -> None:
    """Write into dx what dy (B, *O, C) says of y: it goes to the first maximum of each window."""
    dx[...] = 0
    ones = (1,) * len(size)
    apart = all(s >= k for s, k in zip(strides, size, strict=True))
    free = np.ones(y.shape, bool)
    hit = np.empty(y.shape, bool)
    for seen, slope in zip(elements(x, size, strides, ones), elements(dx, size, strides, ones), strict=True):
        np.equal(seen, y, out=hit)
        hit &= free
        free ^= hit
        if apart:
            np.multiply(dy, hit, out=slope)
        else:
            slope += dy * hit


def depthwise(x: Array, kernel: Array, strides: Sizes, dilation: Sizes, y: Array) -> None:
    """Correlate each channel of x with its own kernels (*size, C, M); write y (B, *O, C, M)."""
    y[...] = 0
    size = kernel.shape[:-2]
    part = np.empty(y.shape[:-1], y.dtype)
    for seen, lines in zip(elements(x, size, strides, dilation), _lines(kernel, y), strict=True):
        for m, line in enumerate(lines):
            np.multiply(seen, line, out=part)
            y[..., m] += part


def depthwise_gradient(
    x: Array, dy: Array, kernel: Array, strides: Sizes, dilation: Sizes, dkernel: Array, dx: Array | None
) -> None:
    """Add the gradient of the kernel to `dkernel`, write that of x into dx where it is given."""
    size, (channels, multiplier) = kernel.shape[:-2], kernel.shape[-2:]
    part = np.empty(dy.shape[:-1], dy.dtype)
    total = dkernel.reshape(-1, channels, multiplier)
    for number, seen in enumerate(elements(x, size, strides, dilation)):
        for m in range(multiplier):
            np.multiply(seen, dy[..., m], out=part)
            total[number, :, m] += part.sum(axis=tuple(range(part.ndim - 2))).sum(axis=0)
    if dx is None:
        return
    dx[...] = 0
    for slope, lines in zip(elements(dx, size, strides, dilation), _lines(kernel, dy), strict=True):
        for m, line in enumerate(lines):
            np.multiply(dy[..., m], line, out=part)
            slope += part


def _lines(kernel: Array, y: Array) -> Array:
    """Return the kernel as (elements, M, line, C), repeated along a line of y: NumPy is fast on long rows."""
    by_element = np.moveaxis(kernel.reshape(-1, *kernel.shape[-2:]), -1, 1)[:, :, None]
    return np.repeat(by_element, y.shape[-3], axis=2)


def bias_relu(z: Array, bias: Array) -> None:
    """z <- max(z + bias, 0), with z (..., C)"""
    z += bias
    np.maximum(z, 0, out=z)


def relu_gradient(y: Array, dy: Array, dz: Array) -> None:
    """dz = dy where y > 0, else 0"""
    np.multiply(dy, y > 0, out=dz)


def drop(x: Array, bits: Array, least: int, scale: float, y: Array) -> None:
    """y = x * scale where bits >= least, else 0"""
    np.greater_equal(bits, least, out=y, casting="unsafe")
    y *= scale
    y *= x


def add_rows(out: Array, indices: Array, values: Array) -> None:
    """Set out[i] to the sum of the values of index i, and to 0 where there is none.

    An index seen for the first time is set, only its repetitions are added: NumPy adds at indices
    fast in one dimension alone, and that still takes ten times as long as copying.
    """
    out.fill(0)
    _, first = np.unique(indices, return_index=True)
    out[indices[first]] = values[first]
    again = np.ones(len(indices), bool)
    again[first] = False
    width = out.shape[1]
    places = indices[again][:, None] * width + np.arange(width)
    np.add.at(out.reshape(-1), places.reshape(-1), values[again].reshape(-1))


def adam(
    w: Array,
    g: Array,
    m: Array,
    v: Array,
    largest: Array | None,
    share_1: float,
    share_2: float,
    rate: float,
    epsilon: float,
    scratch: list[Array],
) -> None:
    """m <- m + share_1 (g - m),  v <- v + share_2 (g^2 - v),  w <- w - rate m / (sqrt(v) + epsilon)

    Given `largest`, the largest v so far, that is updated and takes the place of v in the root.
    """
    step, spare = scratch
    np.subtract(g, m, out=step)
    step *= share_1
    m += step
    np.multiply(g, g, out=step)
    step -= v
    step *= share_2
    v += step
    if largest is not None:
        np.maximum(largest, v, out=largest)
        v = largest
    np.sqrt(v, out=spare)
    spare += epsilon
    np.multiply(m, rate, out=step)
    step /= spare
    w -= step


def rmsprop(
    w: Array,
    g: Array,
    v: Array,
    a: Array | None,
    b: Array | None,
    rho: float,
    momentum: float,
    rate: float,
    epsilon: float,
    scratch: list[Array],
) -> None:
    """v <- rho v + (1 - rho) g^2,  w <- w - rate g / sqrt(v + epsilon)

    Given a, a <- rho a + (1 - rho) g, and v - a^2 takes the place of v in the root. Given b,
    b <- momentum b + the step, and b takes the place of the step.
    """
    step, root = scratch
    np.multiply(g, g, out=step)
    step *= 1 - rho
    v *= rho
    v += step
    if a is None:
        np.add(v, epsilon, out=root)
    else:
        np.multiply(g, 1 - rho, out=step)
        a *= rho
        a += step
        np.multiply(a, a, out=step)
        np.subtract(v, step, out=root)
        root += epsilon
    np.sqrt(root, out=root)
    np.multiply(g, rate, out=step)
    step /= root
    if b is not None:
        b *= momentum
        b += step
        step = b
    w -= step
