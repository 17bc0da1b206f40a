"""tests/cases: a bad spec beside the exact message expected of it.

NAME.yaml is the spec, NAME.txt the message, NAME.set the --set options, one a line. The folder parts/
holds what is included. UPDATE_CASES=1 writes the messages anew: read each as a user would.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from nnctl.errors import SpecError
from nnctl.spec import load, summary

CASES = Path(__file__).parents[1] / "cases"
ENVIRON = {"EPOCHS": "many"}
BAD = sorted(CASES.glob("*.yaml"))


def test_there_are_cases() -> None:
    assert len(BAD) >= 45


@pytest.mark.parametrize("path", BAD, ids=lambda path: path.stem)
def test_message(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Y01 Y02 Y03 Y05 Y06 W02 W05: refused with these words, twice the same (U6), with no raw control character."""
    monkeypatch.chdir(CASES)
    options = path.with_suffix(".set")
    overrides = options.read_text().splitlines() if options.exists() else []
    with pytest.raises(SpecError) as caught:
        load(path.name, overrides, environ=ENVIRON)
    message = f"{caught.value}\n"
    expected = path.with_suffix(".txt")
    if os.environ.get("UPDATE_CASES"):
        expected.write_text(message)
    assert message == expected.read_text()
    assert all(line.isprintable() for line in message.splitlines())
    assert "\n" not in summary(caught.value)
    with pytest.raises(SpecError) as again:
        load(path.name, overrides, environ=ENVIRON)
    assert str(again.value) == str(caught.value)
