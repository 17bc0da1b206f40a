"""Gates: the activations of a recurrent cell, in place on the blocks of its pre-activations.

A cell has z of shape (B, gates * units), one block of columns a gate, and an activation for each.

    gates.forward(z, t)          z becomes the values of the gates at step t
    gates.backward(dz, y, t)     dz, the slope of the values y, becomes that of the pre-activations

As sigmoid(z) = (1 + tanh(z / 2)) / 2, one tanh over the whole of z serves sigmoid and tanh alike;
NumPy's tanh costs less than its exp. Any other activation has its block to itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from nnctl.activations import Activation
from nnctl.activations.saturating import Sigmoid, Tanh
from nnctl.layers import Array


class Gates:
    """y = f(z), f one of any activations for each block of columns."""

    def __init__(self, functions: Sequence[Activation]) -> None:
        self.functions = functions
        self.caches: dict[tuple[int, int], Any] = {}

    def forward(self, z: Array, t: int) -> None:
        for number, (f, block) in enumerate(zip(self.functions, self.blocks(z), strict=True)):
            y, self.caches[number, t] = f.forward(block.copy())  # a cache may hold what came in
            block[...] = y

    def backward(self, dz: Array, y: Array, t: int) -> None:
        for number, (f, block) in enumerate(zip(self.functions, self.blocks(dz), strict=True)):
            block[...] = f.backward(block, self.caches[number, t])

    def blocks(self, z: Array) -> list[Array]:
        return blocks(z, len(self.functions))


class TanhGates:
    """y = s tanh(s z) + 1 - s, with s = 1 for tanh and 1/2 for sigmoid; slope (1 - y)(y + 2 s - 1)."""

    def __init__(self, functions: Sequence[Activation], like: Array) -> None:
        """`like` has the shape and dtype of z; whole arrays, not rows, are what NumPy multiplies fastest."""
        self.scale = np.ones(like.shape, like.dtype)
        for f, block in zip(functions, blocks(self.scale, len(functions)), strict=True):
            block[...] = 0.5 if isinstance(f, Sigmoid) else 1
        self.plain = all(isinstance(f, Tanh) for f in functions)
        self.shift = 1 - self.scale
        self.offset = self.scale - self.shift
        self.spare = np.empty_like(self.scale)

    def forward(self, z: Array, t: int) -> None:
        if self.plain:
            np.tanh(z, out=z)
            return
        z *= self.scale
        np.tanh(z, out=z)
        z *= self.scale
        z += self.shift

    def backward(self, dz: Array, y: Array, t: int) -> None:
        np.add(y, self.offset, out=self.spare)
        dz *= self.spare
        np.subtract(1, y, out=self.spare)
        dz *= self.spare


def make_gates(functions: Sequence[Activation], like: Array) -> Gates | TanhGates:
    """Return the fastest gates for these activations on blocks of the shape of `like`."""
    if all(type(f) in (Tanh, Sigmoid) for f in functions):
        return TanhGates(functions, like)
    return Gates(functions)


def blocks(z: Array, count: int) -> list[Array]:
    """Return `count` equal blocks of the last axis, as views."""
    width = z.shape[-1] // count
    return [z[..., i * width : (i + 1) * width] for i in range(count)]
