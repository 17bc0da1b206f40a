"""Checks across the parts of a spec: settings that are right alone and wrong together.

Each check is a generator of problems. Its arguments are the parts it needs, by their names in the
spec: it runs when all of these are sound, whatever is wrong elsewhere. Only what is certainly wrong
is refused.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from nnctl.findings import Problem, Tag
from nnctl.metrics import column_names
from nnctl.registry import snake, suggest
from nnctl.spec.network import activation_of, setting_path
from nnctl.templates import template_problems

PROBABILITIES = {"sigmoid", "hard_sigmoid", "softmax"}  # activations between 0 and 1

Check = Callable[..., Iterator[Problem]]
CHECKS: list[Check] = []


def check(function: Check) -> Check:
    CHECKS.append(function)
    return function


def cross_check(sound: Mapping[str, Any]) -> Iterator[Problem]:
    """Run every check whose parts are among the sound ones."""
    for function in CHECKS:
        needs = inspect.signature(function).parameters
        if all(name in sound for name in needs):
            yield from function(*(sound[name] for name in needs))


@check
def monitored(
    callbacks: Sequence[Any], metrics: Sequence[Any], weighted_metrics: Sequence[Any], fit: Any, data: Any
) -> Iterator[Problem]:
    """A callback's `monitor` is a number that this training computes."""
    plain, validation = ["loss", *column_names(metrics, weighted_metrics)], has_validation(fit, data)
    known = [*plain, *(f"val_{name}" for name in plain)]
    for number, callback in enumerate(callbacks):
        monitor = getattr(callback, "monitor", None)
        path = ("callbacks", number, Tag(callback.title()), "monitor")
        if not isinstance(monitor, str) or not callback.monitors or not getattr(callback, "save_best_only", True):
            continue
        if monitor not in known:
            near = suggest(monitor, known if validation else plain)
            computed = ", ".join(known if validation else plain)
            hint = f"did you mean {near!r}?" if near else f"computed: {computed}"
            yield Problem(path, f"this training computes no {monitor!r}", hint)
        elif monitor not in plain and not validation:
            yield Problem(
                path,
                f"{monitor!r} needs validation data, and this spec sets none aside",
                "set fit.validation_split, data.split.validation or data.validation",
            )


@check
def file_names(
    callbacks: Sequence[Any], metrics: Sequence[Any], weighted_metrics: Sequence[Any], fit: Any, data: Any
) -> Iterator[Problem]:
    """The file name of a checkpoint is made of known numbers and stays in the run directory."""
    plain = ["loss", *column_names(metrics, weighted_metrics)]
    names = ["epoch", *plain, *(f"val_{name}" for name in plain if has_validation(fit, data))]
    for number, callback in enumerate(callbacks):
        template = getattr(callback, "filepath", None)
        if isinstance(template, str):
            path = ("callbacks", number, Tag(callback.title()), "filepath")
            for message, hint in template_problems(template, names):
                yield Problem(path, message, hint)
        elif isinstance(name := getattr(callback, "filename", None), str) and ".." in Path(name).parts:
            path = ("callbacks", number, Tag(callback.title()), "filename")
            yield Problem(
                path, "a path with '..' leaves the run directory", "write a name below it, or an absolute path"
            )


@check
def layer_names(layers: Sequence[Any]) -> Iterator[Problem]:
    """No two layers have one name: files and warm starts go by it."""
    seen: dict[str, int] = {}
    for number, layer in enumerate(layers):
        if layer.name in seen:
            other = f"layers[{seen[layer.name]}]"
            yield Problem(setting_path(layers, number, "name"), f"{other} is called {layer.name!r} too")
        elif layer.name:
            seen[layer.name] = number


@check
def lone_softmax(layers: Sequence[Any]) -> Iterator[Problem]:
    """Softmax over a single unit is 1 whatever the input."""
    for number, layer in enumerate(layers):
        follows = layers[number - 1] if number and layer.title() in ("Activation", "Softmax") else layer
        if activation_of(layer) == "softmax" and getattr(follows, "units", None) == 1:
            yield Problem(
                setting_path(layers, number, "activation"),
                "softmax over one unit is always 1",
                "for two classes: one unit with sigmoid and binary_crossentropy, or two units",
            )


@check
def loss_fits(layers: Sequence[Any], loss: Any) -> Iterator[Problem]:
    """The last activation gives what the loss takes: probabilities, or logits where it says so."""
    last = len(layers) - 1
    if last < 0 or loss.targets not in ("binary", "one_hot", "index") or not hasattr(loss, "from_logits"):
        return
    activation, path = activation_of(layers[last]), setting_path(layers, last, "activation")
    name = snake(loss.title())
    if activation is None:
        return
    if loss.from_logits:
        if activation in PROBABILITIES:
            yield Problem(
                path,
                f"{name} with from_logits expects a linear output, got {activation}",
                "remove from_logits from the loss, or the activation",
            )
    elif activation not in PROBABILITIES:
        yield Problem(
            path,
            f"{name} expects probabilities, the last activation is {activation}",
            f"write  activation: {loss.expects}  (or from_logits: true in the loss)",
        )
    elif activation != "softmax" and loss.expects == "softmax" and getattr(layers[last], "units", None) != 1:
        yield Problem(
            path,
            f"{name} expects probabilities that sum to 1, the last activation is {activation}",
            "write  activation: softmax  (or loss: binary_crossentropy, where classes overlap)",
        )


@check
def enough_outputs(layers: Sequence[Any], loss: Any) -> Iterator[Problem]:
    """A crossentropy between classes needs an output for each."""
    if not layers or loss.targets not in ("one_hot", "index") or activation_of(layers[-1]) == "softmax":
        return  # the last is told by lone_softmax
    if getattr(layers[-1], "units", None) == 1 and loss.classes((1,)) is not None:
        words = f"{snake(loss.title())} needs one unit a class, got 1"
        yield Problem(
            setting_path(layers, len(layers) - 1, "units"),
            words,
            "write the number of classes, or  loss: binary_crossentropy  for two",
        )


def has_validation(fit: Any, data: Any) -> bool:
    return bool(fit.validation_split or data.validation is not None or data.split.validation)
