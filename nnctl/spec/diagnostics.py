"""Problems of a spec, shown as a good compiler shows them: place, words, the line with a caret, a hint."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from nnctl.errors import SpecError, escape
from nnctl.spec.nodes import Place

LINE_WIDTH = 100  # longer source lines are cut around the caret


@dataclass(frozen=True)
class Diagnostic:
    """One problem at one place; `path` is the name of the setting, as users write it."""

    place: Place
    message: str
    path: str = ""
    hint: str | None = None

    @property
    def where(self) -> str:
        return escape(str(self.place))

    @property
    def headline(self) -> str:
        path = f"{escape(self.path)}: " if self.path else ""
        return f"{self.where}: {path}{escape(self.message)}"

    def render(self) -> str:
        lines = [self.headline, *excerpt(self.place)]
        if self.hint:
            lines.append(f"     hint: {escape(self.hint)}")
        return "\n".join(lines)


def excerpt(place: Place) -> list[str]:
    """Return the source line and a caret under the place; nothing where there is no file."""
    lines = place.source.text.splitlines()
    if not place.source.is_file or not 1 <= place.line <= len(lines):
        return []
    text = "".join(c if c.isprintable() else " " if c == "\t" else "?" for c in lines[place.line - 1])
    column = min(place.column, len(text) + 1) - 1
    if len(text) > LINE_WIDTH:
        start = max(0, min(column - LINE_WIDTH // 2, len(text) - LINE_WIDTH))
        end = start + LINE_WIDTH
        left, right = "..." if start else "", "..." if end < len(text) else ""
        text, column = left + text[start:end] + right, column - start + len(left)
    return [f"{place.line:>7} | {text}".rstrip(), f"        | {' ' * column}^"]


def in_order(diagnostics: Iterable[Diagnostic]) -> list[Diagnostic]:
    """Sort by place, file after file in the order of their first problem, options last; each only once."""
    found = list(dict.fromkeys(diagnostics))
    files = list(dict.fromkeys(d.place.source for d in found if d.place.source.is_file))
    number = {source: index for index, source in enumerate(files)}
    return sorted(found, key=lambda d: (number.get(d.place.source, len(files)), d.place.line, d.place.column))


def spec_error(diagnostics: Iterable[Diagnostic]) -> SpecError:
    """Make the error that shows every problem."""
    found = in_order(diagnostics)
    return SpecError("\n".join(d.render() for d in found), tuple(found))


def summary(error: SpecError) -> str:
    """Say the first problem of several, and what to do about it, on one line."""
    if not error.problems:  # it is about a whole run, not a place in a spec
        return escape(str(error).partition("\n")[0])
    first, *others = error.problems
    more = f" (and {len(others)} more problem{'s' if len(others) > 1 else ''})" if others else ""
    if not isinstance(first, Diagnostic):
        return escape(str(first)) + more
    return first.headline + (f"; {escape(first.hint)}" if first.hint else "") + more
