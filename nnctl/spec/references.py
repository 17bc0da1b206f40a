"""`${vars.width}` and `${env:NAME}`: values written once, or given by the environment.

A value that is one reference and nothing else keeps the type of what it names; inside text the value
is written out. `${env:NAME:default}` has a default, `$${` is a plain `${`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NoReturn

from nnctl.registry import suggest
from nnctl.rules import show
from nnctl.spec.diagnostics import Diagnostic, spec_error
from nnctl.spec.nodes import MAX_DEPTH, MAX_NODES, Entry, Node, Place, child, mapping, plain, sequence
from nnctl.spec.scalars import Scalar, resolve

REFERENCE = re.compile(r"\$(\$(?=\{)|\{([^{}]*)\})")
MAX_TEXT = 1 << 20  # characters of all values together after references are written out
MAX_CHAIN = 50  # variables that name variables


class _MissingError(Exception):
    """Carries (message, hint) of a reference that names nothing."""


def interpolate(root: Node, environ: Mapping[str, str], problems: list[Diagnostic]) -> tuple[Node, set[Place]]:
    """Return the tree with every reference replaced, without `vars`, and the places where that failed."""
    expander = _Expander(root, environ, problems)
    entries = {
        key: Entry(entry.key, expander.expand(entry.node, (), 1)) for key, entry in root.value.items() if key != "vars"
    }
    return mapping(root.place, entries), expander.blind


class _ReportedError(Exception):
    """A variable inside could not be had, and was reported where it stands."""


class _Expander:
    def __init__(self, root: Node, environ: Mapping[str, str], problems: list[Diagnostic]) -> None:
        self.root = root
        self.environ = environ
        self.problems = problems
        self.count = 0
        self.length = 0
        self.blind: set[Place] = set()

    def expand(self, node: Node, within: tuple[str, ...], depth: int) -> Node:
        """Replace the references in a node at some depth; `within` names the variables being expanded."""
        self.count += 1
        if self.count > MAX_NODES:
            self.stop(node, f"more than {MAX_NODES:,} values, each reference counted as what it stands for")
        if depth > MAX_DEPTH:
            self.stop(node, f"nested deeper than {MAX_DEPTH} levels, references written out")
        if isinstance(node.value, dict):
            return mapping(
                node.place,
                {
                    key: Entry(entry.key, self.expand(entry.node, within, depth + 1))
                    for key, entry in node.value.items()
                },
            )
        if isinstance(node.value, list):
            return sequence(node.place, [self.expand(item, within, depth + 1) for item in node.value])
        if isinstance(node.value, str) and "${" in node.value:
            return self.text(node, within, depth)
        return node

    def text(self, node: Node, within: tuple[str, ...], depth: int) -> Node:
        text: str = node.value
        try:
            if (match := REFERENCE.fullmatch(text)) and match[2] is not None:
                found = self.look_up(match[2].strip(), node, within, depth)
                return Node(node.place, found.value, found.size, found.height)
            parts, end = [], 0
            for match in REFERENCE.finditer(text):
                parts += [text[end : match.start()], self.written_out(match, node, within, depth)]
                end = match.end()
            text = "".join([*parts, text[end:]])
        except (_MissingError, _ReportedError) as error:
            if isinstance(error, _MissingError):
                self.problems.append(Diagnostic(node.place, error.args[0], hint=error.args[1]))
            if within:
                raise _ReportedError from None
            self.blind.add(node.place)
            return Node(node.place, None)
        self.length += len(text)
        if self.length > MAX_TEXT:
            self.stop(node, f"more than {MAX_TEXT:,} characters after references are written out")
        return Node(node.place, text)

    def stop(self, node: Node, words: str) -> NoReturn:
        raise spec_error([*self.problems, Diagnostic(node.place, words)])

    def written_out(self, match: re.Match[str], node: Node, within: tuple[str, ...], depth: int) -> str:
        if match[2] is None:  # the first dollar of $${
            return "$"
        value = plain(self.look_up(match[2].strip(), node, within, depth))
        if isinstance(value, (dict, list)):
            raise _MissingError(f"{match[0]} is {show(value)}: it has no place inside text", None)
        return value if isinstance(value, str) else show(value)

    def look_up(self, name: str, node: Node, within: tuple[str, ...], depth: int) -> Node:
        if name.startswith("env:"):
            return Node(node.place, self.from_environment(name))
        if not name.startswith("vars."):
            raise _MissingError(
                f"${{{name}}} is no reference", "write ${vars.NAME}, ${env:NAME}, or $${ for a plain ${"
            )
        if name in within:
            raise _MissingError(f"variables refer to each other: {' -> '.join([*within, name])}", None)
        if len(within) == MAX_CHAIN:
            raise _MissingError(f"more than {MAX_CHAIN} variables refer to one another", None)
        found = self.root
        for part in name.split("."):
            below = child(found, part)
            if below is None and part.isdigit():
                below = child(found, int(part))
            if below is None:
                keys = [str(key) for key in found.value] if isinstance(found.value, dict) else []
                near = suggest(part, keys)
                hint = f"did you mean {near!r}?" if near else f"vars: {', '.join(keys) or 'none'}"
                raise _MissingError(f"${{{name}}} is not defined", hint)
            found = below
        return self.expand(found, (*within, name), depth)

    def from_environment(self, name: str) -> Scalar:
        variable, colon, default = name.removeprefix("env:").partition(":")
        text = self.environ.get(variable, default if colon else None)
        if text is None:
            raise _MissingError(
                f"the environment has no variable {variable!r}",
                f"set it, or give a default: ${{env:{variable}:DEFAULT}}",
            )
        try:
            return resolve(text)
        except ValueError as error:
            raise _MissingError(f"${{env:{variable}}}: {error}", None) from None
