"""Checks of the network against the data: what the spec alone tells, and once more after they are read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from nnctl.data import glance
from nnctl.data.settings import DataSettings
from nnctl.errors import NnctlError
from nnctl.findings import Problem
from nnctl.layers import Shape
from nnctl.spec.lookups import too_small
from nnctl.spec.network import declared_input_shape, input_problems, network_problems, output_problems
from nnctl.spec.sections import Spec

# Forms of data in which one row of targets goes with a sample.
TABLES = (".csv", ".tsv", ".txt", ".data", ".jsonl", ".csv.gz", ".tsv.gz", ".zst", ".parquet", "-")
CLASSES = ("one_hot", "index", "binary")  # the targets of losses that want labels


def check_against_data(
    spec: Spec, *, input_shape: Shape | None, n_classes: int | None = None, target_rank: int = 1
) -> None:
    """Raise SpecError where the network does not fit the data.

    `input_shape` is that of one sample, `n_classes` the number of labels (None for numbers),
    `target_rank` the rank of the targets, 1 for one label or row of numbers a sample.
    """
    spec.raise_for(problems(spec.layers, spec.loss, input_shape, n_classes, target_rank == 1))


def problems_before_reading(layers: Any, loss: Any, data: DataSettings, base_dir: Path) -> Iterator[Problem]:
    """Yield what is wrong for certain, from the spec and what is known of named data sets."""
    is_table = isinstance(data.source, str) and data.source.lower().endswith(TABLES)
    known = None if is_table else _glance(data, base_dir)
    shape = known.input_shape if known else None
    n_classes = known.classes if known else None
    if n_classes is None and data.labels is not None:
        n_classes = len(data.labels)
    yield from problems(layers, loss, shape, n_classes, is_table or bool(known and known.classes))
    yield from too_small(layers, known.largest if known else None, "the word numbers that num_words lets in go up to")


def _glance(data: DataSettings, base_dir: Path) -> Any:
    try:
        return glance(data, base_dir=base_dir, data_dir=None)
    except NnctlError:  # what is wrong with the data is told when they are read, with its own exit status
        return None


def problems(
    layers: Any, loss: Any, data_shape: Shape | None, n_classes: int | None, one_row_targets: bool
) -> Iterator[Problem]:
    n_classes = n_classes if loss.targets in CLASSES else None
    mismatch = list(input_problems(layers, data_shape)) if data_shape else []
    yield from mismatch
    shape = declared_input_shape(layers) or (None if mismatch else data_shape)
    if shape is not None:
        yield from network_problems(layers, loss, shape, n_classes, one_row_targets)
    elif n_classes is not None and hasattr(layers[-1], "units"):
        yield from output_problems(layers, loss, layers[-1].units, n_classes)
