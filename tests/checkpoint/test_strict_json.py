"""JSON within limits: M15."""

from __future__ import annotations

import pytest

from nnctl.checkpoint import strict_json
from nnctl.checkpoint.strict_json import MAX_DEPTH, MAX_DIGITS, loads
from nnctl.errors import ModelFileError


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('{"a": 1, "a": 2}', "'a' is there twice"),
        ("NaN", "NaN is not a number"),
        ("-Infinity", "-Infinity is not a number"),
        ("1e999", "beyond the range"),
        ("9" * (MAX_DIGITS + 1), "an integer of 401 digits"),
        ("[" * (MAX_DEPTH + 2) + "]" * (MAX_DEPTH + 2), "nested deeper than 100"),
        ("[" * 100_000, "nested deeper than 100"),
        ("{", "JSON is damaged"),
    ],
)
def test_m15_refused_with_a_sentence(text: str, sentence: str) -> None:
    with pytest.raises(ModelFileError, match=f"^x: .*{sentence}"):
        loads(text, "x")


def test_m15_longer_than_any_config(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(strict_json, "MAX_CHARACTERS", 10)
    assert loads('"12345678"', "x") == "12345678"
    with pytest.raises(ModelFileError, match="11 characters of JSON, at most 10"):
        loads('"123456789"', "x")


def test_what_is_within_the_limits() -> None:
    nested = "[" * MAX_DEPTH + "]" * MAX_DEPTH
    assert loads('{"a": [1, 2.5, "x", null, true]}', "x") == {"a": [1, 2.5, "x", None, True]}
    assert loads("9" * MAX_DIGITS, "x") == int("9" * MAX_DIGITS)
    assert loads(nested, "x") is not None
