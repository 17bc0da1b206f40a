"""Batches in an order that is a function of the seed and the epoch, and the weights of classes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from nnctl.data import Array, Rows
from nnctl.errors import ConfigError
from nnctl.registry import suggest
from nnctl.seeds import generator

WINDOW = 1 << 20  # bytes of inputs gathered at once: in cache, and enough to make small batches cheap

Batch = tuple[Array, Array | None, Array | None]


class Batches:
    """Rows cut into batches; iterating gives (x, y, weight), None where there is none."""

    def __init__(self, rows: Rows, batch_size: int, shuffle: bool = False, seed: int = 0) -> None:
        self.rows, self.batch_size, self.shuffle, self.seed = rows, batch_size, shuffle, seed

    def __len__(self) -> int:
        """Return the number of batches; the last may be smaller."""
        return (len(self.rows) + self.batch_size - 1) // self.batch_size

    def order(self, epoch: int) -> Array:
        """Return the row numbers in the order of an epoch."""
        if not self.shuffle:
            return np.arange(len(self.rows))
        return generator(self.seed, "shuffle", epoch).permutation(len(self.rows))

    def epoch(self, epoch: int = 0, start: int = 0) -> Iterator[Batch]:
        """Yield the batches of an epoch from the batch `start` on."""
        first = start * self.batch_size
        if not self.shuffle:
            yield from self._cut(self.rows, first)
            return
        order = self.order(epoch)
        row_bytes = max(1, self.rows.x.nbytes // max(1, len(self.rows)))
        window = self.batch_size * max(1, WINDOW // (self.batch_size * row_bytes))
        for begin in range(first, len(order), window):
            yield from self._cut(_gather(self.rows, order[begin : begin + window]), 0)

    def _cut(self, rows: Rows, first: int) -> Iterator[Batch]:
        x, y, weight, size = rows.x, rows.y, rows.weight, self.batch_size
        for i in range(first, len(x), size):
            j = i + size
            yield x[i:j], None if y is None else y[i:j], None if weight is None else weight[i:j]


def _gather(rows: Rows, order: Array) -> Rows:
    parts = (rows.x, rows.y, rows.weight)
    return Rows(*(None if part is None else part.take(order, axis=0) for part in parts))  # type: ignore[arg-type]


def class_weights(spec: str | Mapping[str | int | float, float], labels: Sequence[object], y: Array) -> Array:
    """Return the weight of each row by its class: 'balanced', or {label or index: weight}.

    Classes not named weigh 1. Balanced: rows / (classes x rows of the class), as in scikit-learn.
    """
    index = _class_index(y)
    if spec == "balanced":
        counts = np.bincount(index, minlength=len(labels))
        table = len(index) / (len(labels) * np.maximum(counts, 1))
    elif isinstance(spec, Mapping):
        table = np.ones(len(labels))
        for key, weight in spec.items():
            table[_position(key, labels)] = weight
    else:
        raise ConfigError(f"class_weight: expected 'balanced' or {{label: weight}}, got {spec!r}")
    return table[index].astype(np.float32)


def _class_index(y: Array) -> Array:
    if y.ndim == 2 and y.shape[1] > 1:
        return y.argmax(axis=1)
    return y.reshape(-1).astype(np.int64)


def _position(key: str | int | float, labels: Sequence[object]) -> int:
    """Find a class by its label, else by its index."""
    shown = [str(label) for label in labels]
    if str(key) in shown:
        return shown.index(str(key))
    if isinstance(key, int) and 0 <= key < len(labels):
        return key
    near = suggest(str(key), shown)
    hint = f"did you mean {near!r}?" if near else f"the classes are {', '.join(shown[:20])}"
    raise ConfigError(f"class_weight: no class is called {key!r}; {hint}")
