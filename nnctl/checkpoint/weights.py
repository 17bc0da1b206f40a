"""model_weights and optimizer_weights: Keras' legacy layout <-> the model's vectors.

    model_weights  layer_names = [dense, dropout, ...]
      dense        weight_names = [dense/kernel, dense/bias]      the layer's trainable weights first
        dense/kernel
    optimizer_weights  weight_names = [adam/iteration, adam/learning_rate, adam/momentum/dense/kernel, ...]

Keras reads both lists by position and looks at the names only to find the datasets.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import numpy as np

from nnctl.checkpoint.guard import Group
from nnctl.layers import Layer, Weight
from nnctl.model import Sequential
from nnctl.optimizers import Optimizer
from nnctl.registry import snake
from nnctl.schedules import Schedule

MAX_ATTRIBUTE = 64_512  # bytes that an attribute may have in an object's header

# Keras keeps the slots of one weight together (kernel momentum, kernel velocity, bias momentum, ...), except:
SLOT_BY_SLOT = ("RMSprop",)
BEFORE_THE_OTHERS = ("average", "gradient_accumulator")
AFTER_THE_OTHERS = ("velocity_hat",)


class Match(NamedTuple):
    """A weight of the model and the dataset that holds its value."""

    weight: Weight
    group: Group
    dataset: str


def write_weights(group: Any, model: Sequential) -> None:
    write_names(group, "layer_names", [str(layer.name) for layer in model.layers])
    for layer in sorted(model.layers, key=lambda layer: str(layer.name)):
        folder = group.create_group(str(layer.name))
        weights = in_order(layer)
        names = [f"{layer.name}/{weight.name}" for weight in weights]
        write_names(folder, "weight_names", names)
        for name, weight in zip(names, weights, strict=True):
            folder.create_dataset(name, data=weight.value)


def write_optimizer(group: Any, optimizer: Optimizer, layers: Iterable[Layer]) -> None:
    values = optimizer_values(optimizer, layers)
    write_names(group, "weight_names", list(values))
    for name, value in values.items():
        group.create_dataset(name, data=value)


def optimizer_values(optimizer: Optimizer, layers: Iterable[Layer]) -> dict[str, Any]:
    """Return an optimizer's state by name, in the order of Keras 3."""
    prefix = snake(optimizer.title())
    values: dict[str, Any] = {f"{prefix}/iteration": np.int64(optimizer.iterations)}
    if not isinstance(optimizer.learning_rate, Schedule):
        values[f"{prefix}/learning_rate"] = np.float32(optimizer.learning_rate)
    paths = {id(weight): f"{layer.name}/{weight.name}" for layer in layers for weight in layer.weights}
    for weight, slot, view in _slot_views(optimizer):
        values[f"{prefix}/{slot}/{paths[id(weight)]}"] = view
    for name in optimizer.numbers:
        values[f"{prefix}/{name}"] = np.float64(getattr(optimizer, name))
    return values


def write_names(group: Any, attribute: str, names: list[str]) -> None:
    """Write a list of names, in as many numbered parts as HDF5's limit on attributes asks for."""
    encoded = np.array([name.encode("utf-8") for name in names], dtype="S")
    parts = -(-encoded.nbytes // MAX_ATTRIBUTE) or 1
    if parts == 1:
        group.attrs[attribute] = encoded
        return
    for number, part in enumerate(np.array_split(encoded, parts + 1)):  # one more: the parts are not quite equal
        group.attrs[f"{attribute}{number}"] = part


def match_weights(group: Group, layers: Iterable[Layer]) -> list[Match]:
    """Pair the weights of layers with datasets, by position; raise ModelFileError where they do not fit."""
    stored = [(name, group.group(name)) for name in group.texts("layer_names")]
    stored = [(name, folder) for name, folder in stored if folder.texts("weight_names")]
    wanted = [layer for layer in layers if layer.weights]
    if len(stored) != len(wanted):
        expected = f"expected weights of {len(wanted)} layers ({_listed(str(layer.name) for layer in wanted)})"
        raise group.fail("", f"{expected}, found {len(stored)} ({_listed(name for name, _ in stored)})")
    return [match for layer, (_, folder) in zip(wanted, stored, strict=True) for match in match_layer(folder, layer)]


def match_layer(folder: Group, layer: Layer) -> list[Match]:
    """Pair the weights of one layer with the datasets of its group, shapes compared and nothing read."""
    names, weights = folder.texts("weight_names"), in_order(layer)
    if len(names) != len(weights):
        raise folder.fail(
            "",
            f"layer {layer.name!r} has {len(weights)} weights ({_listed(w.name for w in weights)}), "
            f"the file has {len(names)} ({_listed(names)})",
        )
    for name, weight in zip(names, weights, strict=True):
        if (found := folder.shape_of(name)) != weight.shape:
            raise folder.fail(name, f"expected shape {weight.shape} for {layer.name}/{weight.name}, found {found}")
    return [Match(weight, folder, name) for name, weight in zip(names, weights, strict=True)]


def fill(matches: list[Match], dtype: str, allow_nonfinite: bool) -> None:
    """Read every dataset, then set the weights: all of them or none."""
    values = []
    for weight, folder, name in matches:
        value = folder.array(name, weight.shape, dtype)
        if not allow_nonfinite and (bad := int((~np.isfinite(value)).sum())):
            raise folder.fail(name, f"{bad} non-finite values (NaN or infinity); the model is of no use as it is")
        values.append(value)
    for match, value in zip(matches, values, strict=True):
        match.weight.value[...] = value


def read_optimizer(group: Group, names: list[str], optimizer: Optimizer, slot_after_slot: bool = False) -> bool:
    """Set the optimizer's steps and slots; False where the file lays them out in another way than Keras 3.

    `slot_after_slot` is the way of Keras 2's older optimizers.
    """
    views = [view for _, _, view in _slot_views(optimizer, slot_after_slot)]
    expected = [*(view.shape for view in views), *(() for _ in optimizer.numbers)]
    steps, slots = names[:1], names[1:]
    if len(slots) == len(expected) + 1:
        expected.insert(0, ())
    if views == [] and not optimizer.numbers:
        slots, expected = [], []  # Keras 2's SGD keeps a momentum even where it has none
    if not steps or [group.shape_of(name) for name in (*steps, *slots)] != [(), *expected]:
        return False
    slots = slots[len(expected) - len(views) - len(optimizer.numbers) :]  # the rate, which the config says too
    values = [group.array(name, view.shape, view.dtype) for name, view in zip(slots, views, strict=False)]
    optimizer.iterations = int(group.array(names[0], (), "i8"))
    for view, value in zip(views, values, strict=True):
        view[...] = value
    for attribute, name in zip(optimizer.numbers, slots[len(views) :], strict=True):
        setattr(optimizer, attribute, float(group.array(name, (), "f8")))
    return True


def in_order(layer: Layer) -> list[Weight]:
    """Return a layer's weights as files list them: those that train first."""
    return sorted(layer.weights, key=lambda weight: not weight.trainable)


def _slot_views(optimizer: Optimizer, slot_after_slot: bool = False) -> Iterator[tuple[Weight, str, Any]]:
    """Yield (weight, slot name, view of the slot in the weight's shape) in the order of Keras 3, or the older one."""
    parameters: Any = optimizer.parameters
    views = {name: optimizer.views(name) for name in optimizer.slots}
    before = [[name] for name in views if name in BEFORE_THE_OTHERS]
    after = [[name] for name in views if name in AFTER_THE_OTHERS]
    rest = [name for name in views if name not in (*BEFORE_THE_OTHERS, *AFTER_THE_OTHERS)]
    one_by_one = slot_after_slot or optimizer.title() in SLOT_BY_SLOT
    runs = [*before, *([[name] for name in rest] if one_by_one else [rest]), *after]
    for run in runs:
        for number, weight in enumerate(parameters.weights):
            for name in run:
                if (view := views[name][number]) is not None:
                    yield weight, name, view


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names) or "none"
