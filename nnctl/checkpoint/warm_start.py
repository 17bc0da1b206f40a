"""A warm start: the weights of a model file, and if asked for the state of its optimizer, in a built model."""

from __future__ import annotations

import os
from typing import Literal

from nnctl.checkpoint import own
from nnctl.checkpoint.keras3_weights import is_keras3, match_keras3
from nnctl.checkpoint.keras_model import read_optimizer_config
from nnctl.checkpoint.model_file import outline
from nnctl.checkpoint.stored import Stored, open_stored
from nnctl.checkpoint.weights import Match, fill, in_order, match_layer, match_weights
from nnctl.errors import ConfigError, ModelFileError
from nnctl.layers import Layer
from nnctl.model import Sequential
from nnctl.optimizers import Optimizer

By = Literal["auto", "order", "name"]


def load_weights(
    path: str | os.PathLike[str], model: Sequential, *, by: By = "order", allow_nonfinite: bool = False
) -> list[str]:
    """Set the weights of a built model from a model file or a weights-only file; return the layers that were set.

    By order, all layers must fit. By name, layers that the file does not have keep their weights. `auto` goes
    by name where the file and the model have the same names, else by order. The .weights.h5 and .keras of Keras 3
    list weights without names of layers and go by order. Raises ModelFileError where numbers or shapes differ;
    then no weight is changed.
    """
    with open_stored(path, weights_only=True) as stored:
        own.is_own(stored.root)  # refuses a file of nnctl's that is not whole
        layers, matches = _match(stored, model, by)
        fill(matches, model.dtype, allow_nonfinite)
    return [str(layer.name) for layer in layers]


def go_on_from(path: str | os.PathLike[str], model: Sequential, *, by: By = "order") -> tuple[list[str], Optimizer]:
    """Set the weights and the state of the optimizer of a compiled model; return the layers and the file's optimizer.

    Raises ModelFileError where the file has no such state or its weights do not fit, ConfigError where
    the model's optimizer, or what it trains, is another than in the file.
    """
    ours = model.optimizer
    assert ours is not None
    with open_stored(path) as stored:
        own.is_own(stored.root)
        name = stored.root.source.path
        if stored.training is None or not stored.has_optimizer:
            raise ModelFileError(
                f"{name}: holds no state of an optimizer; take its weights alone, as  optimizer: false"
            )
        theirs = read_optimizer_config(stored.training, stored.training_place)
        if theirs.title() != ours.title():
            raise ConfigError(f"{name} was trained with {theirs.title()}, this is {ours.title()}; {NEXT_STEP}")
        layers, matches = _match(stored, model, by)
        if difference := _difference(outline(stored), model):
            raise ConfigError(f"the optimizer of {name} moved other weights: {difference}; {NEXT_STEP}")
        if not stored.read_optimizer(ours):
            raise ConfigError(
                f"the state in {name} is that of {theirs!r} with other slots than {ours!r}; "
                f"give it the same options, or {NEXT_STEP}"
            )
        fill(matches, model.dtype, allow_nonfinite=False)
    return [str(layer.name) for layer in layers], theirs


NEXT_STEP = "begin with a fresh optimizer: optimizer: false"


def _match(stored: Stored, model: Sequential, by: By) -> tuple[list[Layer], list[Match]]:
    """Return the layers that will be set, and where their weights are."""
    root, layers = stored.root, [layer for layer in model.layers if layer.weights]
    if is_keras3(root):
        if by == "name":
            raise root.fail("", "lists the weights without names of layers; match them by order")
        return layers, match_keras3(root, model.layers)
    group = root.group("model_weights") if root.has("model_weights") else root
    names = group.texts("layer_names")
    if by == "auto":
        filled = {name for name in names if group.group(name).texts("weight_names")}
        by = "name" if filled == {str(layer.name) for layer in layers} else "order"
    if by == "order":
        return layers, match_weights(group, layers)
    layers = [layer for layer in layers if str(layer.name) in names]
    if not layers:
        raise group.fail("", f"none of its layers has a name of this network ({', '.join(names)}); match them by order")
    return layers, [match for layer in layers for match in match_layer(group.group(str(layer.name)), layer)]


def _difference(theirs: Sequential, ours: Sequential) -> str | None:
    """Say where two networks differ in the weights that train: an optimizer's state goes by their order."""
    weights = [
        [(f"{layer.name}/{weight.name}", weight.shape) for layer in model.layers for weight in in_order(layer)]
        for model in (theirs, ours)
    ]
    trained = [[w.trainable for layer in model.layers for w in in_order(layer)] for model in (theirs, ours)]
    if [shape for _, shape in weights[0]] != [shape for _, shape in weights[1]]:
        return f"{len(weights[0])} weights there, {len(weights[1])} here, or of other shapes"
    names = [[name for name, _ in of_one] for of_one in weights]
    if names[0] != names[1] and sorted(names[0]) == sorted(names[1]):
        return "the same layers in another order"
    for (name, _), there, here in zip(weights[1], *trained, strict=True):
        if there != here:
            return f"{name} {'was' if there else 'was not'} trained there, and {'is' if here else 'is not'} here"
    return None
