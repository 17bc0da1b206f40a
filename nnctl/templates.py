"""File names with numbers in them: `best-{epoch:02d}-{val_loss:.2f}.h5`.

Not `str.format`, which reaches attributes (`{epoch.__class__}`) and fills the memory
(`{epoch:>2000000000}`): only known names, and formats of plain numbers.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping

from nnctl.registry import suggest

FIELD = re.compile(r"\{([^{}]*)\}")
FORMAT = re.compile(r"(0?[1-9])?d|(\.[0-9])?[feg]|")


def template_problems(template: str, names: Collection[str]) -> Iterator[tuple[str, str | None]]:
    """Yield (message, hint) of everything that keeps a template from being a safe file name."""
    for match in FIELD.finditer(template):
        name, _, form = match[1].partition(":")
        if name not in names:
            near = suggest(name, names) if name else None
            hint = f"did you mean {{{near}}}?" if near else "known: " + ", ".join(f"{{{n}}}" for n in sorted(names))
            yield f"{match[0]} names no number of an epoch", hint
        elif not FORMAT.fullmatch(form) or (form.endswith("d") and name != "epoch"):
            yield f"{match[0]} has a format that is none of plain numbers", "write {epoch:02d} or {val_loss:.2f}"
    if set(FIELD.sub("", template)) & set("{}"):
        yield "a brace has no partner", "write {epoch:02d} or {val_loss:.2f}"
    if ".." in re.split(r"[/\\]", template):
        yield "a path with '..' leaves the run directory", "write a name below the run directory, or an absolute path"
    if not template.strip() or not template.isprintable() or template.endswith("/"):
        yield "expected the name of a file", "for example  best.h5"


def fill(template: str, values: Mapping[str, float]) -> str:
    """Put numbers into a template that has no problems.

    >>> fill("best-{epoch:02d}-{val_loss:.2f}.h5", {"epoch": 3, "val_loss": 0.456})
    'best-03-0.46.h5'
    """

    def shown(match: re.Match[str]) -> str:
        name, _, form = match[1].partition(":")
        value = values[name]
        return format(int(value), form) if form.endswith("d") else format(value, form)

    return FIELD.sub(shown, template)
