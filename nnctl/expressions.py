"""Arithmetic in text, such as `lr * 0.5 ** (epoch // 10)`, computed without running code.

Only numbers, the given names, + - * / // % **, comparisons, `a if c else b`, and a few functions
are known; everything else is refused when the text is parsed.
"""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable, Mapping
from typing import Any

FUNCTIONS: dict[str, Callable[..., float]] = {
    **{name: getattr(math, name) for name in ("exp", "log", "sqrt", "cos", "sin", "floor", "ceil")},
    "min": min,
    "max": max,
    "abs": abs,
}
CONSTANTS = {"pi": math.pi}
BINARY: dict[type[Any], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: lambda a, b: float(a) ** b,  # floats: an integer power could grow without end
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}
UNARY: dict[type[Any], Callable[[Any], Any]] = {ast.USub: operator.neg, ast.UAdd: operator.pos, ast.Not: operator.not_}
MAX_LENGTH = 500


class Expression:
    """A parsed formula; call it with values for its names.

    Raises ValueError for text that is no formula of the allowed kind.

    >>> Expression("lr * 0.5 ** (epoch // 10)", ("epoch", "lr"))(epoch=20, lr=0.1)
    0.025
    """

    def __init__(self, text: str, names: tuple[str, ...]) -> None:
        self.text, self.names = text, names
        if len(text) > MAX_LENGTH:
            raise ValueError(f"a formula has at most {MAX_LENGTH} characters, got {len(text)}")
        try:
            self._tree = ast.parse(text, mode="eval").body
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            raise ValueError(f"not a formula: {text!r}") from None
        self._check(self._tree)

    def _check(self, node: ast.AST) -> None:
        match node:
            case ast.Constant(value=bool()) | ast.Constant(value=int() | float()):
                return
            case ast.Name(id=name) if name in self.names or name in CONSTANTS:
                return
            case ast.BinOp(op=op) if type(op) in BINARY:
                parts: list[ast.AST] = [node.left, node.right]
            case ast.UnaryOp(op=op) if type(op) in UNARY:
                parts = [node.operand]
            case ast.Compare(ops=[op]) if type(op) in BINARY:
                parts = [node.left, *node.comparators]
            case ast.IfExp():
                parts = [node.test, node.body, node.orelse]
            case ast.Call(func=ast.Name(id=name), keywords=[]) if name in FUNCTIONS and node.args:
                parts = list(node.args)
            case _:
                known = ", ".join((*self.names, *CONSTANTS, *FUNCTIONS))
                raise ValueError(f"{ast.unparse(node)!r} is not allowed in a formula; known are {known}")
        for part in parts:
            self._check(part)

    def __call__(self, **values: float) -> float:
        return float(self._value(self._tree, {**CONSTANTS, **values}))

    def _value(self, node: Any, names: Mapping[str, float]) -> Any:
        match node:
            case ast.Constant():
                return node.value
            case ast.Name():
                return names[node.id]
            case ast.BinOp():
                return BINARY[type(node.op)](self._value(node.left, names), self._value(node.right, names))
            case ast.UnaryOp():
                return UNARY[type(node.op)](self._value(node.operand, names))
            case ast.Compare():
                return BINARY[type(node.ops[0])](self._value(node.left, names), self._value(node.comparators[0], names))
            case ast.IfExp():
                return self._value(node.body if self._value(node.test, names) else node.orelse, names)
        return FUNCTIONS[node.func.id](*(self._value(argument, names) for argument in node.args))
