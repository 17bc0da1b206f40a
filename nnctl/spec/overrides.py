"""`--set layers.2.units=64`: one value of the spec, replaced from the command line.

The way to the value follows the fields of the spec, so it reaches through class names
(`layers.2.units` is `layers.2.Dense.units`), spells out bare values, and replaces what the file
gives under an old name.
"""

from __future__ import annotations

import typing
from collections.abc import Sequence
from typing import Any

from nnctl.fields import Field, Thing
from nnctl.registry import find, suggest
from nnctl.rules import alternatives, thing_kind, unwrap
from nnctl.spec.diagnostics import Diagnostic
from nnctl.spec.nodes import MAX_DEPTH, Entry, Node, Place, Source, mapping, sequence
from nnctl.spec.reader import read
from nnctl.spec.sections import Spec


class _RefusedError(Exception):
    """Carries (message, hint) of an override that has no place to go."""


def apply(root: Node, overrides: Sequence[str], problems: list[Diagnostic]) -> Node:
    """Return the tree with every `PATH=VALUE` put in place, later ones last."""
    for number, text in enumerate(overrides):
        place = Place(Source(f"--set {text}", is_file=False), number)  # the number only orders the problems
        path, equals, value_text = text.partition("=")
        parts = path.strip().split(".")
        if not equals or not all(parts) or len(parts) > MAX_DEPTH:
            problems.append(Diagnostic(place, "expected PATH=VALUE", hint="for example  --set fit.epochs=3"))
            continue
        value = _at(read(Source(place.source.name, value_text, is_file=False), problems), place)
        try:
            root = _put(root, parts, value, Spec, ())
        except _RefusedError as refused:
            problems.append(Diagnostic(place, refused.args[0], hint=refused.args[1]))
    return root


def _at(node: Node, place: Place) -> Node:
    """Give a whole value the place of its option."""
    if isinstance(node.value, dict):
        return mapping(place, {key: Entry(place, _at(entry.node, place)) for key, entry in node.value.items()})
    if isinstance(node.value, list):
        return sequence(place, [_at(item, place) for item in node.value])
    return Node(place, node.value)


def _put(node: Node | None, parts: list[str], value: Node, rule: Any, path: tuple[Any, ...]) -> Node:
    """Return `node` with `value` under `parts`; `path` is where `node` stands, `rule` what it has to be."""
    if not parts:
        return value
    if node is not None and (kind := thing_kind(rule)):
        return _put_into_thing(node, parts, value, kind, path)
    part, *rest = parts
    if node is None or node.value is None:
        node = mapping(value.place, {})
    if isinstance(node.value, list):
        index = _index(part, node.value, path)
        items = list(node.value)
        items[index] = _put(items[index], rest, value, _rule_of_item(rule), (*path, index))
        return sequence(node.place, items)
    if path == ("data",) and isinstance(node.value, str):  # `data: mnist` is short for `data: {source: mnist}`
        node = mapping(node.place, {"source": Entry(node.place, node)})
    if not isinstance(node.value, dict):
        raise _RefusedError(f"{_shown(path)} is a single value, it has no {part!r} in it", None)
    key = int(part) if part.isdigit() and part not in node.value else part
    field = _field(rule, part)
    entries = dict(node.value)
    for other in [field.name, *field.legacy] if field and key not in entries else []:
        if other in entries:
            entries = {key if k == other else k: entry for k, entry in entries.items()}
    old = entries.get(key)
    inner_rule = field.rule if field else _rule_of_item(rule)
    below = old.node if old else None
    if below is None and rest and field and thing_kind(field.rule) and isinstance(field.default, str):
        below = Node(value.place, field.default)  # the thing that is meant where none is written
    inner = _put(below, rest, value, inner_rule, (*path, key))
    return mapping(node.place, {**entries, key: Entry(old.key if old and rest else value.place, inner)})


def _put_into_thing(node: Node, parts: list[str], value: Node, kind: str, path: tuple[Any, ...]) -> Node:
    """Reach through the class name to the fields; a name or a bare value is spelt out."""
    if _names_another(kind, parts[0], node):
        fields = _put(None, parts[1:], value, None, (*path, parts[0]))
        return mapping(node.place, {parts[0]: Entry(value.place, fields)})
    if isinstance(node.value, str):
        name, key, inner = node.value, node.place, None
    elif isinstance(node.value, dict) and len(node.value) == 1:
        name, (key, inner) = next(iter(node.value.items()))
        parts = parts[1:] if parts[0] == name else parts
    else:
        raise _RefusedError(f"{_shown(path)} is not written as a name with fields", None)
    found = find(kind, name) if isinstance(name, str) else None
    cls = found[0] if found else None
    if inner is not None and inner.value is not None and not isinstance(inner.value, dict) and parts:
        first = next((n for n, f in cls.fields.items() if f.positional), None) if cls else None  # type: ignore[attr-defined]
        inner = mapping(inner.place, {first or name: Entry(inner.place, inner)})
    return mapping(node.place, {name: Entry(key, _put(inner, parts, value, cls, (*path, name)))})


def _names_another(kind: str, part: str, node: Node) -> bool:
    """Whether `part` is no field but the class to put here, as in `optimizer.SGD.momentum`."""
    name = next(iter(node.value)) if isinstance(node.value, dict) and len(node.value) == 1 else node.value
    found = find(kind, name) if isinstance(name, str) else None
    return name != part and _field(found[0] if found else None, part) is None and find(kind, part) is not None


def _field(rule: Any, name: str) -> Field | None:
    """Return the field of a section that answers to a name, old ones too."""
    for member in alternatives(unwrap(rule)[0]):
        base = unwrap(member)[0]
        if isinstance(base, type) and issubclass(base, Thing):
            for field in base.fields.values():
                if name == field.name or name in field.legacy:
                    return field
    return None


def _rule_of_item(rule: Any) -> Any:
    """Return the rule of what a list or mapping holds, or None."""
    base = unwrap(rule)[0]
    arguments = typing.get_args(base)
    return {tuple: lambda: arguments[0], dict: lambda: arguments[1]}.get(typing.get_origin(base), lambda: None)()


def _index(part: str, items: list[Node], path: tuple[Any, ...]) -> int:
    if part.isdigit() and int(part) < len(items):
        return int(part)
    names = [
        str(next(iter(item.value))) if isinstance(item.value, dict) and item.value else str(item.value)
        for item in items
    ]
    near = suggest(part, names)
    hint = f"{near} is {_shown((*path, names.index(near)))}" if near else None
    raise _RefusedError(f"{_shown(path)} has {len(items)} items, counted from 0: no {part!r}", hint)


def _shown(path: tuple[Any, ...]) -> str:
    return ".".join(map(str, path)) or "the spec"
