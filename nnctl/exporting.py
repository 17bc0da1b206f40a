"""A trained model in a form that other programs open: Keras 3's archive, Keras' legacy .h5, or ONNX."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from nnctl.checkpoint import save_archive, save_model
from nnctl.checkpoint.atomic import check_writable, write_bytes
from nnctl.checkpoint.keras_lacks import lacking, layers_lacking, training_lacking
from nnctl.errors import ModelFileError, OutputError
from nnctl.layers import show_shape
from nnctl.model import Sequential
from nnctl.onnx_export.network import network
from nnctl.onnx_export.protobuf import need_onnx, onnx_bytes
from nnctl.prediction import Trained, open_model

Save = Callable[[Path, Sequential, dict[str, Any]], None]
KERAS: dict[str, Save] = {".keras": save_archive, ".h5": save_model}
ONNX = ".onnx"


def export(source: Path, target: Path) -> list[str]:
    """Write the model of a file or run directory as `target`; return what the user should know.

    Raises OutputError for a form that is not known, ModelFileError where it cannot say a layer, and
    MissingExtraError for .onnx without the package onnx.
    """
    form = target.suffix.lower()
    if form not in (*KERAS, ONNX):
        raise OutputError(f"{target}: export writes {', '.join(KERAS)} and {ONNX} files; name one of these")
    if form == ONNX:
        need_onnx()
    check_writable(target)
    trained = open_model(source)
    if form == ONNX:
        return [*trained.notes, *_for_runtimes(source, target, trained)]
    return [*trained.notes, *_for_keras(source, target, trained, KERAS[form])]


def _for_keras(source: Path, target: Path, trained: Trained, save: Save) -> list[str]:
    model = trained.model
    if missing := layers_lacking(model):
        raise ModelFileError(f"{source}: cannot be exported for Keras: {'; '.join(missing)}")
    notes = [f"{sentence}; left out" for sentence in training_lacking(model)]
    model.metrics = [metric for metric in model.metrics if not lacking(metric)]
    if (model.loss and lacking(model.loss)) or (model.optimizer and lacking(model.optimizer)):
        model.optimizer = None  # without it, the file says nothing of the training
    save(target, model, trained.extra)
    return notes


def _for_runtimes(source: Path, target: Path, trained: Trained) -> list[str]:
    model = trained.model
    try:
        graph = network(model)
        data = onnx_bytes(graph, model.name, model.output_shape, _metadata(trained))
    except ModelFileError as error:
        raise ModelFileError(f"{source}: cannot be exported as ONNX: {error}") from None
    write_bytes(target, data)
    (name, kind, _), *_ = graph.inputs
    notes = [f"{target}: input {name!r} is {kind} of shape {show_shape(model.input_shape)}"]
    if "preprocessing" in trained.extra:
        notes[0] += (
            ", prepared as in training: the file holds the network alone, and its metadata (preprocessing, columns, "
            "labels) say how raw data become these numbers"
        )
    if model.dtype != "float32":
        notes.append(f"{target}: computes in float32, the model in {model.dtype}: their numbers agree to about 1e-6")
    return notes


def _metadata(trained: Trained) -> dict[str, str]:
    """Return what a program needs to prepare raw data and to read the outputs, as JSON texts."""
    known = {
        "preprocessing": trained.extra.get("preprocessing"),
        "columns": trained.preprocessing.feature_names if "preprocessing" in trained.extra else None,
        "labels": trained.labels,
    }
    return {name: json.dumps(value) for name, value in known.items() if value is not None}
