"""What nnctl has and Keras 3 has not: said when a model is saved, refused where a file is for Keras alone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from nnctl.activations import Activation
from nnctl.fields import Thing

if TYPE_CHECKING:
    from nnctl.model import Sequential

# tests/checkpoint/test_keras_opens.py compares these with real Keras.
NAMES = {
    "layer": {
        "LocallyConnected1D",
        "LocallyConnected2D",
        "MaxoutDense",
        "StochasticPooling1D",
        "StochasticPooling2D",
        "ThresholdedReLU",
    },
    "metric": {
        "BinaryFocalCrossentropy",
        "CategoricalFocalCrossentropy",
        "CategoricalGeneralizedCrossEntropy",
        "CohenKappa",
        "ConfusionMatrix",
        "Huber",
        "LogCosh",
        "MatthewsCorrelation",
    },
    "activation": {"hard_sigmoid_keras2"},
}


def layers_lacking(model: Sequential) -> list[str]:
    """Return a sentence for each layer that Keras cannot make."""
    absent = [f"layer {layer.name!r}: Keras 3 has no {what}" for layer in model.layers if (what := lacking(layer))]
    return absent + [
        f"layer {layer.name!r}: Keras 3 builds what follows {thing.title()} for the shape in front of it"
        for layer in model.layers[:-1]
        for thing in _held(layer)
        if isinstance(thing, Activation) and not thing.keeps_shape
    ]


def training_lacking(model: Sequential) -> list[str]:
    """Return a sentence for the loss, the optimizer and each metric that Keras cannot make."""
    things: list[Thing | None] = [model.loss, model.optimizer, *model.metrics]
    return [f"{thing.kind}: Keras 3 has no {lacking(thing)}" for thing in things if thing and lacking(thing)]


def lacking(thing: Thing) -> str | None:
    """Return the first name in a thing that Keras does not know."""
    return next(_lacking(thing), None)


def note(model: Sequential) -> str | None:
    """Return what to tell whoever saves a model as .h5; None where Keras opens all of it."""
    if layers := layers_lacking(model):
        return f"Keras cannot open this model file: {'; '.join(layers)}"
    if training := training_lacking(model):
        return f"Keras opens this model file only with load_model(..., compile=False): {'; '.join(training)}"
    return None


def _lacking(outer: Thing) -> Iterator[str]:
    """Yield the names in a thing, and in the things that it holds, that Keras does not know."""
    for thing in _held(outer):
        title = thing.title()
        is_plugin = not type(thing).__module__.startswith("nnctl.")
        if is_plugin or title in NAMES.get(thing.kind, ()):
            yield title
        for name in getattr(thing, "own", ()):
            if getattr(thing, name) != thing.fields[name].default:
                yield f"{name} of {title}"


def _held(thing: Thing) -> Iterator[Thing]:
    """Yield a thing and the things that it holds, however deep."""
    yield thing
    for name in thing.fields:
        value: Any = getattr(thing, name)
        for inner in value if isinstance(value, (tuple, list)) else (value,):
            if isinstance(inner, Thing):
                yield from _held(inner)
