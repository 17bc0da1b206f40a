"""What a recurrent cell does at each step beside its matrix product and its tanh.

`z` is (B, gates * units), one block of columns a gate. As sigmoid(x) = (1 + tanh(x / 2)) / 2, gates
with a sigmoid are halved before the tanh and after it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]


def open_gates(z: Array, product: Array, scale: Array) -> None:
    """z <- (z + product) scale"""
    z += product
    z *= scale


def lstm_state(z: Array, scale: Array, shift: Array, c: Array, c_next: Array, a: Array) -> None:
    """z <- z scale + shift, which are the gates i f g o (B, 4 units);  a = c_next = f c + i g"""
    z *= scale
    z += shift
    i, f, g, _ = _gates(z)
    np.multiply(f, c, out=a)
    np.multiply(i, g, out=c_next)
    a += c_next
    c_next[...] = a


def lstm_slopes(dh: Array, dc: Array, z: Array, a: Array, c: Array) -> None:
    """From the slopes of h and c after a step: those of z in the place of the gates, in dc that of c before it.

    a is tanh(c); the slope of a sigmoid's gate y is y (1 - y), that of tanh's (1 + y) (1 - y).
    """
    dz = 1 - z
    (i, f, g, o), (di, df, dg, do) = _gates(z), _gates(dz)
    do *= dh
    do *= a
    slope = dh * o
    slope *= a + 1
    slope *= 1 - a
    dc += slope
    dg *= dc
    dg *= i
    di *= dc
    di *= g
    df *= dc
    df *= c
    dc *= f
    g += 1
    z *= dz


def gru_gates(z: Array, product: Array, bias: Array, candidate: Array) -> None:
    """z_zr <- (z_zr + product_zr) / 2,  candidate = product_g + bias, with z's blocks z r g"""
    u = candidate.shape[1]
    opened = z[:, : 2 * u]
    opened += product[:, : 2 * u]
    opened *= 0.5
    np.add(product[:, 2 * u :], bias, out=candidate)


def gru_candidate(z: Array, candidate: Array) -> None:
    """z_zr <- z_zr / 2 + 1 / 2, which are the gates;  z_g <- z_g + r candidate"""
    u = candidate.shape[1]
    opened = z[:, : 2 * u]
    opened *= 0.5
    opened += 0.5
    z[:, 2 * u :] += opened[:, u:] * candidate


def gru_state(z: Array, h: Array, h_next: Array) -> None:
    """h_next = g + z (h - g)"""
    update, _, g = _thirds(z)
    np.subtract(h, g, out=h_next)
    h_next *= update
    h_next += g


def gru_slopes(dh: Array, z: Array, candidate: Array, h: Array, dg: Array) -> None:
    """From the slope of h after a step: those of the recurrent product in z, dg of z_g, in dh what h passes on"""
    update, r, g = _thirds(z)
    rest = 1 - update
    du = h - g
    du *= dh
    du *= rest
    np.multiply(dh, rest, out=dg)
    dg *= g + 1
    dg *= 1 - g
    dh *= update
    update *= du
    np.multiply(dg, r, out=g)
    np.subtract(1, r, out=rest)
    rest *= dg
    rest *= candidate
    r *= rest


def gate_slopes(dz: Array, y: Array, offset: Array, spare: Array) -> None:
    """dz <- dz (y + offset) (1 - y)"""
    np.add(y, offset, out=spare)
    dz *= spare
    np.subtract(1, y, out=spare)
    dz *= spare


def _gates(z: Array) -> tuple[Array, Array, Array, Array]:
    u = z.shape[1] // 4
    return z[:, :u], z[:, u : 2 * u], z[:, 2 * u : 3 * u], z[:, 3 * u :]


def _thirds(z: Array) -> tuple[Array, Array, Array]:
    u = z.shape[1] // 3
    return z[:, :u], z[:, u : 2 * u], z[:, 2 * u :]
