"""Results, on stdout: text, tables and JSON. The console* modules are the only imports of rich."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Sequence
from typing import Any

from nnctl.cli import streams
from nnctl.cli.voice import json_line
from nnctl.errors import escape


def text(result: str) -> None:
    """Print a result as it is, with a newline at its end."""
    streams.write(result if result.endswith("\n") else result + "\n")


def json(result: Any) -> None:
    """Print a result as one JSON object on one line."""
    streams.write(json_line(result) + "\n")


def table(header: Sequence[str], rows: Sequence[Sequence[str]], *, right: Sequence[int] = ()) -> None:
    """Print a table; the columns in `right` are aligned there. What is in the cells is escaped."""
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    made = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False, header_style="bold")
    for position, name in enumerate(header):
        made.add_column(name, justify="right" if position in right else "left", overflow="fold")
    for row in rows:
        made.add_row(*(Text(escape(cell)) for cell in row))
    terminal = sys.stdout.isatty()
    width = shutil.get_terminal_size().columns if terminal else 10_000  # a file has no width
    console = Console(file=sys.stdout, width=width, highlight=False)
    with console.capture() as lines:
        console.print(made)
    for line in lines.get().splitlines():
        streams.write(line.rstrip() + "\n")


def title(words: str) -> None:
    """Print a title, in bold where a terminal shows it."""
    bold = sys.stdout.isatty() and os.environ.get("TERM", "dumb") != "dumb"
    text(f"\x1b[1m{words}\x1b[0m" if bold else words)


def in_colours(stream: Any) -> bool:
    """Whether a stream is a terminal that shows colours, and nobody has asked for none."""
    return stream.isatty() and os.environ.get("TERM", "dumb") != "dumb" and not os.environ.get("NO_COLOR")
