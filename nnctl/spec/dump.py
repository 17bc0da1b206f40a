"""A resolved spec as YAML that reads back to the same values, under YAML 1.1 as well as 1.2."""

from __future__ import annotations

from typing import Any

import yaml

from nnctl.spec.scalars import resolve, write_float

WIDTH = 100  # a mapping or list that fits stands on one line
PREFIX = "tag:yaml.org,2002:"


def dump(resolved: dict[str, Any]) -> str:
    """Write plain values, such as `Spec.resolved()` gives, as YAML; no aliases, same values same text."""
    return str(yaml.serialize(_node(resolved), Dumper=_Dumper, allow_unicode=True, width=10 * WIDTH))


class _Dumper(yaml.SafeDumper):
    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)  # lists stand deeper than their key


def _node(value: Any, depth: int = 0) -> yaml.Node:
    if isinstance(value, dict):
        pairs = [(_scalar(key), _node(item, depth + 1)) for key, item in value.items()]
        return yaml.MappingNode(PREFIX + "map", pairs, flow_style=_fits_on_a_line(value, depth))
    if isinstance(value, (list, tuple)):
        items = [_node(item, depth + 1) for item in value]
        return yaml.SequenceNode(PREFIX + "seq", items, flow_style=_fits_on_a_line(value, depth))
    return _scalar(value)


def _fits_on_a_line(value: Any, depth: int) -> bool:
    """Whether a container is short enough; the sections themselves stand open, one setting a line."""
    if not value:
        return True
    if depth == 2 and isinstance(value, dict) and len(value) == 1 and all(value.values()):
        return False  # `- Dense: {...}`, not `- {Dense: {...}}`
    return depth > 1 and 2 * depth + len(str(value)) <= WIDTH


def _scalar(value: Any) -> yaml.ScalarNode:
    if value is None:
        return yaml.ScalarNode(PREFIX + "null", "null")
    if isinstance(value, bool):
        return yaml.ScalarNode(PREFIX + "bool", str(value).lower())
    if isinstance(value, int):
        return yaml.ScalarNode(PREFIX + "int", str(value))
    if isinstance(value, float):
        return yaml.ScalarNode(PREFIX + "float", write_float(value))
    text = value.replace("${", "$${")
    quotes = "'" if _reads_otherwise(text) else None
    return yaml.ScalarNode(PREFIX + "str", text, style=quotes)


def _reads_otherwise(text: str) -> bool:
    """Whether YAML 1.2 would take plain text for something else; PyYAML looks after YAML 1.1."""
    try:
        return not isinstance(resolve(text), str)
    except ValueError:
        return True
