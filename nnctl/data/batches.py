"""Batches in an order that is a function of the seed and the epoch, and the weights of classes.

Rows in memory are shuffled as a whole. Rows on disk are shuffled block by block, so that they are
read in runs: consecutive rows of about half a megabyte make a block; the blocks are put into random
order, and rows are mixed within windows of 64 blocks. A row can meet any other row in a batch, but the rows
of one block never lie further apart than a window. Rows that are parsed again in every epoch come in
the order of the file and are mixed within such windows alone: mix the file itself if it is sorted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from nnctl.data import Array, Rows
from nnctl.data.lazy import in_memory, mapped
from nnctl.errors import ConfigError
from nnctl.registry import suggest
from nnctl.seeds import generator

WINDOW = 1 << 20  # bytes of inputs gathered at once: in cache, and enough to make small batches cheap
BLOCK = 1 << 19  # bytes of inputs on disk that are read in one go
BLOCKS = 64  # in a window within which rows are mixed
READ = 1 << 22  # bytes of inputs on disk that are read at once where nothing is shuffled

Batch = tuple[Array, Array | None, Array | None]


class Batches:
    """Rows cut into batches; iterating gives (x, y, weight), None where there is none."""

    def __init__(self, rows: Rows, batch_size: int, shuffle: bool = False, seed: int = 0) -> None:
        self.rows, self.batch_size, self.shuffle, self.seed = rows, batch_size, shuffle, seed
        self._row_bytes = max(1, rows.x.nbytes // max(1, len(rows)))

    def __len__(self) -> int:
        """Return the number of batches; the last may be smaller."""
        return (len(self.rows) + self.batch_size - 1) // self.batch_size

    def order(self, epoch: int) -> Array:
        """Return the row numbers in the order of an epoch."""
        if not self.shuffle:
            return np.arange(len(self.rows))
        if in_memory(self.rows.x):
            return generator(self.seed, "shuffle", epoch).permutation(len(self.rows))
        windows = [np.concatenate([np.arange(*run) for run in runs])[mix] for runs, mix in self._mixed(epoch)]
        return np.concatenate(windows)

    def epoch(self, epoch: int = 0, start: int = 0) -> Iterator[Batch]:
        """Yield the batches of an epoch from the batch `start` on."""
        first, size = start * self.batch_size, self.batch_size
        if in_memory(self.rows.x):
            windows = self._from_memory(epoch, first)
        else:
            windows = self._from_disk(epoch, first)
            windows = windows if self.rows.x.sequential else ahead(windows)  # type: ignore[attr-defined]
        left: Rows | None = None  # rows at the end of a window that make no whole batch
        for window in windows:
            if left is not None:
                missing = size - len(left)
                left, window = _at_once([left, window.take(slice(0, missing))]), window.take(slice(missing, None))
                if len(left) < size:
                    continue
                yield left.x, left.y, left.weight
            whole = len(window) - len(window) % size
            yield from self._cut(window, whole)
            left = window.take(slice(whole, None)) if whole < len(window) else None
        if left is not None:
            yield left.x, left.y, left.weight

    def _cut(self, rows: Rows, stop: int) -> Iterator[Batch]:
        x, y, weight, size = rows.x, rows.y, rows.weight, self.batch_size
        for i in range(0, stop, size):
            j = i + size
            yield x[i:j], None if y is None else y[i:j], None if weight is None else weight[i:j]

    def _from_memory(self, epoch: int, first: int) -> Iterator[Rows]:
        """Yield the rows from number `first` on, in the order of the epoch."""
        if not self.shuffle:
            yield self.rows.take(slice(first, None))
            return
        order = self.order(epoch)
        window = self._batches_in(WINDOW) * self.batch_size
        for begin in range(first, len(order), window):
            yield _gather(self.rows, order[begin : begin + window])

    def _from_disk(self, epoch: int, first: int) -> Iterator[Rows]:
        if not self.shuffle:
            window = self._batches_in(READ) * self.batch_size
            for begin in range(first, len(self.rows), window):
                yield self.rows.take(slice(begin, begin + window))
            return
        for runs, mix in self._mixed(epoch):
            if first < len(mix):
                yield _gather(_at_once([self.rows.take(slice(*run)) for run in runs]), mix[first:])
            first = max(0, first - len(mix))

    def _mixed(self, epoch: int) -> Iterator[tuple[list[tuple[int, int]], Array]]:
        """Yield for each window the runs of rows that are read, and the order that these then get."""
        rows, block = len(self.rows), max(1, BLOCK // self._row_bytes)
        sequential = self.rows.x.sequential  # type: ignore[attr-defined]
        blocks = np.arange(-(-rows // block))
        if not sequential:
            blocks = generator(self.seed, "shuffle", epoch).permutation(len(blocks))
        for number, begin in enumerate(range(0, len(blocks), BLOCKS), 1):
            runs = [(at * block, min(rows, (at + 1) * block)) for at in blocks[begin : begin + BLOCKS].tolist()]
            if sequential:
                runs = [(runs[0][0], runs[-1][1])]
            count = sum(stop - start for start, stop in runs)
            yield runs, generator(self.seed, "shuffle", epoch, number).permutation(count)

    def _batches_in(self, size: int) -> int:
        return max(1, size // (self.batch_size * self._row_bytes))


def ahead(windows: Iterator[Rows]) -> Iterator[Rows]:
    """Make each window on a thread while the one before it is used.

    It pays where a window is read from disk: an epoch of 660,000 rows of 30 numbers through a small net took 0.35 s
    instead of 0.40 (about the same where the system still has the file in memory). It does not where rows are parsed
    again, which keeps the processors busy by itself (3.4 s instead of 3.2), nor for rows in memory, where gathering is
    0.8 % of the time of specs/mnist_deep.yaml. Medians, with and without in turn, two processors that others used too.
    """
    with ThreadPoolExecutor(1) as thread:
        coming = thread.submit(next, windows, None)
        while (window := coming.result()) is not None:
            coming = thread.submit(next, windows, None)
            yield window


def _gather(rows: Rows, order: Array) -> Rows:
    parts = (rows.x, rows.y, rows.weight)
    return Rows(*(None if part is None else part.take(order, axis=0) for part in parts))  # type: ignore[arg-type]


def _at_once(parts: list[Rows]) -> Rows:
    """Return rows below each other."""
    if len(parts) == 1:
        return parts[0]
    kinds = zip(*((rows.x, rows.y, rows.weight) for rows in parts), strict=True)
    return Rows(*(None if kind[0] is None else np.concatenate(kind) for kind in kinds))  # type: ignore[arg-type]


def class_weights(spec: str | Mapping[str | int | float, float], labels: Sequence[object], y: Array) -> Array:
    """Return the weight of each row by its class: 'balanced', or {label or index: weight}.

    Classes not named weigh 1. Balanced: rows / (classes x rows of the class), as in scikit-learn.
    """
    if spec == "balanced":
        counts = np.zeros(len(labels), np.int64)
        for start in range(0, len(y), WINDOW):
            counts += np.bincount(_class_index(y[start : start + WINDOW]), minlength=len(labels))
        table = len(y) / (len(labels) * np.maximum(counts, 1))
    elif isinstance(spec, Mapping):
        table = np.ones(len(labels))
        for key, weight in spec.items():
            table[_position(key, labels)] = weight
    else:
        raise ConfigError(f"class_weight: expected 'balanced' or {{label: weight}}, got {spec!r}")
    return mapped(lambda y: table[_class_index(y)].astype(np.float32), y)


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
