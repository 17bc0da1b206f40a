"""model.h5 and model.keras: save_model, save_archive, save_weights and load_model."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from nnctl.checkpoint import own
from nnctl.checkpoint.archive import write_archive
from nnctl.checkpoint.image import make_image, write_hdf5
from nnctl.checkpoint.keras3_weights import write_keras3
from nnctl.checkpoint.keras_model import (
    archive_config,
    model_config,
    read_architecture,
    read_compilation,
    training_config,
)
from nnctl.checkpoint.seal import seal
from nnctl.checkpoint.stored import Stored, open_stored
from nnctl.checkpoint.weights import fill, write_optimizer, write_weights
from nnctl.errors import ConfigError, ModelFileError
from nnctl.model import Sequential

KERAS_VERSION = "3.0.0"  # whose meaning the configs have; a reader may decide by it
BACKEND = "numpy"


@dataclass
class Loaded:
    """A model from a file, what was saved beside it, and what the user should know."""

    model: Sequential
    extra: dict[str, Any] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def save_model(path: str | os.PathLike[str], model: Sequential, extra: Mapping[str, Any] | None = None) -> None:
    """Write a built model atomically, with optimizer and loss if it is compiled; the same state gives the same bytes.

    `extra` is a tree of plain values and arrays (see own.py) for nnctl's own group. Raises as
    atomic.write_file does.
    """
    write_hdf5(path, lambda root: _fill_file(root, model, extra or {}))


def save_weights(path: str | os.PathLike[str], model: Sequential) -> None:
    """Write the weights alone, atomically, in the layout of Keras' .h5 files of weights."""

    def fill_file(root: Any) -> None:
        root.attrs["backend"] = BACKEND
        root.attrs["keras_version"] = KERAS_VERSION
        write_weights(root, model)
        own.write(root, {})

    write_hdf5(path, fill_file)


def _fill_file(root: Any, model: Sequential, extra: Mapping[str, Any]) -> None:
    weights = root.create_group("model_weights")
    for node in (root, weights):
        node.attrs["backend"] = BACKEND
        node.attrs["keras_version"] = KERAS_VERSION
    root.attrs["model_config"] = json.dumps(model_config(model))
    write_weights(weights, model)
    if model.optimizer is not None:
        root.attrs["training_config"] = json.dumps(training_config(model))
        write_optimizer(root.create_group("optimizer_weights"), model.optimizer, model.layers)
    own.write(root, extra)


def save_archive(path: str | os.PathLike[str], model: Sequential, extra: Mapping[str, Any] | None = None) -> None:
    """Write a built model as a .keras archive, atomically; what is nnctl's own goes into its file of weights."""

    def fill_file(root: Any) -> None:
        write_keras3(root, model)
        own.write(root, extra or {})

    image = make_image(fill_file)
    write_archive(path, archive_config(model), {"keras_version": KERAS_VERSION}, image + seal(image))


def load_model(
    path: str | os.PathLike[str], cls: type[Sequential] = Sequential, *, allow_nonfinite: bool = False
) -> Loaded:
    """Read a model that nnctl saved, or Keras as a legacy .h5 or a .keras file; compiled where the file says how.

    Raises MissingInputError where there is no file, ModelFileError where it is no sound model file.
    """
    with open_stored(path) as stored:
        is_own = own.is_own(stored.root)
        loaded = Loaded(_build(stored, cls, allow_nonfinite))
        if stored.training is not None:
            _compile(loaded, stored)
        if is_own:
            loaded.extra = own.read(stored.root)
    return loaded


def outline(stored: Stored, cls: type[Sequential] = Sequential) -> Sequential:
    """Return the model that a file's config says, all shapes known and no memory taken for its weights."""
    where = stored.place
    plan = read_architecture(stored.config, where)
    try:
        model = cls(plan.layers, plan.name, dtype=plan.dtype)
        shape = tuple(size for size in plan.input_shape or () if size is not None)
        if len(shape) != len(plan.input_shape or (None,)):
            raise ModelFileError(f"{where}: the input shape is not known: {plan.input_shape}")
        model.infer_shapes(shape)
    except ConfigError as error:
        raise ModelFileError(f"{where}: {error}") from error
    return model


def _build(stored: Stored, cls: type[Sequential], allow_nonfinite: bool) -> Sequential:
    """Make the model and set its weights; sizes are compared with the file before memory is taken."""
    model, where, source = outline(stored, cls), stored.place, stored.root.source
    needed = model.count_params() * np.dtype(model.dtype).itemsize
    if needed > 2 * source.most:  # half precision is the smallest that is read
        raise ModelFileError(f"{where}: the weights need {needed:,} bytes, the file holds {source.size:,}")
    stored.match(model.layers)
    try:
        model.build(model.input_shape)
    except ConfigError as error:
        raise ModelFileError(f"{where}: {error}") from error
    fill(stored.match(model.layers), model.dtype, allow_nonfinite)
    return model


def _compile(loaded: Loaded, stored: Stored) -> None:
    optimizer, loss, metrics = read_compilation(stored.training, stored.training_place)
    loaded.model.compile(optimizer, loss, metrics)
    if stored.read_optimizer(optimizer) is False:
        path = stored.root.source.path
        if stored.root.source.sealed:
            raise ModelFileError(f"{path}: the state of the optimizer does not fit {optimizer.title()}")
        loaded.notes.append(
            f"{path}: the state of {optimizer.title()} is not laid out as in Keras 3; "
            "training would start with a fresh optimizer"
        )
