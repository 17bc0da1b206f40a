"""PyYAML's syntax errors in the words of somebody who writes a spec."""

from __future__ import annotations

import re
from typing import Any

from nnctl.spec.diagnostics import Diagnostic
from nnctl.spec.nodes import Place, Source

# Pattern of the parser's words, ours, hint.
WORDS: tuple[tuple[str, str, str | None], ...] = (
    (r"character '\\t' that cannot start", "a tab cannot indent YAML", "use spaces"),
    (
        r"mapping values are not allowed",
        "unexpected ':'",
        "indent the line as those above it; text that has ': ' in it needs quotes",
    ),
    (r"could not find expected ':'", "expected 'key: value', found no ':'", None),
    (r"expected '<document start>'", "unexpected text after the end of the spec", "check quotes and indentation"),
    (
        r"expected <block end>, but found ','",
        "unexpected ','",
        "text that has ',' after a quote needs quotes as a whole",
    ),
    (
        r"expected <block end>",
        "the indentation does not fit the lines above",
        "keys of one section start in one column",
    ),
    (
        r"expected ',' or '[]}]', but got '{'",
        "expected ',' before '{'",
        'inside {...} and [...] a reference needs quotes: "${vars.width}"',
    ),
    (r"expected ',' or '([]}])', but got '<stream end>'", r"the bracket that opens here is never closed by '\1'", None),
    (r"expected ',' or '([]}])'", r"expected ',' or '\1' here", None),
    (r"found unexpected end of stream", "the quote that opens here is never closed", None),
    (r"expected the node content, but found '(.*)'", r"expected a value, found '\1'", None),
    (r"character '([@`%])' that cannot start", r"text cannot start with '\1'", "put it in quotes"),
    (r"found unknown escape character '(.*)'", r"'\\\1' means nothing inside double quotes", "use single quotes"),
    (r"sequence entries are not allowed here", "a list cannot start on this line", "begin a new line before '- '"),
    (
        r"expected alphabetic or numeric character, but found '(.*)'",
        "a name must follow '*' or '&'",
        "put text in quotes",
    ),
    (r"undefined tag handle '(.*)'", r"the tag \1 is not known", "a spec holds plain values only"),
)
OPENED = re.compile(r"<stream end>|end of stream")  # told at the place where something was opened


def explain(error: Any, source: Source) -> Diagnostic:
    """Turn a `yaml.MarkedYAMLError` into a diagnostic."""
    problem = error.problem or "this is not YAML"
    mark = error.problem_mark or error.context_mark
    if OPENED.search(problem) and error.context_mark:
        mark = error.context_mark
    place = Place(source, mark.line + 1, mark.column + 1) if mark else Place(source)
    for pattern, words, hint in WORDS:
        if match := re.search(pattern, problem):
            return Diagnostic(place, match.expand(words), hint=hint)
    return Diagnostic(place, problem)
