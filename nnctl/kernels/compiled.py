"""The loops of `reference`, compiled by numba: one pass over the memory where NumPy needs several.

The same names, the same arguments, and the same order of additions, so that the numbers are the
same to the last bit, sums over many places apart (the kernel's gradient in `depthwise_gradient`).
So there is no `fastmath`: the loops wait for memory, not for arithmetic. `error_model="numpy"`
lets loops with a division use vector instructions. Exponentials are left to NumPy, whose are faster.

Numba compiles for each layout of memory anew; what is not contiguous, or has three axes of space,
is left to `reference`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba
import numpy as np

from nnctl.kernels import reference
from nnctl.kernels.reference import Array, Sizes

compiled = numba.njit(cache=True, nogil=True, error_model="numpy")


def when_compiling(hear: Callable[[], None]) -> None:
    """Call `hear` whenever a loop has to be compiled, and not when it is found in numba's cache."""
    from numba.core import event

    class Listener(event.Listener):
        def on_start(self, event: Any) -> None:
            hear()

        def on_end(self, event: Any) -> None:
            pass

    event.register("numba:compile", Listener())


# --- sliding windows: two axes of space, or one ------------------------------------------------


def suits(*arrays: Array) -> bool:
    """Whether all arrays (B, *S, ...) are what the loops below are made for."""
    return arrays[0].ndim <= 4 and all(array.flags.c_contiguous for array in arrays)


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
    dx[...] = 0
    _max_pool_gradient(plane(x), plane(y), plane(dy), pair(size), pair(strides), plane(dx))


@compiled
def _max_pool_gradient(x: Any, y: Any, dy: Any, size: Any, strides: Any, dx: Any) -> None:
    rows, height, width, channels = y.shape
    rest = np.empty(channels, y.dtype)  # the slope that no element of the window has taken yet
    zero = y.dtype.type(0)
    for b in range(rows):
        for i in range(height):
            for j in range(width):
                best, above = y[b, i, j], dy[b, i, j]
                for c in range(channels):
                    rest[c] = above[c]
                for k in range(size[0]):
                    for l in range(size[1]):  # noqa: E741
                        seen = x[b, i * strides[0] + k, j * strides[1] + l]
                        slope = dx[b, i * strides[0] + k, j * strides[1] + l]
                        for c in range(channels):
                            hit = seen[c] == best[c]
                            slope[c] += rest[c] if hit else zero
                            rest[c] = zero if hit else rest[c]


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


# --- vectors -----------------------------------------------------------------------------------


def bias_relu(z: Array, bias: Array) -> None:
    if not suits(z.reshape(-1, z.shape[-1]), z, bias):
        return reference.bias_relu(z, bias)
    _bias_relu(z.reshape(-1, z.shape[-1]), bias)


@compiled
def _bias_relu(z: Any, bias: Any) -> None:
    zero = z.dtype.type(0)
    for i in range(z.shape[0]):
        for j in range(z.shape[1]):
            raised = z[i, j] + bias[j]
            z[i, j] = zero if raised <= zero else raised


def relu_gradient(y: Array, dy: Array, dz: Array) -> None:
    if not suits(y.reshape(-1), y, dy, dz):
        return reference.relu_gradient(y, dy, dz)
    _relu_gradient(y.reshape(-1), dy.reshape(-1), dz.reshape(-1))


@compiled
def _relu_gradient(y: Any, dy: Any, dz: Any) -> None:
    zero = y.dtype.type(0)
    for i in range(len(y)):
        dz[i] = dy[i] if y[i] > zero else zero


def drop(x: Array, bits: Array, least: int, scale: float, y: Array) -> None:
    if not suits(x.reshape(-1), x, bits, y):
        return reference.drop(x, bits, least, scale, y)
    _drop(x.reshape(-1), bits.reshape(-1), least, scale, y.reshape(-1))


@compiled
def _drop(x: Any, bits: Any, least: Any, scale: Any, y: Any) -> None:
    scale, zero, least = x.dtype.type(scale), x.dtype.type(0), np.uint16(least)
    for i in range(len(x)):
        y[i] = x[i] * (scale if bits[i] >= least else zero)


def add_rows(out: Array, indices: Array, values: Array) -> None:
    if not suits(out, indices, values):
        return reference.add_rows(out, indices, values)
    out.fill(0)
    _add_rows(out, indices, values)


@compiled
def _add_rows(out: Any, indices: Any, values: Any) -> None:
    for n in range(len(indices)):
        row, value = out[indices[n]], values[n]
        for c in range(len(row)):
            row[c] += value[c]


def adam(
    w: Array,
    g: Array,
    m: Array,
    v: Array,
    share_1: float,
    share_2: float,
    rate: float,
    epsilon: float,
    scratch: list[Array],
) -> None:
    _adam(w, g, m, v, share_1, share_2, rate, epsilon)


@compiled
def _adam(w: Any, g: Any, m: Any, v: Any, share_1: Any, share_2: Any, rate: Any, epsilon: Any) -> None:
    real = w.dtype.type
    share_1, share_2, rate, epsilon = real(share_1), real(share_2), real(rate), real(epsilon)
    for i in range(len(w)):
        mean = m[i] + (g[i] - m[i]) * share_1
        square = v[i] + (g[i] * g[i] - v[i]) * share_2
        m[i], v[i] = mean, square  # not read again: that would wait for the memory
        w[i] -= mean * rate / (np.sqrt(square) + epsilon)


def rmsprop(w: Array, g: Array, v: Array, rho: float, rate: float, epsilon: float, scratch: list[Array]) -> None:
    _rmsprop(w, g, v, rho, 1 - rho, rate, epsilon)


@compiled
def _rmsprop(w: Any, g: Any, v: Any, rho: Any, share: Any, rate: Any, epsilon: Any) -> None:
    real = w.dtype.type
    rho, share, rate, epsilon = real(rho), real(share), real(rate), real(epsilon)
    for i in range(len(w)):
        square = v[i] * rho + g[i] * g[i] * share
        v[i] = square
        w[i] -= g[i] * rate / np.sqrt(square + epsilon)
