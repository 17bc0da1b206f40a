"""What one call of an optimizer's `update` gets: a block of the flat vectors, or one whole weight."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]
Piece = tuple[Array, Array, list[Array], list[Array]]  # weights, gradients, slots, scratch

BLOCK = 65_536  # elements: a block of weights, gradients and slots stays in the cache


def blocks(w: Array, g: Array, slots: Sequence[Array], temporaries: int) -> Iterator[Piece]:
    """Cut flat vectors into blocks that share their scratch."""
    scratch = [np.empty(min(BLOCK, w.size), w.dtype) for _ in range(temporaries)]
    for start in range(0, w.size, BLOCK):
        part = slice(start, min(start + BLOCK, w.size))
        yield w[part], g[part], [slot[part] for slot in slots], [s[: part.stop - part.start] for s in scratch]


def weights(parameters: Any, slots: Sequence[Sequence[Array]], temporaries: int) -> Iterator[Piece]:
    """Take one weight after the other, in its shape; `slots` holds one array a weight for each slot."""
    values, grads = parameters.values, parameters.grads
    scratch = [np.empty(max((w.size for w in parameters.weights), default=0), values.dtype) for _ in range(temporaries)]
    for number, (weight, part) in enumerate(zip(parameters.weights, parameters.slices, strict=True)):
        flat = values[part], grads[part], *(s[: weight.size] for s in scratch)
        w, g, *spare = (vector.reshape(weight.shape) for vector in flat)
        yield w, g, [views[number] for views in slots], spare
