"""Lines of a text file before they are cells: some skipped at the top, comments, blanks as separators."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Form:
    """How a file is cut into rows."""

    quote: bytes = b'"'
    blanks: bool = False  # runs of blanks separate the cells
    comment: bytes = b""  # what lines begin with that are skipped
    skip: int = 0  # lines at the top


def cleaned(pieces: Iterator[bytes], form: Form) -> Iterator[bytes]:
    """Yield the text with the lines that are to be skipped made blank, so that every line keeps its number."""
    if not form.skip and not form.comment:
        yield from pieces
        return
    rest, skip, quoted = b"", form.skip, False
    for piece in pieces:
        data = rest + piece
        cut = data.rfind(b"\n") + 1
        rest, lines = data[cut:], data[:cut].splitlines(keepends=True)
        text, skip, quoted = _blanked(lines, form, skip, quoted)
        yield text
    yield _blanked([rest], form, skip, quoted)[0]


def _blanked(lines: list[bytes], form: Form, skip: int, quoted: bool) -> tuple[bytes, int, bool]:
    kept = []
    for line in lines:
        if skip or (form.comment and not quoted and line.startswith(form.comment)):
            kept.append(b"\n" if line.endswith(b"\n") else b"")
            skip = max(0, skip - 1)
            continue
        quoted ^= bool(form.quote) and line.count(form.quote) % 2 == 1
        kept.append(line)
    return b"".join(kept), skip, quoted


def squeezer(form: Form) -> Callable[[bytes], bytes]:
    """Return what makes runs of blanks single ones, except within quotes; or nothing, if they separate no cells."""
    if not form.blanks:
        return lambda data: data
    quoted = rb"%b[^%b]*%b|" % ((re.escape(form.quote),) * 3) if form.quote else b""
    runs = re.compile(quoted + rb"[ \t]+")

    def put(match: re.Match[bytes]) -> bytes:
        found = match[0]
        if form.quote and found.startswith(form.quote):
            return found
        before, after = (
            match.string[max(0, match.start() - 1) : match.start()],
            match.string[match.end() : match.end() + 1],
        )
        return b"" if before in (b"", b"\n") or after in (b"", b"\r", b"\n") else b" "

    plain = re.compile(rb"(?m)^[ \t]+|[ \t]+(?=\r?$)")
    many = re.compile(rb"[ \t]+")

    def squeeze(data: bytes) -> bytes:
        if form.quote and form.quote in data:
            return runs.sub(put, data)
        return plain.sub(b"", many.sub(b" ", data))

    return squeeze
