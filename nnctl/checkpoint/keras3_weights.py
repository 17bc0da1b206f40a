"""The weights file of Keras 3 (`save_weights("x.weights.h5")`, and the one inside a .keras archive).

    layers/dense/vars/0, 1, ...     layers/dense_1/vars/0, ...

Groups are named by class and position, not by the layer's name: two Dense layers are `dense` and
`dense_1` whatever they are called. A layer's trainable weights come first.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from nnctl.checkpoint.guard import Group
from nnctl.checkpoint.weights import Match, in_order
from nnctl.layers import Layer
from nnctl.registry import snake


def is_keras3(root: Group) -> bool:
    return root.has("layers") and not root.has("model_weights")


def match_keras3(root: Group, layers: Iterable[Layer]) -> list[Match]:
    """Pair the weights of all layers with datasets; raise ModelFileError where they do not fit."""
    folder = root.group("layers")
    seen: Counter[str] = Counter()
    matches = []
    for layer in layers:
        base = snake(layer.title())
        name = f"{base}_{seen[base]}" if seen[base] else base
        seen[base] += 1
        if not layer.weights:
            continue
        values = folder.group(f"{name}/vars")
        weights = in_order(layer)
        if values.has(str(len(weights))):
            raise values.fail("", f"layer {layer.name!r} has {len(weights)} weights, the file has more")
        for number, weight in enumerate(weights):
            if (found := values.shape_of(str(number))) != weight.shape:
                expected = f"expected shape {weight.shape} for {layer.name}/{weight.name}"
                raise values.fail(str(number), f"{expected}, found {found}")
            matches.append(Match(weight, values, str(number)))
    return matches
