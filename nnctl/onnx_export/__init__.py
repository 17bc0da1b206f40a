"""A network as an ONNX graph; the other files say for each family of layers which operators it becomes.

The contract is one function for a class of layers, or of activations, that reads like its formula:

    @converts(Dense)
    def dense(g: Graph, layer: Dense, x: Value) -> Value:
        z = x @ g.constant(layer.kernel.value)
        ...
        return g.apply(layer.act, z)

`g.Relu(x)` is the operator Relu of ONNX, and values know + - * / @ and comparisons. `g.shape` is the
shape of x without the batch axis, `g.mask` what `ctx.mask` is to a layer. A function serves the
subclasses of its class as well, but those of nnctl alone: what a plugin computes, nobody knows here.
It raises ModelFileError for what ONNX cannot say; the message goes on after "layer 'its name': ".

The graph computes what the network computes when it does not train, in float32. Its inputs and
outputs are laid out as nnctl's; operators that want the channels in front get them so, and what
turns axes back and forth between two of them is left out (see graph.py).
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from nnctl.errors import ModelFileError
from nnctl.fields import Thing

if TYPE_CHECKING:
    from nnctl.onnx_export.graph import Graph, Value

Converter = Callable[..., Any]

_converters: dict[type, Converter] = {}
_masks: dict[type, Converter] = {}


def converts(*classes: type[Thing]) -> Callable[[Converter], Converter]:
    """Enter a function (graph, layer or activation, x) -> y for classes and their subclasses."""

    def enter(function: Converter) -> Converter:
        _converters.update(dict.fromkeys(classes, function))
        return function

    return enter


def makes_mask(*classes: type[Thing]) -> Callable[[Converter], Converter]:
    """Enter a function (graph, layer, x) -> mask for layers whose `compute_mask` makes one of its own."""

    def enter(function: Converter) -> Converter:
        _masks.update(dict.fromkeys(classes, function))
        return function

    return enter


def converted(g: Graph, thing: Thing, x: Value) -> Value:
    """Return what a layer or an activation makes of x; raise ModelFileError where ONNX cannot say it."""
    _scan()
    y: Value = _find(_converters, thing)(g, thing, x)
    return y


def converted_mask(g: Graph, layer: Thing, x: Value) -> Value:
    """Return the mask that a layer makes of x."""
    mask: Value = _find(_masks, layer)(g, layer, x)
    return mask


def _find(table: dict[type, Converter], thing: Thing) -> Converter:
    if not type(thing).__module__.startswith("nnctl."):
        raise ModelFileError(f"{thing.title()} is of a plugin; only what nnctl itself has can be written as ONNX")
    for cls in type(thing).__mro__:
        if cls in table:
            return table[cls]
    raise ModelFileError(f"nnctl cannot write {thing.kind} {thing.title()} as ONNX")


def _scan() -> None:
    """Import all files of this folder, so that their functions are entered."""
    for info in pkgutil.iter_modules(__path__):
        importlib.import_module(f"{__name__}.{info.name}")
