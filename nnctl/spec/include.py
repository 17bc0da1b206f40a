"""`include: base.yaml`: another file's settings, merged below this file's own."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from nnctl.errors import DeniedError, MissingInputError
from nnctl.spec.diagnostics import Diagnostic, escape, spec_error
from nnctl.spec.nodes import Entry, Node, Place, mapping
from nnctl.spec.reader import MAX_BYTES, decode, read

MAX_CHAIN = 10
THINGS = ("loss", "optimizer")  # a thing of another class replaces, it is not merged


def read_file(path: Path) -> bytes:
    """Return a regular file's bytes, one more than the limit at most; never waits for a pipe or device."""
    shown = escape(str(path))
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):
            kind = "a directory" if path.is_dir() else "no regular file"
            raise MissingInputError(f"{shown} is {kind}; name a YAML file")
        with open(path, "rb") as file:
            return file.read(MAX_BYTES + 1)
    except (FileNotFoundError, NotADirectoryError):
        raise MissingInputError(f"{shown} does not exist; is the name right?") from None
    except PermissionError:
        raise DeniedError(f"{shown} may not be read; see its permissions with ls -l") from None
    except (OSError, ValueError) as error:  # a name too long, a NUL in it, a loop of links
        raise MissingInputError(f"{shown:.200} cannot be read: {error}") from None


def read_all(path: Path, shown: str, problems: list[Diagnostic], chain: tuple[Path, ...] = ()) -> Node:
    """Read a file and what it includes; `shown` is the name that messages use."""
    root = read(decode(read_file(path), shown), problems)
    return resolve_includes(root, path, problems, chain)


def resolve_includes(root: Node, path: Path, problems: list[Diagnostic], chain: tuple[Path, ...] = ()) -> Node:
    """Return the tree with `include` replaced by what the named files hold."""
    if not isinstance(root.value, dict):
        words = "the file is empty" if root.value is None else "expected 'key: value' lines at the top of a spec"
        raise spec_error([*problems, Diagnostic(root.place, words, hint="begin with  data:, layers:, loss:")])
    if "include" not in root.value:
        return root
    chain = (*chain, path.resolve())
    below: Node | None = None
    named = root.value["include"].node
    for item in named.value if isinstance(named.value, list) else [named]:
        other = _include(item, path, problems, chain)
        below = merge(below, other) if below else other
    own = mapping(root.place, {key: entry for key, entry in root.value.items() if key != "include"})
    return merge(below, own) if below else own


def _include(item: Node, path: Path, problems: list[Diagnostic], chain: tuple[Path, ...]) -> Node:
    def stop(words: str) -> Exception:
        return spec_error([*problems, Diagnostic(item.place, words, "include")])

    if not isinstance(item.value, str):
        raise stop("expected the name of a file")
    target = path.parent / item.value
    try:
        resolved = target.resolve()
    except (OSError, ValueError, RuntimeError) as error:  # a NUL in the name, a loop of links
        raise stop(f"{item.value:.200} cannot be read: {error}") from None
    if resolved in chain:
        names = [link.name for link in chain[chain.index(resolved) :]]
        raise stop(f"the files include each other: {' -> '.join([*names, target.name])}")
    if len(chain) >= MAX_CHAIN:
        raise stop(f"more than {MAX_CHAIN} files include one another")
    try:
        return read_all(target, _shown(item.place, item.value), problems, chain)
    except (MissingInputError, DeniedError) as error:
        raise stop(str(error)) from None


def _shown(place: Place, name: str) -> str:
    folder = os.path.dirname(place.source.name)
    return os.path.normpath(os.path.join(folder, name))


def merge(below: Node, above: Node, path: tuple[str, ...] = ()) -> Node:
    """Merge two trees: mappings key by key, anything else is replaced."""
    if not isinstance(below.value, dict) or not isinstance(above.value, dict):
        return above
    if path[:1] and path[0] in THINGS and len(path) % 2 and below.value.keys() != above.value.keys():
        return above
    entries = dict(below.value)
    for key, entry in above.value.items():
        old = entries.get(key)
        entries[key] = Entry(entry.key, merge(old.node, entry.node, (*path, key))) if old else entry
    return mapping(above.place, entries)
