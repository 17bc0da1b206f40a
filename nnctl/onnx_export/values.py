"""What a graph is made of: values with arithmetic, nodes, masks, and the names that loops share with it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from nnctl.errors import ModelFileError
from nnctl.layers import Array

if TYPE_CHECKING:
    from nnctl.onnx_export.graph import Graph


@dataclass(frozen=True, eq=False)
class Value:
    """What an operator gives, a constant or an input: its name, in a graph whose operators take it."""

    graph: Graph
    name: str

    __array_ufunc__ = None  # NumPy leaves `array + value` to the value

    def __add__(self, other: Operand) -> Value:
        return self.graph.Add(self, other)

    def __radd__(self, other: Operand) -> Value:
        return self.graph.Add(other, self)

    def __sub__(self, other: Operand) -> Value:
        return self.graph.Sub(self, other)

    def __rsub__(self, other: Operand) -> Value:
        return self.graph.Sub(other, self)

    def __mul__(self, other: Operand) -> Value:
        return self.graph.Mul(self, other)

    def __rmul__(self, other: Operand) -> Value:
        return self.graph.Mul(other, self)

    def __truediv__(self, other: Operand) -> Value:
        return self.graph.Div(self, other)

    def __rtruediv__(self, other: Operand) -> Value:
        return self.graph.Div(other, self)

    def __matmul__(self, other: Operand) -> Value:
        return self.graph.MatMul(self, other)

    def __neg__(self) -> Value:
        return self.graph.Neg(self)

    def __gt__(self, other: Operand) -> Value:
        return self.graph.Greater(self, other)

    def __lt__(self, other: Operand) -> Value:
        return self.graph.Less(self, other)


Operand = Value | Array | float | np.int64 | Sequence[int] | None  # None: an optional input that is left out


@dataclass
class Node:
    """An operator with its inputs and outputs by name; a Graph among the attributes is the body of a loop."""

    op: str
    inputs: list[str]
    outputs: list[str]
    attributes: dict[str, Any]

    def reads(self) -> Iterator[str]:
        yield from self.inputs
        for body in self.attributes.values():
            for node in getattr(body, "nodes", ()):
                yield from node.reads()


@dataclass
class Mask:
    """Which time steps count, and an array of the mask's shape for one row."""

    value: Value
    like: Array


@dataclass
class Names:
    """What a graph and the bodies of its loops share: names and constants."""

    taken: set[str] = field(default_factory=set)
    constants: dict[str, Array] = field(default_factory=dict)
    small: dict[Any, str] = field(default_factory=dict)

    def fresh(self, name: str) -> str:
        """Return a name that nothing has, like the given one; what UTF-8 has no bytes for becomes '?'."""
        name = name.encode("utf-8", "replace").decode()
        found, number = name, 1
        while found in self.taken:
            found, number = f"{name}_{number}", number + 1
        self.taken.add(found)
        return found


def plain(values: Any) -> Array:
    """Return numbers in one of the types of the graph; raise ModelFileError for what float32 cannot hold."""
    array = np.asarray(values, np.float64 if isinstance(values, (int, float)) else None)
    kind = {"f": "float32", "b": "bool"}.get(array.dtype.kind, "int64")
    with np.errstate(over="ignore"):
        turned: Array = np.ascontiguousarray(array.astype(kind)).reshape(array.shape)
    if kind == "float32" and not np.isfinite(turned[np.isfinite(array)]).all():
        raise ModelFileError("has numbers too large for float32, in which the graph computes")
    return turned
