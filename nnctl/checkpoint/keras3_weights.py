"""The weights file of Keras 3 (`save_weights("x.weights.h5")`, and the one inside a .keras archive).

    layers/dense/vars/0, 1, ...     layers/dense_1/vars/0, ...     optimizer/vars/0, 1, ...
    layers/lstm/cell/vars/...       layers/bidirectional/forward_layer/cell/vars/...

Groups are named by class and position, not by the layer's name: two Dense layers are `dense` and
`dense_1` whatever they are called. Layers inside a layer have the name of the attribute that holds
them. A layer's trainable weights come first.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from nnctl.checkpoint.guard import Group
from nnctl.checkpoint.weights import Match, in_order, optimizer_values
from nnctl.layers import Layer, Weight
from nnctl.model import Sequential
from nnctl.registry import snake

OPTIMIZER = "optimizer/vars"
OLD_LAYERS = "_layer_checkpoint_dependencies"  # what `layers` was called in the archives of Keras 2.12


def is_keras3(root: Group) -> bool:
    return (root.has("layers") or root.has(OLD_LAYERS)) and not root.has("model_weights")


def match_keras3(root: Group, layers: Iterable[Layer]) -> list[Match]:
    """Pair the weights of all layers with datasets; raise ModelFileError where they do not fit."""
    folder = root.group("layers" if root.has("layers") else OLD_LAYERS)
    matches = []
    for name, layer in _named(layers):
        for inner, weights in _parts(layer):
            if not weights:
                continue
            values = folder.group(f"{name}{inner}/vars")
            if values.has(str(len(weights))):
                raise values.fail("", f"layer {layer.name!r} has {len(weights)} weights here, the file has more")
            for number, weight in enumerate(weights):
                if (found := values.shape_of(str(number))) != weight.shape:
                    expected = f"expected shape {weight.shape} for {layer.name}/{weight.name}"
                    raise values.fail(str(number), f"{expected}, found {found}")
                matches.append(Match(weight, values, str(number)))
    return matches


def write_keras3(root: Any, model: Sequential) -> None:
    """Write the weights of all layers, and the optimizer's state where there is one."""
    for name, layer in sorted(_named(model.layers)):
        _write(root, f"layers/{name}/vars", [])
        for inner, weights in _parts(layer):
            _write(root, f"layers/{name}{inner}/vars", [weight.value for weight in weights])
    if model.optimizer is not None:
        _write(root, OPTIMIZER, list(optimizer_values(model.optimizer, model.layers).values()))


def optimizer_names(root: Group) -> list[str]:
    """Return the names of the optimizer's arrays in their group, in order."""
    stored = set(root.group(OPTIMIZER).names())
    return [str(number) for number in range(len(stored)) if str(number) in stored]


def _write(root: Any, path: str, values: list[Any]) -> None:
    folder = root.require_group(path)
    for number, value in enumerate(values):
        folder.create_dataset(str(number), data=np.asarray(value))


def _named(layers: Iterable[Layer]) -> Iterator[tuple[str, Layer]]:
    seen: Counter[str] = Counter()
    for layer in layers:
        base = snake(layer.title())
        yield f"{base}_{seen[base]}" if seen[base] else base, layer
        seen[base] += 1


def _parts(layer: Layer, path: str = "") -> Iterator[tuple[str, list[Weight]]]:
    """Yield the groups under a layer's own, and the weights in each."""
    from nnctl.layers.recurrent import Recurrent  # here, as every file of weights comes through this module
    from nnctl.layers.wrappers import Bidirectional, Wrapper

    if isinstance(layer, Wrapper):
        yield path, layer.own_weights()
        names = ("forward_layer", "backward_layer") if isinstance(layer, Bidirectional) else ("layer",)
        for name, inner in zip(names, layer.inner().values(), strict=True):
            yield from _parts(inner, f"{path}/{name}")
    else:
        yield f"{path}/cell" if isinstance(layer, Recurrent) else path, in_order(layer)
