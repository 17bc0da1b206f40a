"""What a spec's layers tell before any weight exists: shapes, last activation, number of outputs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import prod
from typing import Any

from nnctl.activations import Activation
from nnctl.errors import ConfigError
from nnctl.findings import Problem, Tag
from nnctl.layers import Layer, Shape, show_shape
from nnctl.layers.input import Input
from nnctl.registry import snake

MAX_WEIGHTS = 10**11  # of one layer: 400 GB; no machine that this is for holds more
KEEPS_RANK = {"Input", "Dense", "Dropout", "Activation", "BatchNormalization"}  # never makes one row of an image


def setting_path(layers: Sequence[Layer], number: int, name: str) -> tuple[Any, ...]:
    return ("layers", number, Tag(layers[number].title()), name)


def activation_of(layer: Any) -> str | None:
    """Return the name of the activation that closes a layer, looking into TimeDistributed; None if unknown."""
    while isinstance(inner := getattr(layer, "layer", None), Layer):
        layer = inner
    if layer.title() == "Softmax":
        return "softmax"
    activation = getattr(layer, "activation", None)
    if isinstance(activation, Activation) and type(activation).__module__.startswith("nnctl.activations"):
        return activation.title()
    return None  # also one of a plugin, of which nothing is known


def declared_input_shape(layers: Sequence[Layer]) -> Shape | None:
    """Return the shape that the first layer says, if it says all of it."""
    first = layers[0] if layers else None
    shape = first.shape if isinstance(first, Input) else first.input_shape if first else None
    return None if shape is None or None in shape else tuple(int(size or 0) for size in shape)


def trace(layers: Sequence[Layer], shape: Shape) -> tuple[list[Shape], Problem | None]:
    """Follow a shape through the layers: the input of each, the output, and what stopped it."""
    shapes = [shape]
    for number, layer in enumerate(layers):
        if isinstance(layer, Input):
            if number:
                return shapes, Problem(("layers", number), "Input must be the first layer")
            shapes.append(shape)
            continue
        layer.weights = []
        try:
            shape = layer.build_on(shape)
        except ConfigError as error:
            return shapes, Problem(("layers", number), *_say_shapes(str(error), layers, number, shape))
        shapes.append(shape)
    return shapes, None


def _say_shapes(words: str, layers: Sequence[Layer], number: int, shape: Shape) -> tuple[str, str]:
    shown = show_shape(shape)
    came = f"layers[{number - 1}] ({layers[number - 1].title()}) gives it" if number else "it is the input"
    return words if shown in words else f"{words}, got shape {shown}", f"{came}: {shown}"


def network_problems(
    layers: Sequence[Layer], loss: Any, shape: Shape, n_classes: int | None, one_row_targets: bool
) -> Iterator[Problem]:
    """Yield what is wrong with the network for inputs of this shape.

    `n_classes` is None where the targets are numbers or not known yet; `one_row_targets` says that
    each sample has one label, or one row of numbers, as in every table.
    """
    shapes, stopped = trace(layers, shape)
    if stopped:
        yield stopped
        return
    for number, layer in enumerate(layers):
        if (weights := sum(weight.size for weight in layer.weights)) > MAX_WEIGHTS:
            yield Problem(("layers", number), f"{layer.title()} would have {weights:,} weights", "make it smaller")
            return
    if one_row_targets and len(shapes[-1]) > 1 and all(layer.title() in KEEPS_RANK for layer in layers):
        number = next(i for i, layer in enumerate(layers) if layer.title() == "Dense")
        yield Problem(
            ("layers", number),
            f"Dense gets inputs of shape {show_shape(shapes[number])} and the network gives "
            f"{show_shape(shapes[-1])}, but the targets are {_expected(loss, n_classes, shapes[-1])}",
            "put  - Flatten  before it",
        )
    elif n_classes is not None:
        yield from output_problems(layers, loss, shapes[-1][-1], n_classes)


def _expected(loss: Any, n_classes: int | None, output: Shape) -> str:
    classes = n_classes or output[-1]
    return show_shape((classes,)) if loss.targets == "one_hot" else f"one class of {classes} a sample"


def output_problems(layers: Sequence[Layer], loss: Any, outputs: int, n_classes: int) -> Iterator[Problem]:
    """Yield where the number of outputs does not fit the number of classes."""
    last = max((i for i, layer in enumerate(layers) if hasattr(layer, "units")), default=len(layers) - 1)
    name, path = snake(loss.title()), setting_path(layers, last, "units")
    if loss.targets in ("one_hot", "index") and loss.classes((outputs,)) not in (None, n_classes):
        words = f"the data have {n_classes} classes, the network has {outputs} outputs"
        yield Problem(path, words, f"write {n_classes}")
    elif loss.targets == "binary" and outputs == 1 and n_classes > 2:
        yield Problem(
            path,
            f"the data have {n_classes} classes, {name} with one output tells two apart",
            f"write {n_classes} units with softmax, and loss: categorical_crossentropy",
        )


def input_problems(layers: Sequence[Layer], data_shape: Shape) -> Iterator[Problem]:
    """Yield where the layers say an input shape that the data cannot take."""
    declared = declared_input_shape(layers)
    if declared is not None and prod(declared) != prod(data_shape):
        name = "shape" if isinstance(layers[0], Input) else "input_shape"
        yield Problem(
            setting_path(layers, 0, name),
            f"the network expects samples of shape {show_shape(declared)}, the data have {show_shape(data_shape)}",
            f"write {list(data_shape)}, or leave it out",
        )
