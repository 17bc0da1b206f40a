"""The numbers that go in: both sides draw them again from the case's id, so no file has to hold them.

A `Draw` says what kind of array a case wants. NumPy promises that RandomState's streams never change, and every value
is rounded or a plain quotient, so the generator and the tests get the same bits on every machine.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

Array = np.ndarray


@dataclass(frozen=True)
class Draw:
    """An array to be: its kind, its shape (with the batch), and the bounds of its values."""

    kind: str
    shape: tuple[int, ...] = ()
    low: float = 0.0
    high: float = 1.0
    values: Any = None

    def make(self, seed: str) -> Array:
        rng = stream(seed)
        if self.kind == "given":
            return np.array(self.values)
        if self.kind == "normal":
            return np.round(rng.standard_normal(self.shape) * self.high + self.low, 4)
        if self.kind == "uniform":
            return np.round(rng.uniform(self.low, self.high, self.shape), 4)
        if self.kind == "ints":
            return rng.randint(int(self.low), int(self.high), self.shape)
        if self.kind == "ints_as_floats":  # whole steps of one value, for Masking
            return np.repeat(rng.randint(0, 3, (*self.shape[:-1], 1)), self.shape[-1], axis=-1) / 1.0
        if self.kind == "signs":
            return 2.0 * rng.randint(0, 2, self.shape) - 1.0
        if self.kind == "one_hot":
            classes = self.shape[-1]
            return np.eye(classes)[rng.randint(0, classes, self.shape[:-1])]
        if self.kind == "simplex":
            parts = rng.randint(1, 1000, self.shape)
            return parts / parts.sum(axis=-1, keepdims=True)
        raise ValueError(f"no kind of input is called {self.kind!r}")


def stream(seed: str) -> np.random.RandomState:
    return np.random.RandomState(zlib.crc32(seed.encode()))


def normal(*shape: int, scale: float = 1.0, shift: float = 0.0) -> Draw:
    return Draw("normal", shape, low=shift, high=scale)


def uniform(*shape: int, low: float = 0.0, high: float = 1.0) -> Draw:
    return Draw("uniform", shape, low=low, high=high)


def ints(*shape: int, low: int = 0, high: int) -> Draw:
    """Integers from `low` up to `high` - 1."""
    return Draw("ints", shape, low=low, high=high)


def signs(*shape: int) -> Draw:
    """-1 or 1, the labels of the hinge losses."""
    return Draw("signs", shape)


def one_hot(*shape: int) -> Draw:
    return Draw("one_hot", shape)


def simplex(*shape: int) -> Draw:
    """Probabilities: the last axis sums to one."""
    return Draw("simplex", shape)


def given(values: Any) -> Draw:
    return Draw("given", np.shape(values), values=values)


def draw_mask(pattern: str, shape: Sequence[int]) -> Array:
    """Make a mask of shape (B, T), true where a step counts; each row gets another length.

    >>> draw_mask("right", (2, 4)).astype(int).tolist()
    [[1, 1, 1, 1], [1, 1, 1, 0]]
    """
    row, step = np.indices(shape)
    length = shape[1] - row % shape[1]
    right = step < length
    if pattern == "right":
        return right
    if pattern == "left":
        return right[:, ::-1].copy()
    if pattern == "middle":
        return (row + step) % 3 != 1
    if pattern == "all":  # the first sample has no valid step at all
        return right & (row > 0)
    raise ValueError(f"no mask pattern is called {pattern!r}")


def draw_weight(seed: str, index: int, name: str, shape: Sequence[int]) -> Array:
    """Draw one weight of a layer; a variance must be positive, all else lies around zero."""
    low, high = (0.5, 1.5) if "variance" in name else (-0.8, 0.8)
    return uniform(*shape, low=low, high=high).make(f"{seed}/weight {index}")
