"""README.md: its tables are made from the code. UPDATE_README=1 writes them anew."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from nnctl.cli import commands, exits, first_line, main
from nnctl.registry import PLACES, known

README = Path(__file__).parents[1] / "README.md"


def command_lines() -> Iterator[str]:
    assert commands.__path__
    yield "| command | what it does |"
    yield "| --- | --- |"
    for name in main.list_commands(None):  # type: ignore[arg-type]  # the context is not used
        yield f"| `nnctl {name}` | {first_line(name)} |"


def status_lines() -> Iterator[str]:
    yield "| status | meaning |"
    yield "| --- | --- |"
    table = dict(exits.statuses())
    signals = re.findall(r"(\d+) ([\w-]+)", table.pop("128+n"))
    table |= {number: f"ended by {name}; what there was to save is saved" for number, name in signals}
    for status in sorted(table, key=int):
        yield f"| {status} | {table[status].strip()} |"


def thing_lines() -> Iterator[str]:
    yield "| kind | names |"
    yield "| --- | --- |"
    for kind in PLACES:
        yield f"| {kind} | {' '.join(f'`{name}`' for name in known(kind))} |"


GENERATED: dict[str, Callable[[], Iterator[str]]] = {
    "commands": command_lines,
    "statuses": status_lines,
    "things": thing_lines,
}


@pytest.mark.parametrize("name", GENERATED)
def test_generated_part_is_up_to_date(name: str) -> None:
    text = README.read_text()
    pattern = re.compile(rf"(<!-- generated: {name} -->\n).*?(<!-- end -->)", re.S)
    fresh = pattern.sub(lambda match: match[1] + "".join(f"{line}\n" for line in GENERATED[name]()) + match[2], text)
    if os.environ.get("UPDATE_README"):
        README.write_text(fresh)
    assert fresh == text or os.environ.get("UPDATE_README"), "run the tests with UPDATE_README=1"
