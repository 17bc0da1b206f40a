"""The loops of `reference_steps`, compiled.

They take some microseconds each and keep the interpreter's lock: to give it up and to get it back
costs more, where two threads go through the steps of two parts of a batch.
"""

from __future__ import annotations

from typing import Any

from nnctl.kernels import reference_steps as reference
from nnctl.kernels.numba_loops import compiled_step, contiguous
from nnctl.kernels.reference_steps import Array


def open_gates(z: Array, product: Array, scale: Array) -> None:
    if not contiguous(z, product, scale):
        return reference.open_gates(z, product, scale)
    _open_gates(z.reshape(-1), product.reshape(-1), scale.reshape(-1))


@compiled_step
def _open_gates(z: Any, product: Any, scale: Any) -> None:
    for i in range(len(z)):
        z[i] = (z[i] + product[i]) * scale[i]


def lstm_state(z: Array, scale: Array, shift: Array, c: Array, c_next: Array, a: Array) -> None:
    if not contiguous(z, scale, shift, c, c_next, a):
        return reference.lstm_state(z, scale, shift, c, c_next, a)
    _lstm_state(z, scale, shift, c, c_next, a)


@compiled_step
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


def lstm_slopes(dh: Array, dc: Array, z: Array, a: Array, c: Array) -> None:
    if not contiguous(dh, dc, z, a, c):
        return reference.lstm_slopes(dh, dc, z, a, c)
    _lstm_slopes(dh, dc, z, a, c)


@compiled_step
def _lstm_slopes(dh: Any, dc: Any, z: Any, a: Any, c: Any) -> None:
    rows, u = c.shape
    one = z.dtype.type(1)
    for b in range(rows):
        gate_i, gate_f, gate_g, gate_o = z[b, :u], z[b, u : 2 * u], z[b, 2 * u : 3 * u], z[b, 3 * u :]
        above, slope, active, before = dh[b], dc[b], a[b], c[b]
        for j in range(u):
            i, f, g, o = gate_i[j], gate_f[j], gate_g[j], gate_o[j]
            dcell = slope[j] + above[j] * o * (active[j] + one) * (one - active[j])
            gate_o[j] = o * ((one - o) * above[j] * active[j])
            gate_g[j] = (g + one) * ((one - g) * dcell * i)
            gate_i[j] = i * ((one - i) * dcell * g)
            gate_f[j] = f * ((one - f) * dcell * before[j])
            slope[j] = dcell * f


def gru_gates(z: Array, product: Array, bias: Array, candidate: Array) -> None:
    if not contiguous(z, product, bias, candidate):
        return reference.gru_gates(z, product, bias, candidate)
    _gru_gates(z, product, bias, candidate)


@compiled_step
def _gru_gates(z: Any, product: Any, bias: Any, candidate: Any) -> None:
    rows, u = candidate.shape
    half = z.dtype.type(0.5)
    for b in range(rows):
        gates, more, out = z[b], product[b], candidate[b]
        for j in range(2 * u):
            gates[j] = (gates[j] + more[j]) * half
        for j in range(u):
            out[j] = more[2 * u + j] + bias[j]


def gru_candidate(z: Array, candidate: Array) -> None:
    if not contiguous(z, candidate):
        return reference.gru_candidate(z, candidate)
    _gru_candidate(z, candidate)


@compiled_step
def _gru_candidate(z: Any, candidate: Any) -> None:
    rows, u = candidate.shape
    half = z.dtype.type(0.5)
    for b in range(rows):
        gates, more = z[b], candidate[b]
        for j in range(2 * u):
            gates[j] = gates[j] * half + half
        for j in range(u):
            gates[2 * u + j] += gates[u + j] * more[j]


def gru_state(z: Array, h: Array, h_next: Array) -> None:
    if not contiguous(z, h, h_next):
        return reference.gru_state(z, h, h_next)
    _gru_state(z, h, h_next)


@compiled_step
def _gru_state(z: Any, h: Any, h_next: Any) -> None:
    rows, u = h.shape
    for b in range(rows):
        update, g, before, after = z[b, :u], z[b, 2 * u :], h[b], h_next[b]
        for j in range(u):
            after[j] = (before[j] - g[j]) * update[j] + g[j]


def gru_slopes(dh: Array, z: Array, candidate: Array, h: Array, dg: Array) -> None:
    if not contiguous(dh, z, candidate, h, dg):
        return reference.gru_slopes(dh, z, candidate, h, dg)
    _gru_slopes(dh, z, candidate, h, dg)


@compiled_step
def _gru_slopes(dh: Any, z: Any, candidate: Any, h: Any, dg: Any) -> None:
    rows, u = h.shape
    one = z.dtype.type(1)
    for b in range(rows):
        gate_u, gate_r, gate_g = z[b, :u], z[b, u : 2 * u], z[b, 2 * u :]
        slope, more, before, out = dh[b], candidate[b], h[b], dg[b]
        for j in range(u):
            update, r, g = gate_u[j], gate_r[j], gate_g[j]
            rest = one - update
            gate_u[j] = update * ((before[j] - g) * slope[j] * rest)
            below = slope[j] * rest * (g + one) * (one - g)
            out[j] = below
            gate_r[j] = r * ((one - r) * below * more[j])
            gate_g[j] = below * r
            slope[j] *= update


def gate_slopes(dz: Array, y: Array, offset: Array, spare: Array) -> None:
    if not contiguous(dz, y, offset):
        return reference.gate_slopes(dz, y, offset, spare)
    _gate_slopes(dz, y, offset)


@compiled_step
def _gate_slopes(dz: Any, y: Any, offset: Any) -> None:
    one = y.dtype.type(1)
    for b in range(y.shape[0]):
        slope, value, plus = dz[b], y[b], offset[b]
        for j in range(len(value)):
            slope[j] = slope[j] * (value[j] + plus[j]) * (one - value[j])
