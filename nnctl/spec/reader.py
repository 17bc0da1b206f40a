"""YAML text -> nodes, with the limits that keep a hostile file harmless.

Built upon PyYAML's event stream in pure Python: its C twin dies of deep nesting, and its constructors
know YAML 1.1 and lose the places. Everything found wrong is collected; what makes the rest
meaningless ends the reading.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NoReturn

import yaml

from nnctl.rules import show
from nnctl.spec.diagnostics import Diagnostic, spec_error
from nnctl.spec.nodes import MAX_DEPTH, MAX_NODES, Entry, Node, Place, Source, mapping, sequence
from nnctl.spec.scalars import resolve
from nnctl.spec.syntax import explain

MAX_BYTES = 1 << 20
CORE = {"str", "int", "float", "bool", "null", "seq", "map"}
CORE_PREFIX = "tag:yaml.org,2002:"


def decode(data: bytes, name: str) -> Source:
    """Return the text of a file; raise SpecError where it is not UTF-8 text of a sensible size."""
    if len(data) > MAX_BYTES:
        raise spec_error([Diagnostic(Place(Source(name)), f"the file is larger than {MAX_BYTES >> 20} MiB")])
    if data[:2] in (b"\xff\xfe", b"\xfe\xff") or (b"\0" in data[:4] and len(data) > 1):
        raise spec_error([Diagnostic(Place(Source(name)), "the file is UTF-16 or UTF-32", hint="save it as UTF-8")])
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = error.object[: error.start]
        column = len(before[before.rfind(b"\n") + 1 :].decode(errors="replace")) + 1
        place = Place(Source(name, data.decode(errors="replace")), before.count(b"\n") + 1, column)
        byte = error.object[error.start]
        words = f"byte 0x{byte:02x} is not UTF-8"
        raise spec_error([Diagnostic(place, words, hint="save the file as UTF-8")]) from None
    return Source(name, text.replace("\r\n", "\n").replace("\r", "\n"))


def read(source: Source, problems: list[Diagnostic]) -> Node:
    """Compose one document; put what can be lived with into `problems`, raise SpecError for the rest."""
    _refuse_control_characters(source, problems)
    composer = _Composer(source, problems)
    try:
        node = composer.document()
    except yaml.MarkedYAMLError as error:
        raise spec_error([*problems, explain(error, source)]) from None
    if composer.broken:
        raise spec_error(problems)
    return node


def _refuse_control_characters(source: Source, problems: list[Diagnostic]) -> None:
    match = yaml.reader.Reader.NON_PRINTABLE.search(source.text)
    if match:
        before = source.text[: match.start()]
        place = Place(source, before.count("\n") + 1, match.start() - before.rfind("\n"))
        words = f"the character U+{ord(match[0]):04X} is not allowed in YAML"
        raise spec_error([*problems, Diagnostic(place, words, hint='in double quotes, escapes such as "\\t" are')])


class _Composer:
    def __init__(self, source: Source, problems: list[Diagnostic]) -> None:
        self.source = source
        self.problems = problems
        self.broken = False
        self.anchors: dict[str, Node | None] = {}
        self.count = 0
        self.events: Iterator[Any] = iter(yaml.parse(source.text, Loader=yaml.SafeLoader))

    def document(self) -> Node:
        next(self.events)  # the stream starts
        event = next(self.events)
        if isinstance(event, yaml.StreamEndEvent):
            return Node(Place(self.source), None)
        node = self.node(next(self.events), depth=0)
        next(self.events)  # the document ends
        event = next(self.events)
        if not isinstance(event, yaml.StreamEndEvent):
            self.stop(event, "a second document starts here", "a spec is one document: remove '---'")
        return node

    def node(self, event: Any, depth: int) -> Node:
        if isinstance(event, yaml.AliasEvent):
            alias = self.alias(event)
            self.spend(alias.size, event)
            self.limit_depth(depth + alias.height, event)
            return alias
        self.spend(1, event)
        if event.anchor:
            self.anchors[event.anchor] = None
        self.limit_depth(depth, event)
        self.check_tag(event)
        if isinstance(event, yaml.ScalarEvent):
            node = Node(self.place(event), self.scalar(event))
        elif isinstance(event, yaml.SequenceStartEvent):
            node = sequence(self.place(event), list(self.items(depth)))
        else:
            node = self.mapping(event, depth)
        if event.anchor:
            self.anchors[event.anchor] = node
        return node

    def items(self, depth: int) -> Iterator[Node]:
        while not isinstance(event := next(self.events), yaml.SequenceEndEvent):
            yield self.node(event, depth + 1)

    def mapping(self, start: Any, depth: int) -> Node:
        entries: dict[Any, Entry] = {}
        merged: list[tuple[Any, Node]] = []
        while not isinstance(event := next(self.events), yaml.MappingEndEvent):
            key = self.node(event, depth + 1)
            value = self.node(next(self.events), depth + 1)
            if isinstance(key.value, (dict, list)):
                self.report(
                    key.place, "a key must be text or a number", "put text that starts with '{' or '[' in quotes"
                )
            elif key.value == "<<" and getattr(event, "style", "'") is None:
                merged.append((event, value))
            elif key.value in entries:
                first = entries[key.value].key.line
                words = f"the key {show(key.value)} is given twice: on line {first} and on line {key.place.line}"
                self.problems.append(Diagnostic(key.place, words, hint="remove one of them"))
            else:
                entries[key.value] = Entry(key.place, value)
        for event, value in merged:
            self.merge(event, value, entries)
        return mapping(self.place(start), entries)

    def merge(self, event: Any, value: Node, entries: dict[Any, Entry]) -> None:
        """Do what the merge key `<<` asks for: add the entries that are not there."""
        others = value.value if isinstance(value.value, list) else [value]
        for other in others:
            if not isinstance(other.value, dict):
                self.stop(event, "'<<' merges mappings, and this is none")
            for key, entry in other.value.items():
                entries.setdefault(key, entry)

    def scalar(self, event: Any) -> Any:
        tag = (event.tag or "").removeprefix(CORE_PREFIX)
        if event.style is not None or tag in ("str", "!"):
            return event.value
        try:
            return resolve(event.value)
        except ValueError as error:
            self.report(self.place(event), str(error))
            return None

    def alias(self, event: Any) -> Node:
        node = self.anchors.get(event.anchor)
        if node is None:
            inside = event.anchor in self.anchors
            self.stop(
                event,
                f"*{event.anchor} stands inside what it names"
                if inside
                else f"*{event.anchor} names nothing: no &{event.anchor} before it",
            )
        return node

    def spend(self, size: int, event: Any) -> None:
        self.count += size
        if self.count > MAX_NODES:
            self.stop(event, f"more than {MAX_NODES:,} values, each alias counted as what it stands for")

    def limit_depth(self, depth: int, event: Any) -> None:
        if depth > MAX_DEPTH:
            self.stop(event, f"nested deeper than {MAX_DEPTH} levels")

    def check_tag(self, event: Any) -> None:
        tag = event.tag
        if tag and tag != "!" and tag.removeprefix(CORE_PREFIX) not in CORE:
            shown = tag.replace(CORE_PREFIX, "!!")
            self.report(self.place(event), f"the tag {shown} is not known", "a spec holds plain values only: remove it")

    def place(self, event: Any) -> Place:
        return Place(self.source, event.start_mark.line + 1, event.start_mark.column + 1)

    def report(self, place: Place, message: str, hint: str | None = None) -> None:
        self.problems.append(Diagnostic(place, message, hint=hint))
        self.broken = True

    def stop(self, event: Any, message: str, hint: str | None = None) -> NoReturn:
        self.report(self.place(event), message, hint)
        raise spec_error(self.problems)
