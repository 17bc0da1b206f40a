"""A trained model on raw data: the model file alone carries all it takes to evaluate and to predict.

Rows go through the network in batches of one fixed size, the last one filled up, so what is said of
a row does not depend on the rows around it. Data are read in chunks: memory does not grow with them.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np

from nnctl import threads
from nnctl.checkpoint import load_model
from nnctl.data import Array, Batches, Chunk, DataSettings, Preprocessing, Reading, Rows, read_for
from nnctl.data.images import ArrayFeatures
from nnctl.data.preprocessing import reading_of
from nnctl.data.targets import Targets
from nnctl.errors import DataError, ModelFileError, UsageError
from nnctl.fields import create, parse_section
from nnctl.findings import Findings
from nnctl.model import Sequential
from nnctl.run import EVALUATION_BATCH, assemble, find_model
from nnctl.spec import loads
from nnctl.spec.lookups import check_indices, lookup
from nnctl.training import Batch, evaluate

BATCH = 256  # rows at once in a prediction; small batches take no longer than their rows are worth

What = Literal["all", "labels", "probabilities", "raw"]


@dataclass
class Trained:
    """An opened model file."""

    path: Path
    model: Sequential
    preprocessing: Preprocessing
    extra: dict[str, Any]
    notes: list[str]

    def rows_at_once(self, wanted: int | None, otherwise: int) -> int:
        """Return the batch size: the one wanted, that of the training for a stateful net, else another."""
        trained_with = self.extra.get("batch_size") if self.model.stateful else None
        return wanted or trained_with or otherwise

    @property
    def answers(self) -> list[tuple[Any, Any]]:
        """No and yes of each output, where each stands for a label of its own; else nothing."""
        targets = self.preprocessing.targets
        fits = targets is not None and self.model.output_shape == (len(targets.names),)
        return targets.answers if targets is not None and fits else []

    @property
    def labels(self) -> list[Any] | None:
        """The classes in the order of the outputs; None where the model predicts numbers."""
        loss = self.model.loss
        if loss is not None and loss.classes(self.model.output_shape) is None:
            return None  # the outputs are an embedding
        if self.preprocessing.targets is not None and "preprocessing" in self.extra:
            return self.preprocessing.labels
        outputs, targets = self.model.output_shape[-1], getattr(loss, "targets", "values")
        if targets == "binary" and outputs == 1:
            return [0, 1]
        return list(range(outputs)) if targets in ("index", "one_hot") else None


def open_model(path: str | os.PathLike[str]) -> Trained:
    """Open a model file, or the model of a run directory.

    A file of Keras' has no preprocessing: it takes arrays as they are.
    """
    file = find_model(Path(path))
    loaded = load_model(file)
    saved = loaded.extra.get("preprocessing")
    try:
        fitted = Preprocessing.from_dict(saved) if saved is not None else _as_they_are(loaded.model)
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        raise ModelFileError(
            f"{file}: its preprocessing is not as nnctl saves it ({error!r}); use another copy"
        ) from error
    return Trained(file, loaded.model, fitted, loaded.extra, loaded.notes)


def _as_they_are(model: Sequential) -> Preprocessing:
    features = ArrayFeatures(model.input_shape, "none", [0.0], [1.0])
    settings = parse_section(DataSettings, {"source": "-"}, Findings(), ())
    return Preprocessing(features, Targets("values", ["y"]), None, reading_of(settings), model.dtype)


# --- evaluating ---------------------------------------------------------------------------------


@dataclass
class Evaluation:
    """Loss and metrics over some rows."""

    values: dict[str, float]
    rows: int
    source: str
    notices: list[str] = field(default_factory=list)
    filled: dict[str, int] = field(default_factory=dict)  # missing cells that got a value, by column


def evaluate_file(
    path: str | os.PathLike[str],
    source: str | None = None,
    *,
    batch_size: int | None = None,
    data_dir: Path | None = None,
) -> Evaluation:
    """Return loss and metrics of a model file on raw data, or on the test rows that its spec set aside.

    Raises UsageError where there are none, DataError where the data have changed since the training.
    """
    trained = open_model(path)
    if trained.model.loss is None:
        raise ModelFileError(f"{trained.path}: was saved without a loss, so there is nothing to evaluate; use predict")
    if source is None:
        rows, filled = _test_rows(trained, data_dir)
        batches: Any = Batches(rows, trained.rows_at_once(batch_size, EVALUATION_BATCH))
        values = evaluate(trained.model, batches)
        return Evaluation(values, len(rows), "the test rows that the spec sets aside", filled=filled)
    reading = read_for(trained.preprocessing, source, need_targets=True, data_dir=data_dir)
    stream = _Stream(
        trained.model, _within_tables(trained, reading, source), trained.rows_at_once(batch_size, EVALUATION_BATCH)
    )
    return Evaluation(evaluate(trained.model, stream), stream.rows, source, reading.notices, reading.filled)


def _test_rows(trained: Trained, data_dir: Path | None) -> tuple[Rows, dict[str, int]]:
    """Read the training data again and return the rows that were set aside, and their cells filled in."""
    if "spec" not in trained.extra:
        raise UsageError(f"{trained.path}: holds no spec that sets test rows aside; name the data to evaluate on")
    spec = loads(trained.extra["spec"], f"{trained.path.name} (its spec)", base_dir=_base_dir(trained.path))
    prepared, _ = assemble(spec, data_dir)
    if prepared.test is None:
        raise UsageError("the spec sets no test rows aside (data.split.test, data.test); name the data to evaluate on")
    if prepared.fingerprint != trained.extra.get("fingerprint"):
        raise DataError(
            f"{spec.data.source}: has changed since the training, so the test rows are no longer the ones "
            "set aside; name the data to evaluate on"
        )
    return prepared.test, prepared.filled.get("test", {})


def _base_dir(model: Path) -> Path:
    """Return where relative paths of the spec start: its run directory remembers, else here."""
    try:
        return Path(json.loads((model.parent / "manifest.json").read_text())["base_dir"])
    except (OSError, ValueError, KeyError, TypeError):
        return Path()


def _within_tables(trained: Trained, reading: Reading, source: str) -> Iterator[Chunk]:
    """Hand the chunks on; raise DataError, naming the row, for numbers that an Embedding has no row for."""
    table = lookup(trained.model.layers)
    for chunk in reading:
        if table is not None:
            check_indices(table[1], chunk.x, source, chunk.start, trained.preprocessing)
        yield chunk


class _Stream:
    """Chunks of any size as batches of one size: what `evaluate` iterates over, once."""

    def __init__(self, model: Sequential, chunks: Any, batch_size: int) -> None:
        self.model, self.chunks, self.batch_size = model, chunks, batch_size
        self.rows = 0

    def __len__(self) -> int:
        return math.ceil(self.rows / self.batch_size)

    def epoch(self, number: int, start: int = 0) -> Iterator[Batch]:
        for rows in _rebatched(self.chunks, self.batch_size):
            self.rows += len(rows)
            assert rows.y is not None
            assert self.model.loss is not None
            yield rows.x, self.model.loss.adapt_targets(rows.y, self.model.output_shape), rows.weight


def _rebatched(chunks: Iterator[Chunk], size: int) -> Iterator[Rows]:
    rest: Rows | None = None
    for chunk in chunks:
        rows = Rows(chunk.x, chunk.y, chunk.weight)
        rows = rows if rest is None else _joined(rest, rows)
        whole = len(rows) - len(rows) % size
        for start in range(0, whole, size):
            yield rows.take(slice(start, start + size))
        rest = rows.take(slice(whole, None)) if whole < len(rows) else None
    if rest is not None:
        yield rest


def _joined(first: Rows, second: Rows) -> Rows:
    pairs = [(getattr(first, part), getattr(second, part)) for part in ("x", "y", "weight")]
    return Rows(*(None if a is None else np.concatenate([a, b]) for a, b in pairs))  # type: ignore[arg-type]


# --- predicting ---------------------------------------------------------------------------------


@dataclass
class Block:
    """Predictions for some consecutive rows: columns to write, and the outputs of the network."""

    columns: dict[str, list[Any] | Array]
    outputs: Array


class Predictions:
    """Iterate over it for Blocks; `names` are the columns, known from the start."""

    def __init__(
        self, trained: Trained, reading: Reading, source: str, keep: Sequence[str], what: What, batch_size: int
    ) -> None:
        self.trained, self.reading, self.source = trained, reading, source
        self.what, self.batch_size = what, batch_size
        self.notices: list[str] = [*trained.notes, *reading.notices]
        model, labels = trained.model, trained.labels
        self.labels = None if what == "raw" else labels
        self.answers = [] if what == "raw" else trained.answers
        if labels is None and not self.answers and what in ("labels", "probabilities"):
            raise UsageError(f"--{what}: the model predicts numbers, not classes")
        self.results = _result_names(trained, self.labels, what)
        if twice := set(reading.keep) & set(self.results):
            raise UsageError(f"--keep: {', '.join(sorted(twice))} is a column of the results; rename it in the data")
        self.names = [*reading.keep, *self.results]
        self.shape = model.output_shape

    def __iter__(self) -> Iterator[Block]:
        for chunk in _within_tables(self.trained, self.reading, self.source):
            outputs = _in_fixed_batches(self.trained.model, chunk.x, self.batch_size)
            columns = dict(zip(self.results, self._columns(outputs), strict=True))
            yield Block({**chunk.kept, **columns}, outputs)

    def _columns(self, outputs: Array) -> Iterator[list[Any] | Array]:
        """Yield the columns of the results, in the order of their names."""
        if self.labels is None and not self.answers:
            yield from outputs.reshape(len(outputs), -1).T
            return
        p = probabilities(self.trained.model, outputs)
        loss = self.trained.model.loss
        boundary = 0.5 if loss is None else loss.boundary
        if self.what != "probabilities" and self.labels is None:
            for (no, yes), likely in zip(self.answers, p.T, strict=True):
                yield [yes if sure else no for sure in (likely > boundary).tolist()]
        elif self.what != "probabilities":
            assert self.labels is not None
            index = (p[:, 0] > boundary).astype(int) if p.shape[1] == 1 else p.argmax(axis=1)
            yield [self.labels[i] for i in index]
        if self.what != "labels":
            yield from p.T


def predict_file(
    path: str | os.PathLike[str],
    source: str,
    *,
    keep: Sequence[str] = (),
    what: What = "all",
    batch_size: int | None = None,
    data_dir: Path | None = None,
) -> Predictions:
    """Predict for every row of raw data, in its order; `keep` names columns to hand through as text.

    what: labels, probabilities, all (both; the values where the model predicts numbers), or raw (the
    network's outputs). Raises what reading raises, here and while the blocks are taken.
    """
    trained = open_model(path)
    reading = read_for(trained.preprocessing, source, keep=keep, data_dir=data_dir)
    return Predictions(trained, reading, source, keep, what, trained.rows_at_once(batch_size, BATCH))


def _result_names(trained: Trained, labels: list[Any] | None, what: What) -> list[str]:
    if labels is not None:
        likely = [f"p({label})" for label in (labels[1:] if trained.model.output_shape == (1,) else labels)]
        return {"labels": ["prediction"], "probabilities": likely}.get(what, ["prediction", *likely])
    word = "raw" if what == "raw" else "prediction"
    shape, names = trained.model.output_shape, trained.preprocessing.target_names
    if trained.answers and what != "raw":
        said, likely = [f"prediction({name})" for name in names], [f"p({name})" for name in names]
        return {"labels": said, "probabilities": likely}.get(what, [*said, *likely])
    if shape == (1,):
        return [word]
    if len(shape) != 1 or len(names) != shape[0]:
        names = [",".join(map(str, index)) for index in np.ndindex(*shape)]
    return [f"{word}({name})" for name in names]


def probabilities(model: Sequential, outputs: Array) -> Array:
    """Return outputs as probabilities, also where the network ends in logits."""
    if getattr(model.loss, "from_logits", False) and model.head.title() == "linear" and model.loss is not None:
        return create("activation", model.loss.expects).forward(outputs)[0]
    return outputs


@threads.computing()
def _in_fixed_batches(model: Sequential, x: Array, size: int) -> Array:
    """Run rows through the network, always `size` at once: products of one shape round one way."""
    outputs = np.empty((len(x), *model.output_shape), model.dtype)
    for start in range(0, len(x), size):
        part = x[start : start + size]
        count = len(part)
        if count < size:
            part = np.concatenate([part, np.repeat(part[-1:], size - count, axis=0)])
        outputs[start : start + count] = model.predict_batch(part)[:count]
    return outputs
