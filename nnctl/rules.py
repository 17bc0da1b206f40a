"""What a value may be: types for the fields of things, each able to say itself in words.

A rule is a plain type annotation: `int`, `Literal["valid", "same"]`, `Annotated[float, Gt(0)]`,
`tuple[int, ...]`, unions of these, and `Of("initializer")` for another registered thing. Pydantic
decides whether a value fits, where that is not plain to see; this module puts the rule into words
and makes counter-examples of it (what the contract tests feed to every field).
"""

from __future__ import annotations

import math
import operator
import types
import typing
from collections.abc import Iterator
from functools import cache
from typing import Annotated, Any, Literal, Union

from annotated_types import Ge, Gt, Le, Lt, MinLen, Predicate

from nnctl.registry import article

PositiveInt = Annotated[int, Ge(1)]
NonNegativeInt = Annotated[int, Ge(0)]
PositiveFloat = Annotated[float, Gt(0)]
NonNegativeFloat = Annotated[float, Ge(0)]
Fraction = Annotated[float, Ge(0), Lt(1)]  # a rate: of units dropped, of rows set aside
Probability = Annotated[float, Ge(0), Le(1)]

COMPARISONS = {">=": operator.ge, ">": operator.gt, "<=": operator.le, "<": operator.lt}


class Of:
    """Marks a field that holds another thing: `Annotated[Initializer, Of("initializer")]`.

    The value may be its name, `{Name: {field: value}}`, Keras' `{class_name, config}`, or the
    object itself.
    """

    def __init__(self, kind: str) -> None:
        self.kind = kind

    def __get_pydantic_json_schema__(self, schema: Any, handler: Any) -> dict[str, Any]:
        return {"$ref": f"#/$defs/{self.kind}"}


class Words:
    """Overrides the sentence of a rule that the type alone does not tell well.

    `extra_bad` adds values that must be refused to the counter-examples.
    """

    def __init__(self, text: str, *, extra_bad: tuple[Any, ...] = ()) -> None:
        self.text = text
        self.extra_bad = extra_bad


def unwrap(rule: Any) -> tuple[Any, tuple[Any, ...]]:
    """Split `Annotated[T, ...]` into T and its metadata."""
    if typing.get_origin(rule) is Annotated:
        base, *metadata = typing.get_args(rule)
        return base, tuple(metadata)
    return rule, ()


def alternatives(rule: Any) -> tuple[Any, ...]:
    """Return the members of a union, or the rule alone."""
    if typing.get_origin(rule) in (Union, types.UnionType):
        return typing.get_args(rule)
    return (rule,)


def thing_kind(rule: Any) -> str | None:
    """Return the kind that a rule's `Of` names, looking into a union."""
    for member in alternatives(rule):
        for mark in unwrap(member)[1]:
            if isinstance(mark, Of):
                return mark.kind
    return None


def describe(rule: Any) -> str:
    """Say a rule in words.

    >>> describe(PositiveInt), describe(Fraction | None), describe(Literal["valid", "same"])
    ('an integer >= 1', 'a number >= 0 and < 1 or null', "'valid' or 'same'")
    """
    base, metadata = unwrap(rule)
    for mark in metadata:
        if isinstance(mark, Words):
            return mark.text
        if isinstance(mark, Of):
            return f"the name of {article(mark.kind)}"
    if len(members := alternatives(base)) > 1:
        return " or ".join(describe(member) for member in members)
    origin, arguments = typing.get_origin(base), typing.get_args(base)
    if origin is Literal:
        shown = [repr(a) if isinstance(a, str) else show(a) for a in arguments]
        if len(shown) <= 3:
            return " or ".join(shown)
        return "one of " + ", ".join(shown)
    if origin in (tuple, list):
        if origin is tuple and arguments[-1] is not Ellipsis:
            return f"a list of {len(arguments)}: " + ", ".join(map(describe, arguments))
        return f"a list, each {describe(arguments[0])}"
    if origin is dict:
        return f"a mapping from {describe(arguments[0])} to {describe(arguments[1])}"
    words = {int: "an integer", float: "a number", bool: "true or false", str: "text"}
    words |= {type(None): "null", Any: "any value", dict: "a mapping", list: "a list"}
    text = words.get(base) or article(getattr(base, "__name__", str(base)))
    bounds = [f"{sign} {limit:g}" for sign, limit in _bounds(metadata)]
    return " ".join([text, " and ".join(bounds)]).strip()


def _bounds(metadata: tuple[Any, ...]) -> Iterator[tuple[str, Any]]:
    for mark in metadata:
        for kind, sign, name in ((Ge, ">=", "ge"), (Gt, ">", "gt"), (Le, "<=", "le"), (Lt, "<", "lt")):
            if isinstance(mark, kind):
                yield sign, getattr(mark, name)


def counterexamples(rule: Any) -> list[Any]:
    """Make values that the rule must refuse: one beyond each bound, and of the wrong type."""
    base, metadata = unwrap(rule)
    bad: list[Any] = []
    for mark in metadata:
        if isinstance(mark, Words):
            bad += mark.extra_bad
        if isinstance(mark, Of):
            return ["no_such_name", -123]
        if isinstance(mark, MinLen):
            bad.append([])
    members = alternatives(base)
    if len(members) > 1:
        refused = [value for member in members for value in counterexamples(member)]
        return [value for value in refused if not any(fits(value, member) for member in members)]
    step = 1 if base is int else 0.5
    for sign, limit in _bounds(metadata):
        bad.append(limit + {">=": -step, ">": 0, "<=": step, "<": 0}[sign])
    origin = typing.get_origin(base)
    if base is int:
        bad += [1.5, True, "ten"]
    elif base is float:
        bad += ["ten", float("nan"), float("inf"), True]
    elif base is bool:
        bad += [2, "perhaps"]
    elif base is str:
        bad += [3, True]
    elif origin is Literal:
        bad += ["no_such_choice"]
    elif origin in (tuple, list):
        bad += ["no list", 3.5]
    return bad


def plainly_fits(value: Any, rule: Any) -> bool:
    """Whether a value fits for certain and stays as it is; where this cannot tell, pydantic has to.

    Most values are plain, and pydantic and its validators take longer to make than a spec takes to read.
    """
    base, marks = unwrap(rule)
    members, origin, arguments = alternatives(base), typing.get_origin(base), typing.get_args(base)
    if len(members) > 1:
        known = any(plainly_fits(value, member) for member in members)
    elif origin is Literal:
        known = any(type(value) is type(choice) and value == choice for choice in arguments)
    elif origin is not None and type(value) is not origin:
        known = False
    elif origin is tuple:
        items = arguments[:1] * len(value) if arguments[-1] is Ellipsis else arguments
        known = len(items) == len(value) and all(map(plainly_fits, value, items))
    elif origin is dict:
        known = all(plainly_fits(key, arguments[0]) and plainly_fits(value[key], arguments[1]) for key in value)
    elif base is float:
        known = type(value) is float and math.isfinite(value)
    elif base is str:
        known = type(value) is str and value.isascii()  # of the others some cannot be encoded
    else:
        known = base is Any or type(value) is base
    return known and all(_passes(value, mark) for mark in marks)


def _passes(value: Any, mark: Any) -> bool:
    """Whether a value of the right type fits a mark of its rule for certain."""
    if isinstance(mark, Predicate):
        return bool(mark.func(value))
    if isinstance(mark, MinLen):
        return len(value) >= mark.min_length
    bounds = list(_bounds((mark,)))
    return isinstance(mark, (Of, Words)) or any(COMPARISONS[sign](value, limit) for sign, limit in bounds)


def fits(value: Any, rule: Any) -> bool:
    import pydantic

    try:
        adapter(rule).validate_python(value)
    except pydantic.ValidationError:
        return False
    return True


@cache
def adapter(rule: Any) -> Any:
    """Return pydantic's validator of a rule: strict, so that "64", true or 1.5 is no integer."""
    import pydantic

    config = pydantic.ConfigDict(strict=True, allow_inf_nan=False, arbitrary_types_allowed=True)
    return pydantic.TypeAdapter(rule, config=config)


def show(value: Any, limit: int = 60) -> str:
    """Write a value as YAML would, on one line, shortened."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        text = "{" + ", ".join(f"{k}: {show(v, 20)}" for k, v in list(value.items())[:8]) + "}"
    elif isinstance(value, (list, tuple)):
        text = "[" + ", ".join(show(v, 20) for v in value[:12]) + "]"
    elif isinstance(value, str):
        text = repr(value)
    elif isinstance(value, (int, float)):
        text = f"{value!r}"
    else:
        text = f"{type(value).__name__} object"
    return text if len(text) <= limit else text[: limit - 3] + "..."
