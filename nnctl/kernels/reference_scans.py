"""The steps of the usual recurrent cells, one after the other: all that a cell does from its first step to its last.

The weights of a gate lie together, and so does what a step makes of them, which makes for long loops:

    x (T, B, I), W (gates, I, units)    the inputs and a 1, their weights and the bias; (0, B, I) where z holds x W
    z (gates, T, B, units)     forward, x W becomes the gates, backward these become the slopes dz
    U (gates, units, units)    the recurrent weights of each gate
    R, V (gates, units, ...)   the transposes of W, without the bias, and of U
    dx (T, B, I)               the slopes of the inputs; (0, B, I) where they are not asked for
    h, c (T + 1, B, units)     the states; step t leads from h[t] to h[t + 1]
    rest (T, B)                true where a row rests at a step, so that its states stay; (0, B) where none ever does
    dy (T, B, units)           the slopes of the outputs; (0, B, units) where only the last state has one
    dh, dc (B, units)          the slopes of the states after the last step; they become those of the first

s(x) = (1 + tanh(x / 2)) / 2 is the logistic function: NumPy's tanh costs less than its exp.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]

# Slopes that vanish on their way back are set to zero before they, or what they are multiplied with, become
# denormal numbers, which many processors compute with a hundred times slower. They change no weight.
TINY, FLUSH_EVERY = 1e-25, 4
BLOCK = 131_072  # numbers of z whose factors are made at once, while they are in the cache


def rnn_scan(x: Array, W: Array, z: Array, U: Array, h: Array, rest: Array) -> None:
    """h_t = tanh(z_t + h_(t-1) U); what is left in z means nothing"""
    _weigh(x, W, z)
    weight, inputs, states = U[0], list(z[0]), list(h)
    for t, resting in enumerate(_resting(z, rest)):
        after = states[t + 1]
        np.matmul(states[t], weight, out=after)
        after += inputs[t]
        np.tanh(after, out=after)
        if resting is not None:
            np.copyto(after, states[t], where=resting)


def rnn_scan_back(z: Array, R: Array, V: Array, h: Array, dx: Array, dy: Array, dh: Array, rest: Array) -> None:
    """dz_t = dh_t (1 - h_t^2);  dh_(t-1) = dz_t U^T"""
    weight, dz, resting = V[0], list(z[0]), _resting(z, rest)
    np.multiply(h[1:], h[1:], out=z[0])
    np.subtract(1, z[0], out=z[0])
    for t in reversed(range(len(dz))):
        _arrive(t, dy, dh)
        before = _before(resting[t], dh)
        dz[t] *= dh
        np.matmul(dz[t], weight, out=dh)
        _pass_by(resting[t], dz[t], before, dh)
    _weigh_back(z, R, dx)


def lstm_scan(x: Array, W: Array, z: Array, U: Array, h: Array, c: Array, a: Array, rest: Array) -> None:
    """o, i, f = s(z + h U);  g = tanh(z + h U);  c_t = f c_(t-1) + i g;  a_t = tanh(c_t);  h_t = o a_t"""
    _weigh(x, W, z)
    gates = np.empty_like(z[:, 0])  # NumPy takes half the time for small arrays without gaps
    opened, (o, i, f, g), half = gates[:3], gates, np.array(0.5, z.dtype)  # a number of Python's takes longer
    states, cells = list(h), list(c)
    turns = zip(_by_step(z), states, states[1:], cells, cells[1:], list(a), _resting(z, rest), strict=False)
    for now, before, after, old, new, active, resting in turns:
        np.matmul(before, U, out=gates)
        np.add(gates, now, out=gates)
        opened *= half
        np.tanh(gates, out=gates)
        opened *= half
        opened += half
        now[...] = gates
        np.multiply(f, old, out=new)
        np.multiply(i, g, out=active)
        new += active
        np.tanh(new, out=active)
        np.multiply(o, active, out=after)
        if resting is not None:
            np.copyto(after, before, where=resting)
            np.copyto(new, old, where=resting)


def lstm_scan_back(
    z: Array, R: Array, V: Array, c: Array, a: Array, dx: Array, dy: Array, dh: Array, dc: Array, rest: Array
) -> None:
    """dc_t += dh_t o (1 - a_t^2);  do, di, df, dg = dh_t a_t, dc_t g, dc_t c_(t-1), dc_t i, times s' or tanh'

    dh_(t-1) = dz_t U^T;  dc_(t-1) = dc_t f;  s' = s (1 - s), tanh' = 1 - tanh^2.
    """
    product, spare = np.empty_like(z[:, 0]), np.empty_like(dh)
    dz, of_cell, of_output, resting = _by_step(z), _by_step(z[1:]), list(z[0]), _resting(z, rest)
    for block in _blocks(z):
        from_output, kept = _lstm_factors(z[:, block], c[block], a[block])
        for t in reversed(range(block.start, block.stop)):
            _arrive(t, dy, dh, dc)
            before = _before(resting[t], dh, dc)
            np.multiply(dh, from_output[t - block.start], out=spare)
            dc += spare
            of_output[t] *= dh
            of_cell[t] *= dc
            dc *= kept[t - block.start]
            np.matmul(dz[t], V, out=product)
            np.add.reduce(product, axis=0, out=dh)
            _pass_by(resting[t], dz[t], before, dh, dc)
    _weigh_back(z, R, dx)


def _lstm_factors(z: Array, c: Array, a: Array) -> tuple[Array, Array]:
    """Turn z into dz without the factors dh and dc; return the factors of dh in dc, and of dc in the step before."""
    o, i, f, g = z
    kept = f.copy()
    from_output = 1 - a * a
    from_output *= o
    o *= (1 - o) * a
    candidate = (1 - g * g) * i
    i *= (1 - i) * g
    f *= (1 - f) * c
    g[...] = candidate
    return from_output, kept


def gru_scan(x: Array, W: Array, z: Array, U: Array, bias: Array, h: Array, n: Array, rest: Array) -> None:
    """u, r = s(z + h U);  n_t = h U_g + bias;  g = tanh(z_g + r n_t);  h_t = u h_(t-1) + (1 - u) g"""
    _weigh(x, W, z)
    product = np.empty_like(z[:, 0])
    opened, (update, reset, spare), half = product[:2], product, np.array(0.5, z.dtype)
    states = list(h)
    turns = zip(_by_step(z[:2]), list(z[2]), states, states[1:], list(n), _resting(z, rest), strict=False)
    for now, g, before, after, inner, resting in turns:
        np.matmul(before, U, out=product)
        np.add(product[2], bias, out=inner)
        np.add(opened, now, out=opened)
        opened *= half
        np.tanh(opened, out=opened)
        opened *= half
        opened += half
        now[...] = opened
        np.multiply(reset, inner, out=spare)
        g += spare
        np.tanh(g, out=g)
        np.subtract(before, g, out=after)
        after *= update
        after += g
        if resting is not None:
            np.copyto(after, before, where=resting)


def gru_scan_back(
    z: Array, R: Array, V: Array, h: Array, n: Array, dg: Array, dx: Array, dy: Array, dh: Array, rest: Array
) -> None:
    """dg_t = dh_t (1 - u) (1 - g^2);  du = dh_t (h_(t-1) - g) u (1 - u);  dr = dg_t n_t r (1 - r);  dn = dg_t r

    dh_(t-1) = dz_t U^T + dh_t u, where the last gate of dz is dn; dg is the slope of what comes from the inputs.
    """
    product, spare = np.empty_like(z[:, 0]), np.empty_like(dh)
    dz, gates, below, resting = _by_step(z), [list(gate) for gate in z], list(dg), _resting(z, rest)
    for block in _blocks(z):
        kept = _gru_factors(z[:, block], h[block], n[block], dg[block])
        for t in reversed(range(block.start, block.stop)):
            _arrive(t, dy, dh)
            before = _before(resting[t], dh)
            update, reset, inner = (gate[t] for gate in gates)
            below[t] *= dh
            update *= dh
            reset *= below[t]
            inner *= below[t]
            np.multiply(dh, kept[t - block.start], out=spare)
            np.matmul(dz[t], V, out=product)
            np.add.reduce(product, axis=0, out=dh)
            dh += spare
            _pass_by(resting[t], dz[t], before, dh)
            if resting[t] is not None:
                np.copyto(below[t], 0, where=resting[t])
    _weigh_back([z[0], z[1], dg], R, dx)


def _gru_factors(z: Array, h: Array, n: Array, dg: Array) -> Array:
    """Turn z into dz and write dg, both without the factors dh and dg; return the factor of dh in the step before."""
    update, reset, g = z
    kept = update.copy()
    rest = 1 - update
    np.multiply(rest, 1 - g * g, out=dg)
    update *= (h - g) * rest
    g[...] = reset
    reset *= (1 - reset) * n
    return kept


def _weigh(x: Array, W: Array, z: Array) -> None:
    """z <- x W"""
    if len(x):
        for gate, weight in zip(z, W, strict=True):
            np.matmul(x, weight, out=gate)


def _weigh_back(slopes: Iterable[Array], R: Array, dx: Array) -> None:
    """dx <- sum over the gates of their slopes times W^T"""
    if len(dx):
        dx[...] = 0
        for slope, weight in zip(slopes, R, strict=True):
            dx += np.matmul(slope, weight)


def _by_step(z: Array) -> list[Array]:
    """Return the views z[:, t]: to index a list costs a third of indexing an array."""
    return list(z.swapaxes(0, 1))


def _blocks(z: Array) -> Iterator[slice]:
    """Cut the steps into blocks, the last of them first."""
    count = max(1, BLOCK // max(1, z[:, 0].size))
    for stop in range(z.shape[1], 0, -count):
        yield slice(max(0, stop - count), stop)


def _resting(z: Array, rest: Array) -> list[Array | None]:
    """Return for each step which rows rest (B, 1), None where none does."""
    return [step[:, None] if step.any() else None for step in rest] if len(rest) else [None] * z.shape[1]


def _arrive(t: int, dy: Array, dh: Array, *others: Array) -> None:
    """Add what comes to dh from the output of step t; let no slope become a denormal number."""
    if len(dy):
        dh += dy[t]
    if t % FLUSH_EVERY == 0 and dh.dtype == np.float32:
        for slope in (dh, *others):
            slope[np.abs(slope) < TINY] = 0


def _before(resting: Array | None, *slopes: Array) -> Sequence[Array]:
    return () if resting is None else [slope.copy() for slope in slopes]


def _pass_by(resting: Array | None, dz: Array, before: Sequence[Array], *slopes: Array) -> None:
    """Let the slopes of resting rows be what they were before the step."""
    if resting is not None:
        np.copyto(dz, 0, where=resting)
        for slope, past in zip(slopes, before, strict=True):
            np.copyto(slope, past, where=resting)
