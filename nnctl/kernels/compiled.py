"""The loops of `reference`, compiled by numba: one pass over the memory where NumPy needs several.

The same names, the same arguments, and the same order of additions, so that the numbers are the
same to the last bit, but for the sums over all places in `depthwise_gradient`. Exponentials are left
to NumPy, whose are faster. What is not contiguous is left to `reference`.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from nnctl import threads
from nnctl.kernels import reference, spreading
from nnctl.kernels.numba_loops import compiled, contiguous
from nnctl.kernels.reference import Array


def bias_relu(z: Array, bias: Array) -> None:
    if bias.ndim > 1 or not contiguous(z, bias):
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
    if not contiguous(y, dy, dz):
        return reference.relu_gradient(y, dy, dz)
    _relu_gradient(y.reshape(-1), dy.reshape(-1), dz.reshape(-1))


@compiled
def _relu_gradient(y: Any, dy: Any, dz: Any) -> None:
    zero = y.dtype.type(0)
    for i in range(len(y)):
        dz[i] = dy[i] if y[i] > zero else zero


def drop(x: Array, bits: Array, least: int, scale: float, y: Array) -> None:
    if not contiguous(x, bits, y):
        return reference.drop(x, bits, least, scale, y)
    _drop(x.reshape(-1), bits.reshape(-1), least, scale, y.reshape(-1))


@compiled
def _drop(x: Any, bits: Any, least: Any, scale: Any, y: Any) -> None:
    scale, zero, least = x.dtype.type(scale), x.dtype.type(0), np.uint16(least)
    for i in range(len(x)):
        y[i] = x[i] * (scale if bits[i] >= least else zero)


def add_rows(out: Array, indices: Array, values: Array) -> None:
    if not contiguous(out, indices, values):
        return reference.add_rows(out, indices, values)
    parts = threads.ranges(len(out), min(threads.current(), out.size // spreading.PART))
    threads.share([partial(_add_rows, out[part], part.start, indices, values) for part in parts])


@compiled
def _add_rows(out: Any, first: int, indices: Any, values: Any) -> None:
    flat, zero = out.reshape(-1), out.dtype.type(0)
    for i in range(len(flat)):
        flat[i] = zero
    for n in range(len(indices)):
        if first <= indices[n] < first + len(out):
            row, value = out[indices[n] - first], values[n]
            for c in range(len(row)):
                row[c] += value[c]


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
    _adam(w, g, m, v, largest, share_1, share_2, rate, epsilon)


@compiled
def _adam(w: Any, g: Any, m: Any, v: Any, largest: Any, share_1: Any, share_2: Any, rate: Any, epsilon: Any) -> None:
    real = w.dtype.type
    share_1, share_2, rate, epsilon = real(share_1), real(share_2), real(rate), real(epsilon)
    for i in range(len(w)):
        mean = m[i] + (g[i] - m[i]) * share_1
        square = v[i] + (g[i] * g[i] - v[i]) * share_2
        m[i], v[i] = mean, square  # not read again: that would wait for the memory
        if largest is not None:
            square = max(largest[i], square)
            largest[i] = square
        w[i] -= mean * rate / (np.sqrt(square) + epsilon)


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
    _rmsprop(w, g, v, a, b, rho, 1 - rho, momentum, rate, epsilon)


@compiled
def _rmsprop(
    w: Any, g: Any, v: Any, a: Any, b: Any, rho: Any, share: Any, momentum: Any, rate: Any, epsilon: Any
) -> None:
    real = w.dtype.type
    rho, share, momentum, rate, epsilon = real(rho), real(share), real(momentum), real(rate), real(epsilon)
    for i in range(len(w)):
        square = v[i] * rho + g[i] * g[i] * share
        v[i] = square
        if a is not None:
            mean = a[i] * rho + g[i] * share
            a[i] = mean
            square -= mean * mean
        step = g[i] * rate / np.sqrt(square + epsilon)
        if b is not None:
            step += b[i] * momentum
            b[i] = step
        w[i] -= step
