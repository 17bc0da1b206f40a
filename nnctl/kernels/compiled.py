"""The loops of `reference`, compiled by numba: one pass over the memory where NumPy needs several.

The same names, the same arguments, and the same order of additions, so that the numbers are the
same to the last bit, but for the sums over all places in `depthwise_gradient`. Exponentials are left
to NumPy, whose are faster. What is not contiguous is left to `reference`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from nnctl.kernels import reference
from nnctl.kernels.compiled_windows import col2im, depthwise, depthwise_gradient, max_pool, max_pool_gradient
from nnctl.kernels.numba_loops import compiled, contiguous, listener
from nnctl.kernels.reference import Array

__all__ = [
    "adam",
    "add_rows",
    "bias_relu",
    "col2im",
    "depthwise",
    "depthwise_gradient",
    "drop",
    "listener",
    "lstm_slopes",
    "lstm_state",
    "max_pool",
    "max_pool_gradient",
    "open_gates",
    "relu_gradient",
    "rmsprop",
]


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
    out.fill(0)
    _add_rows(out, indices, values)


@compiled
def _add_rows(out: Any, indices: Any, values: Any) -> None:
    for n in range(len(indices)):
        row, value = out[indices[n]], values[n]
        for c in range(len(row)):
            row[c] += value[c]


def open_gates(z: Array, product: Array, scale: Array) -> None:
    if not contiguous(z, product, scale):
        return reference.open_gates(z, product, scale)
    _open_gates(z.reshape(-1), product.reshape(-1), scale.reshape(-1))


@compiled
def _open_gates(z: Any, product: Any, scale: Any) -> None:
    for i in range(len(z)):
        z[i] = (z[i] + product[i]) * scale[i]


def lstm_state(z: Array, scale: Array, shift: Array, c: Array, c_next: Array, a: Array) -> None:
    if not contiguous(z, scale, shift, c, c_next, a):
        return reference.lstm_state(z, scale, shift, c, c_next, a)
    _lstm_state(z, scale, shift, c, c_next, a)


@compiled
def _lstm_state(z: Any, scale: Any, shift: Any, c: Any, c_next: Any, a: Any) -> None:
    rows, u = c.shape
    for b in range(rows):
        row, times, plus = z[b], scale[b], shift[b]
        for j in range(4 * u):
            row[j] = row[j] * times[j] + plus[j]
        i, f, g = row[:u], row[u : 2 * u], row[2 * u : 3 * u]
        before, after, same = c[b], c_next[b], a[b]
        for j in range(u):
            state = f[j] * before[j] + i[j] * g[j]
            after[j] = state
            same[j] = state


def lstm_slopes(dh: Array, dc: Array, z: Array, a: Array, c: Array, offset: Array, dz: Array) -> None:
    if not contiguous(dh, dc, z, a, c, offset, dz):
        return reference.lstm_slopes(dh, dc, z, a, c, offset, dz)
    _lstm_slopes(dh, dc, z, a, c, offset, dz)


@compiled
def _lstm_slopes(dh: Any, dc: Any, z: Any, a: Any, c: Any, offset: Any, dz: Any) -> None:
    rows, u = c.shape
    one = z.dtype.type(1)
    for b in range(rows):
        i, f, g, o = z[b, :u], z[b, u : 2 * u], z[b, 2 * u : 3 * u], z[b, 3 * u :]
        di, df, dg, do = dz[b, :u], dz[b, u : 2 * u], dz[b, 2 * u : 3 * u], dz[b, 3 * u :]
        above, slope, active, before = dh[b], dc[b], a[b], c[b]
        for j in range(u):
            dcell = slope[j] + above[j] * o[j] * (active[j] + one) * (one - active[j])
            do[j] = above[j] * active[j]
            dg[j] = dcell * i[j]
            di[j] = dcell * g[j]
            df[j] = dcell * before[j]
            slope[j] = dcell * f[j]
        y, dy, plus = z[b], dz[b], offset[b]
        for j in range(4 * u):
            dy[j] = dy[j] * (y[j] + plus[j]) * (one - y[j])


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
