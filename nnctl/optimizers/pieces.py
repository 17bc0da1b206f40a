"""What one call of an optimizer's `update` gets: a block of the flat vectors, or one whole weight."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from nnctl import threads

Array = np.ndarray[Any, np.dtype[Any]]
Piece = tuple[Array, Array, list[Array], list[Array]]  # weights, gradients, slots, scratch

# Elements of a block of weights, gradients and slots: in a cache that processors share. In smaller ones,
# threads wait for the interpreter between two operations of NumPy for longer than for the memory.
BLOCK = 262_144
SHARED = 100_000  # elements that are worth a thread of their own
USUAL_BATCH = 128  # rows


def blocks(parameters: Any, slots: Sequence[Array], temporaries: int) -> list[list[Piece]]:
    """Cut the flat vectors into blocks, which share their scratch: for each thread the list of its own."""
    w, g = parameters.values, parameters.grads
    made = []
    for spans in _spans(parameters, threads.current() if w.size >= 2 * SHARED else 1):
        scratch = [np.empty(min(BLOCK, w.size), w.dtype) for _ in range(temporaries)]
        parts = [slice(i, min(i + BLOCK, stop)) for start, stop in spans for i in range(start, stop, BLOCK)]
        made.append(
            [(w[p], g[p], [slot[p] for slot in slots], [s[: p.stop - p.start] for s in scratch]) for p in parts]
        )
    return [own for own in made if own] or [[]]


def _spans(parameters: Any, count: int) -> list[list[tuple[int, int]]]:
    """Return what is each thread's: of a large weight the rows whose gradient it writes, the small ones the first's.

    They are those that `kernels.product` gives it for a usual batch; for others they differ a little, which costs time.
    """
    starts_and_end = [*(part.start for part in parameters.slices), parameters.values.size]
    spans: list[list[tuple[int, int]]] = [[] for _ in range(count)]
    for weight, (begin, end) in zip(parameters.weights, pairwise(starts_and_end), strict=True):
        width = weight.shape[-1] if weight.shape else 1
        ahead = threads.HEAD_START // (USUAL_BATCH * width)
        rows = weight.size // width
        cuts = threads.ranges(rows, count, threads.LANES, ahead) if weight.size >= SHARED else [slice(0)]
        starts = [begin + (cut.start or 0) * width for cut in cuts]
        for own, start, stop in zip(spans, starts, [*starts[1:], end], strict=False):
            if own and own[-1][1] == start:
                start = own.pop()[0]
            own.append((start, stop))
    return spans


def weights(parameters: Any, slots: Sequence[Sequence[Any]], temporaries: int) -> Iterator[Piece]:
    """Take one weight after the other, in its shape; `slots` holds one array a weight for each slot."""
    values, grads = parameters.values, parameters.grads
    scratch = [np.empty(max((w.size for w in parameters.weights), default=0), values.dtype) for _ in range(temporaries)]
    for number, (weight, part) in enumerate(zip(parameters.weights, parameters.slices, strict=True)):
        flat = values[part], grads[part], *(s[: weight.size] for s in scratch)
        w, g, *spare = (vector.reshape(weight.shape) for vector in flat)
        yield w, g, [views[number] for views in slots], spare
