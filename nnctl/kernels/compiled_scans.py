"""The loops of `reference_scans`, compiled: from the first step to the last without the interpreter.

So several threads go through the steps of some rows each, and none waits for another. They take float32, with
the products of NumPy's own library (`blas`); what else comes goes to the reference.

tanh and s are written out, as numba's own work on one number at a time. They are within 3 units in the last place.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from nnctl.kernels import reference_scans as reference
from nnctl.kernels.blas import PLAIN, ROW_MAJOR, sgemm
from nnctl.kernels.numba_loops import compiling, contiguous
from nnctl.kernels.reference_scans import Array

# `contract` lets a product and a sum be rounded once, which no other flag of fastmath may follow: the order stays.
compiled_scan = compiling(nogil=True, fastmath={"contract"})
inlined = compiling(nogil=True, fastmath={"contract"}, inline="always")

f4 = np.float32
ZERO, HALF, ONE, TWO, TINY = f4(0), f4(0.5), f4(1), f4(2), f4(reference.TINY)
# exp(x) = 2^k exp(r), with k = x / ln 2 rounded and r = x - k ln 2, where ln 2 = HIGH + LOW has 9 bits in HIGH; k
# are the last bits of a sum with 1.5 2^23, and go into a float's exponent by a shift. The polynomials are Cephes'.
LOG2E, HIGH, LOW, ROUNDER = f4(1.4426950408889634), f4(0.693359375), f4(-2.12194440e-4), f4(12582912)
E5, E4, E3 = f4(1.9875691500e-4), f4(1.3981999507e-3), f4(8.3334519073e-3)
E2, E1, E0 = f4(4.1665795894e-2), f4(1.6666665459e-1), f4(5.0000001201e-1)
LEAST = f4(-30)  # a gate that is 1e-13 open might as well be shut, and its slopes are no denormal numbers
T4, T3, T2 = f4(-5.70498872745e-3), f4(2.06390887954e-2), f4(-5.37397155531e-2)
T1, T0 = f4(1.33314422036e-1), f4(-3.33332819422e-1)
SMALL, ALL_BITS = f4(0.625), f4(9.1)  # where tanh is a polynomial; beyond which it is 1


@inlined
def _exp(x: Any) -> Any:
    """exp(x) for LEAST <= x <= 0, and NaN for NaN"""
    shifted = x * LOG2E + ROUNDER
    k = shifted - ROUNDER
    r = x - k * HIGH - k * LOW
    y = (((((E5 * r + E4) * r + E3) * r + E2) * r + E1) * r + E0) * r * r + r + ONE
    bits = (np.int64(np.float32(shifted).view(np.int32)) << 23) + np.int64(127 << 23)
    return y * np.int32(bits).view(np.float32)


@inlined
def _tanh(x: Any) -> Any:
    """(1 - e) / (1 + e), with e = exp(-2 |x|), or x + x^3 P(x^2) for small x"""
    size, square = abs(x), x * x
    e = _exp(-TWO * (ALL_BITS if size > ALL_BITS else size))
    y = (ONE - e) / (ONE + e)
    small = ((((T4 * square + T3) * square + T2) * square + T1) * square + T0) * square * x + x
    return small if size < SMALL else (-y if x < ZERO else y)


@inlined
def _logistic(x: Any) -> Any:
    """1 / (1 + exp(-x)), or e / (1 + e) with e = exp(x) where x is negative"""
    size = -abs(x)
    e = _exp(LEAST if size < LEAST else size)
    return (e if x < ZERO else ONE) / (ONE + e)


@inlined
def _add_product(a: Any, w: Any, out: Any) -> None:
    """out += a w"""
    (m, k), n = a.shape, w.shape[1]
    sgemm(ROW_MAJOR, PLAIN, PLAIN, m, n, k, ONE, a.ctypes.data, k, w.ctypes.data, n, ONE, out.ctypes.data, n)


@inlined
def _set_product(a: Any, w: Any, out: Any) -> None:
    """out = a w"""
    (m, k), n = a.shape, w.shape[1]
    sgemm(ROW_MAJOR, PLAIN, PLAIN, m, n, k, ONE, a.ctypes.data, k, w.ctypes.data, n, ZERO, out.ctypes.data, n)


@inlined
def _arrive(t: int, dy: Any, slope: Any) -> None:
    """slope += dy_t; none stays so small that it might become a denormal number"""
    more, flat = len(dy) > 0, slope.reshape(-1)
    from_output = dy[t].reshape(-1) if more else flat
    for j in range(len(flat)):
        total = flat[j] + from_output[j] if more else flat[j]
        flat[j] = ZERO if abs(total) < TINY else total


@inlined
def _some_rest(t: int, rest: Any) -> bool:
    """Whether a row rests at this step: if none does, one long loop goes over all of them."""
    if len(rest):
        for resting in rest[t]:  # `any` would have numba import SciPy where that is installed
            if resting:
                return True
    return False


@inlined
def _stay(t: int, rest: Any, state: Any) -> None:
    if len(rest):
        for b in range(state.shape[1]):
            if rest[t, b]:
                for j in range(state.shape[2]):  # numba takes a second longer to compile an assignment of slices
                    state[t + 1, b, j] = state[t, b, j]


def _fit(rest: Array, *arrays: Array) -> bool:
    """Whether the compiled loop takes these arrays: addresses know neither types nor gaps."""
    return sgemm is not None and all(array.dtype == np.float32 for array in arrays) and contiguous(rest, *arrays)


def rnn_scan(x: Array, W: Array, z: Array, U: Array, h: Array, rest: Array) -> None:
    if not _fit(rest, x, W, z, U, h):
        return reference.rnn_scan(x, W, z, U, h, rest)
    _rnn_scan(x, W, z[0], U[0], h, rest)


@compiled_scan
def _rnn_scan(x: Any, W: Any, z: Any, weight: Any, h: Any, rest: Any) -> None:
    for t in range(len(z)):
        if len(x):
            _set_product(x[t], W[0], z[t])
        _add_product(h[t], weight, z[t])
        now, after = z[t].reshape(-1), h[t + 1].reshape(-1)
        for j in range(len(now)):
            after[j] = _tanh(now[j])
        _stay(t, rest, h)


def rnn_scan_back(z: Array, R: Array, V: Array, h: Array, dx: Array, dy: Array, dh: Array, rest: Array) -> None:
    if not _fit(rest, z, R, V, h, dx, dy, dh):
        return reference.rnn_scan_back(z, R, V, h, dx, dy, dh, rest)
    _rnn_scan_back(z[0], R, V[0], h, dx, dy, dh, rest)


@compiled_scan
def _rnn_scan_back(z: Any, R: Any, weight: Any, h: Any, dx: Any, dy: Any, dh: Any, rest: Any) -> None:
    for t in range(len(z) - 1, -1, -1):
        _arrive(t, dy, dh)
        slope, y, dz = dh.reshape(-1), h[t + 1].reshape(-1), z[t].reshape(-1)
        some_rest = _some_rest(t, rest)
        parts = len(rest[t]) if some_rest else 1
        size = len(slope) // parts
        for b in range(parts):
            if some_rest and rest[t, b]:
                for j in range(b * size, (b + 1) * size):
                    dz[j] = ZERO
                continue
            for j in range(b * size, (b + 1) * size):
                dz[j] = slope[j] * (ONE - y[j] * y[j])
                slope[j] = ZERO  # the product is added to it: a row that rests keeps what it has
        _add_product(z[t], weight, dh)
        if len(dx):
            _set_product(z[t], R[0], dx[t])


def lstm_scan(x: Array, W: Array, z: Array, U: Array, h: Array, c: Array, a: Array, rest: Array) -> None:
    if not _fit(rest, x, W, z, U, h, c, a):
        return reference.lstm_scan(x, W, z, U, h, c, a, rest)
    _lstm_scan(x, W, z, U, h, c, a, rest)


@compiled_scan
def _lstm_scan(x: Any, W: Any, z: Any, U: Any, h: Any, c: Any, a: Any, rest: Any) -> None:
    for t in range(z.shape[1]):
        for gate in range(4):
            if len(x):
                _set_product(x[t], W[gate], z[gate, t])
            _add_product(h[t], U[gate], z[gate, t])
        o, i, f, g = z[0, t].reshape(-1), z[1, t].reshape(-1), z[2, t].reshape(-1), z[3, t].reshape(-1)
        before, cell = c[t].reshape(-1), c[t + 1].reshape(-1)
        active, state = a[t].reshape(-1), h[t + 1].reshape(-1)
        for j in range(len(o)):
            out, write, keep, new = _logistic(o[j]), _logistic(i[j]), _logistic(f[j]), _tanh(g[j])
            total = keep * before[j] + write * new
            bounded = _tanh(total)
            o[j], i[j], f[j], g[j] = out, write, keep, new
            cell[j], active[j], state[j] = total, bounded, out * bounded
        _stay(t, rest, h)
        _stay(t, rest, c)


def lstm_scan_back(
    z: Array, R: Array, V: Array, c: Array, a: Array, dx: Array, dy: Array, dh: Array, dc: Array, rest: Array
) -> None:
    if not _fit(rest, z, R, V, c, a, dx, dy, dh, dc):
        return reference.lstm_scan_back(z, R, V, c, a, dx, dy, dh, dc, rest)
    _lstm_scan_back(z, R, V, c, a, dx, dy, dh, dc, rest)


@compiled_scan
def _lstm_scan_back(z: Any, R: Any, V: Any, c: Any, a: Any, dx: Any, dy: Any, dh: Any, dc: Any, rest: Any) -> None:
    for t in range(z.shape[1] - 1, -1, -1):
        _arrive(t, dy, dh)
        o, i, f, g = z[0, t].reshape(-1), z[1, t].reshape(-1), z[2, t].reshape(-1), z[3, t].reshape(-1)
        before, active = c[t].reshape(-1), a[t].reshape(-1)
        slope, cell = dh.reshape(-1), dc.reshape(-1)
        some_rest = _some_rest(t, rest)
        parts = len(rest[t]) if some_rest else 1
        size = len(slope) // parts
        for b in range(parts):
            if some_rest and rest[t, b]:
                for j in range(b * size, (b + 1) * size):
                    o[j], i[j], f[j], g[j] = ZERO, ZERO, ZERO, ZERO
                continue
            for j in range(b * size, (b + 1) * size):
                out, write, keep, new = o[j], i[j], f[j], g[j]
                above, y = slope[j], active[j]
                below = cell[j] + above * out * (ONE - y * y)
                o[j] = above * y * out * (ONE - out)
                i[j] = below * new * write * (ONE - write)
                f[j] = below * before[j] * keep * (ONE - keep)
                g[j] = below * write * (ONE - new * new)
                below *= keep
                cell[j] = ZERO if abs(below) < TINY else below
                slope[j] = ZERO
        for gate in range(4):
            _add_product(z[gate, t], V[gate], dh)
        if len(dx):
            _set_product(z[0, t], R[0], dx[t])
            for gate in range(1, 4):
                _add_product(z[gate, t], R[gate], dx[t])


def gru_scan(x: Array, W: Array, z: Array, U: Array, bias: Array, h: Array, n: Array, rest: Array) -> None:
    if not _fit(rest, x, W, z, U, bias, h, n):
        return reference.gru_scan(x, W, z, U, bias, h, n, rest)
    _gru_scan(x, W, z, U, bias, h, n, rest)


@compiled_scan
def _gru_scan(x: Any, W: Any, z: Any, U: Any, bias: Any, h: Any, n: Any, rest: Any) -> None:
    for t in range(z.shape[1]):
        if len(x):
            for gate in range(3):
                _set_product(x[t], W[gate], z[gate, t])
        for b in range(h.shape[1]):
            for j in range(len(bias)):
                n[t, b, j] = bias[j]
        _add_product(h[t], U[0], z[0, t])
        _add_product(h[t], U[1], z[1, t])
        _add_product(h[t], U[2], n[t])
        u, r, g = z[0, t].reshape(-1), z[1, t].reshape(-1), z[2, t].reshape(-1)
        inner, before, after = n[t].reshape(-1), h[t].reshape(-1), h[t + 1].reshape(-1)
        for j in range(len(u)):
            update, reset = _logistic(u[j]), _logistic(r[j])
            new = _tanh(g[j] + reset * inner[j])
            u[j], r[j], g[j] = update, reset, new
            after[j] = (before[j] - new) * update + new
        _stay(t, rest, h)


def gru_scan_back(
    z: Array, R: Array, V: Array, h: Array, n: Array, dg: Array, dx: Array, dy: Array, dh: Array, rest: Array
) -> None:
    if not _fit(rest, z, R, V, h, n, dg, dx, dy, dh):
        return reference.gru_scan_back(z, R, V, h, n, dg, dx, dy, dh, rest)
    _gru_scan_back(z, R, V, h, n, dg, dx, dy, dh, rest)


@compiled_scan
def _gru_scan_back(z: Any, R: Any, V: Any, h: Any, n: Any, dg: Any, dx: Any, dy: Any, dh: Any, rest: Any) -> None:
    for t in range(z.shape[1] - 1, -1, -1):
        _arrive(t, dy, dh)
        u, r, g = z[0, t].reshape(-1), z[1, t].reshape(-1), z[2, t].reshape(-1)
        inner, before, from_inputs, slope = n[t].reshape(-1), h[t].reshape(-1), dg[t].reshape(-1), dh.reshape(-1)
        some_rest = _some_rest(t, rest)
        parts = len(rest[t]) if some_rest else 1
        size = len(slope) // parts
        for b in range(parts):
            if some_rest and rest[t, b]:
                for j in range(b * size, (b + 1) * size):
                    u[j], r[j], g[j], from_inputs[j] = ZERO, ZERO, ZERO, ZERO
                continue
            for j in range(b * size, (b + 1) * size):
                update, reset, new, above = u[j], r[j], g[j], slope[j]
                below = above * (ONE - update) * (ONE - new * new)
                u[j] = above * (before[j] - new) * update * (ONE - update)
                r[j] = below * inner[j] * reset * (ONE - reset)
                g[j] = below * reset
                from_inputs[j] = below
                slope[j] = above * update
        for gate in range(3):
            _add_product(z[gate, t], V[gate], dh)
        if len(dx):
            _set_product(z[0, t], R[0], dx[t])
            _add_product(z[1, t], R[1], dx[t])
            _add_product(dg[t], R[2], dx[t])
