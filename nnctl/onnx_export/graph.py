"""A graph of ONNX in the making, whose operators are methods.

Nothing here needs the package `onnx`; protobuf.py turns the finished graph into its messages.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from nnctl.fields import Thing
from nnctl.layers import Shape
from nnctl.onnx_export import converted
from nnctl.onnx_export.values import Mask, Names, Node, Operand, Value, plain

__all__ = ["Graph", "Mask", "Node", "Value"]

SMALL = 16  # constants up to this size are kept once, however often they occur

# Of one input and elementwise: it does not matter whether axes are turned before or after these.
ELEMENTWISE = {
    "Abs", "Celu", "Clip", "Elu", "Erf", "Exp", "HardSigmoid", "LeakyRelu", "Neg", "Relu", "Selu", "Shrink",
    "Sigmoid", "Softplus", "Softsign", "Sqrt", "Tanh",
}  # fmt: skip


class Graph:
    """Nodes in the order in which they were asked for."""

    shape: Shape  # of what the layer at work takes, and of what it gives, both without the batch axis
    output_shape: Shape

    def __init__(self, within: Graph | None = None) -> None:
        self.names: Names = within.names if within else Names()
        self.scope: str = within.scope if within else ""  # begins the names of what is made: the layer's name
        self.mask: Mask | None = None
        self.takes_indices = False  # whether its input holds whole numbers
        self.nodes: list[Node] = []
        self.inputs: list[tuple[str, str, tuple[int | str, ...] | None]] = []  # name, type, shape
        self.outputs: list[str] = []
        self.makers: dict[str, Node] = {}
        self.flipped: dict[tuple[str, int], Value] = {}

    def apply(self, thing: Thing, x: Value) -> Value:
        """Return what a layer or an activation makes of x."""
        return converted(self, thing, x)

    # --- operators ----------------------------------------------------------------------------

    def __getattr__(self, op: str) -> Callable[..., Value]:
        if not op[:1].isupper():
            raise AttributeError(op)
        return partial(self.op, op)

    def op(self, op: str, *operands: Operand, **attributes: Any) -> Value:
        """Add an operator with one output."""
        return self.ops(op, 1, *operands, **attributes)[0]

    def ops(self, op: str, outputs: int, *operands: Operand, **attributes: Any) -> list[Value]:
        """Add an operator with several outputs."""
        values = [x if x is None or isinstance(x, Value) else self.constant(x) for x in operands]
        inputs = ["" if x is None else x.name for x in values]
        names = [self.names.fresh(f"{self.scope}/{op}") for _ in range(outputs)]
        node = Node(op, inputs, names, attributes)
        self.nodes.append(node)
        self.makers.update(dict.fromkeys(names, node))
        return [Value(self, name) for name in names]

    def constant(self, values: Any, name: str = "constant") -> Value:
        """Return numbers as a value: float32, int64 for NumPy's whole numbers and lists of them, bool for truths."""
        turned = plain(values)
        key = (turned.dtype.char, turned.shape, turned.tobytes()) if turned.size <= SMALL else None
        if key in self.names.small:
            return Value(self, self.names.small[key])
        made = self.names.fresh(f"{self.scope}/{name}")
        self.names.constants[made] = turned
        if key is not None:
            self.names.small[key] = made
        return Value(self, made)

    def input(self, name: str, dtype: str, shape: tuple[int | str, ...] | None = None) -> Value:
        made = self.names.fresh(name)
        self.inputs.append((made, dtype, shape))
        return Value(self, made)

    def output(self, x: Value, name: str) -> None:
        """Let the graph give x under a name."""
        made = self.names.fresh(name)
        self.nodes.append(Node("Identity", [x.name], [made], {}))
        self.outputs.append(made)

    # --- what several families say in more than one operator ---------------------------------

    def transpose(self, x: Value, order: Sequence[int]) -> Value:
        """Turn axes; what was turned before, perhaps with elementwise operators since, is turned but once."""
        chain, made = [], self.makers.get(x.name)
        while made and made.op in ELEMENTWISE:
            chain.append(made)
            made = self.makers.get(made.inputs[0])
        if made and made.op == "Transpose":
            x = self.transpose(Value(self, made.inputs[0]), [made.attributes["perm"][axis] for axis in order])
            for node in reversed(chain):
                others = [Value(self, name) for name in node.inputs[1:]]
                x = self.op(node.op, x, *others, **node.attributes)
            return x
        if list(order) == sorted(order):
            return x
        return self.op("Transpose", x, perm=list(order))

    def reshape(self, x: Value, *sizes: int) -> Value:
        """Give the samples of x other sizes; the batch axis stays."""
        return self.op("Reshape", x, [0, *sizes])

    def reduce(self, how: str, x: Value, axes: Sequence[int], *, keep: bool = True) -> Value:
        """Return the Sum, Mean or Max over axes, which the batch axis 0 counts among."""
        return self.op(f"Reduce{how}", x, list(axes), keepdims=int(keep))

    def split(self, x: Value, parts: int, axis: int = -1) -> list[Value]:
        return self.ops("Split", parts, x, axis=axis, num_outputs=parts)

    def flip(self, x: Value, axis: int) -> Value:
        """Return x backwards along an axis; what was turned so before comes out as it was."""
        if (x.name, axis) in self.flipped:
            return self.flipped[x.name, axis]
        y = self.op("Slice", x, [-1], [np.iinfo(np.int32).min], [axis], [-1])
        self.flipped[y.name, axis] = x
        return y

    def where(self, condition: Value, x: Operand, y: Operand) -> Value:
        return self.op("Where", condition, x, y)

    def cast(self, x: Value, dtype: str) -> Value:
        return self.op("Cast", x, to=dtype)

    # --- the finished graph -------------------------------------------------------------------

    def prune(self) -> None:
        """Drop nodes and constants that no output needs."""
        needed = set(self.outputs)
        kept = []
        for node in reversed(self.nodes):
            if needed.intersection(node.outputs):
                kept.append(node)
                needed.update(node.reads())
        self.nodes = kept[::-1]
        self.names.constants = {name: array for name, array in self.names.constants.items() if name in needed}
