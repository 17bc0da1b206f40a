"""A trained model in a form that other programs open: the archive of Keras 3, or its legacy .h5."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from nnctl.checkpoint import load_model, save_archive, save_model
from nnctl.checkpoint.atomic import check_writable
from nnctl.checkpoint.keras_lacks import lacking, layers_lacking, training_lacking
from nnctl.errors import ModelFileError, OutputError
from nnctl.model import Sequential
from nnctl.run import find_model

FORMS: dict[str, Callable[[Path, Sequential, dict[str, Any]], None]] = {".keras": save_archive, ".h5": save_model}


def export(source: Path, target: Path) -> list[str]:
    """Write the model of a file or run directory as `target`; return what the user should know.

    Raises OutputError for a form that is not known, ModelFileError where Keras lacks a layer.
    """
    write = FORMS.get(target.suffix.lower())
    if write is None:
        raise OutputError(f"{target}: export writes {' and '.join(FORMS)} files; name one of these")
    check_writable(target)
    loaded = load_model(find_model(source))
    model = loaded.model
    if missing := layers_lacking(model):
        raise ModelFileError(f"{source}: cannot be exported for Keras: {'; '.join(missing)}")
    notes = [*loaded.notes, *(f"{sentence}; left out" for sentence in training_lacking(model))]
    model.metrics = [metric for metric in model.metrics if not lacking(metric)]
    if (model.loss and lacking(model.loss)) or (model.optimizer and lacking(model.optimizer)):
        model.optimizer = None  # without it, the file says nothing of the training
    write(target, model, loaded.extra)
    return notes
