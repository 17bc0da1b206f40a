"""The tree of a YAML file, in which every key and every value knows its place.

Nodes may be shared (an alias is the same node twice), so nobody changes one: include, overrides and
interpolation make new nodes along the way to what differs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

from nnctl.findings import Implied, Path, Tag

MAX_DEPTH = 50
MAX_NODES = 100_000  # after aliases and references are expanded: a 400-byte file may ask for 10^9


@dataclass(frozen=True, eq=False)
class Source:
    """Where text came from: a file, or one `--set` option."""

    name: str
    text: str = ""
    is_file: bool = True


@dataclass(frozen=True)
class Place:
    source: Source
    line: int = 1
    column: int = 1

    def __str__(self) -> str:
        return f"{self.source.name}:{self.line}:{self.column}" if self.source.is_file else self.source.name


@dataclass(frozen=True)
class Node:
    """`value` is a scalar, a list of nodes, or a dict of entries; `size` counts nodes, `height` levels."""

    place: Place
    value: Any
    size: int = 1
    height: int = 0


class Entry(NamedTuple):
    key: Place
    node: Node


def mapping(place: Place, entries: dict[Any, Entry]) -> Node:
    return _container(place, entries, [entry.node for entry in entries.values()])


def sequence(place: Place, items: list[Node]) -> Node:
    return _container(place, items, items)


def _container(place: Place, value: Any, inner: list[Node]) -> Node:
    height = 1 + max((node.height for node in inner), default=0)
    return Node(place, value, 1 + sum(node.size for node in inner), height)


def plain(node: Node) -> Any:
    """Return the values without their places."""
    if isinstance(node.value, dict):
        return {key: plain(entry.node) for key, entry in node.value.items()}
    if isinstance(node.value, list):
        return [plain(item) for item in node.value]
    return node.value


def child(node: Node, part: Any) -> Node | None:
    """Return what stands under a key or index, or None."""
    if isinstance(node.value, dict):
        entry = node.value.get(part)
        return entry.node if entry else None
    if isinstance(node.value, list) and isinstance(part, int) and 0 <= part < len(node.value):
        item: Node = node.value[part]
        return item
    return None


def locate(root: Node, path: Path, at_key: bool = False) -> Place:
    """Return the place of a value, or of its key; of the section around it where it was not written."""
    node, place = root, root.place
    for part in path:
        if isinstance(part, Implied):
            place = node.place
            continue
        if isinstance(part, Tag) and child(node, part) is None:
            part = _written_tag(node)
        inner = child(node, part)
        if inner is None:
            break
        key = node.value[part].key if isinstance(node.value, dict) else inner.place
        place = key if at_key or isinstance(part, Tag) else inner.place
        node = inner
    return place


def _written_tag(node: Node) -> Tag | None:
    """Return the key that a class stands under in this file: an alias of its name, or Keras' 'config'."""
    if not isinstance(node.value, dict):
        return None
    keys = ["config"] if "class_name" in node.value else list(node.value)
    return Tag(keys[0]) if len(keys) == 1 and isinstance(keys[0], str) else None
