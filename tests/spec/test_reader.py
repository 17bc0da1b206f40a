"""YAML text -> nodes: scalars of YAML 1.2, places, limits."""

from __future__ import annotations

import contextlib
import math
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, strategies as st

from nnctl.errors import SpecError
from nnctl.spec.nodes import locate, plain
from nnctl.spec.reader import MAX_BYTES, decode, read
from nnctl.spec.scalars import resolve, write_float

SPECS = Path(__file__).parents[2] / "specs"


def values(text: str | bytes) -> Any:
    problems: list[Any] = []
    tree = read(decode(text.encode() if isinstance(text, str) else text, "spec.yaml"), problems)
    assert not problems
    return plain(tree)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-3", 0.001),
        ("1e3", 1000.0),
        (".5", 0.5),
        ("+1", 1),
        ("-7", -7),
        ("0x10", 16),
        ("0o17", 15),
        ("010", 10),
        ("1.", 1.0),
        ("no", "no"),
        ("on", "on"),
        ("Yes", "Yes"),
        ("2024-01-01", "2024-01-01"),
        ("12:30:45", "12:30:45"),
        ("1_000", "1_000"),
        ("true", True),
        ("False", False),
        ("~", None),
        ("", None),
        ("null", None),
        ("0b1", "0b1"),
        (".inf", math.inf),
        ("-.INF", -math.inf),
        ("1e", "1e"),
        ("=", "="),
        ("'1'", "1"),
        ('"true"', "true"),
        ("!!str 12", "12"),
        ("nan", "nan"),
        ("inf", "inf"),
    ],
)
def test_scalars_are_those_of_yaml_1_2(text: str, value: Any) -> None:
    """Y04"""
    found = values(f"key: {text}")["key"]
    assert found == value
    assert type(found) is type(value)


def test_not_a_number_is_one() -> None:
    assert math.isnan(values("a: .nan")["a"])


@pytest.mark.parametrize("number", ["1e400", "9" * 5000, "-1" + "0" * 5000])
def test_number_that_fits_nowhere_is_refused(number: str) -> None:
    """Y04"""
    with pytest.raises(SpecError, match=r"^spec\.yaml:1:4: "):
        values(f"a: {number}")


@given(st.floats(allow_nan=False))
def test_written_floats_read_back_under_both_yamls(number: float) -> None:
    text = write_float(number)
    assert resolve(text) == number
    assert yaml.safe_load(text) == number


def test_places_of_keys_and_values() -> None:
    tree = read(decode(b"a:\n  - b: 1\n    c: [x, yy]\n", "s"), [])
    assert str(locate(tree, ("a", 0, "c"))) == "s:3:8"
    assert str(locate(tree, ("a", 0, "c"), at_key=True)) == "s:3:5"
    assert str(locate(tree, ("a", 0, "c", 1))) == "s:3:12"
    assert str(locate(tree, ("a", 0, "d"))) == "s:2:5"


def test_anchors_aliases_and_merge_keys() -> None:
    text = "base: &b {u: 1, v: 2}\none: *b\ntwo: {<<: *b, v: 3}\nthree: {<<: [*b, {w: 4}]}\nfour: {'<<': 1}\n"
    assert values(text) == {
        "base": {"u": 1, "v": 2},
        "one": {"u": 1, "v": 2},
        "two": {"u": 1, "v": 3},
        "three": {"u": 1, "v": 2, "w": 4},
        "four": {"<<": 1},
    }


def test_byte_order_mark_and_windows_lines() -> None:
    assert values(b"\xef\xbb\xbfa: 1\r\nb: 2\r\n") == {"a": 1, "b": 2}


def test_tags_run_nothing(tmp_path: Path) -> None:
    """Y01"""
    marker = tmp_path / "marker"
    for text in (
        f"a: !!python/object/apply:os.system ['touch {marker}']",
        "a: !!python/name:os.system",
        "a: !mine 1",
        "!!python/module:os {}",
        "a: !!binary aGk=",
        "a: !!set {x}",
        "%TAG ! tag:x,2000:\n---\na: !b 1",
    ):
        with pytest.raises(SpecError, match=r"spec\.yaml:\d+:\d+: the tag .* is not known"):
            values(text)
    assert not marker.exists()


BOMB = "\n".join(
    [
        "a: &a [x,x,x,x,x,x,x,x,x]",
        *(f"{c}: &{c} [{','.join(['*' + p] * 9)}]" for p, c in zip("abcdefgh", "bcdefghi", strict=True)),
    ]
)
HOSTILE = {
    "aliases": BOMB,
    "merge keys": "a: &a {"
    + ", ".join(f"k{i}: 1" for i in range(400))
    + "}\nb: ["
    + ", ".join(["{<<: *a}"] * 1000)
    + "]",
    "brackets 500": "[" * 500 + "]" * 500,
    "brackets 200,000": "[" * 200_000,
    "braces": "{a: " * 200_000,
    "dashes": "- " * 200_000,
    "question marks": "? " * 200_000,
    "blocks": "".join(f"{' ' * i}a:\n" for i in range(900)),
    "anchors": "".join(f"- &a{i} [*a{i - 1}]\n" if i else "- &a0 x\n" for i in range(200)),
    "too large": "#" * (MAX_BYTES + 1),
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_files_are_refused_small(text: str) -> None:
    """Y02 Y03 U3"""
    tracemalloc.start()
    with pytest.raises(SpecError) as caught:
        values(text)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 100e6
    assert len(str(caught.value)) < 1000


@pytest.mark.slow
@pytest.mark.parametrize("text", ["a: [" + "1," * 500_000 + "]", "a: [" + "[]," * 300_000 + "]"])
def test_number_of_values_is_limited(text: str) -> None:
    """Y02 U3"""
    with pytest.raises(SpecError, match="more than 100,000 values"):
        values(text)


@given(st.binary(max_size=200), st.integers(0, 2000), st.integers(0, 40))
def test_damaged_specs_are_read_or_refused(noise: bytes, position: int, cut: int) -> None:
    """T01: whatever the bytes, the answer is a tree or a SpecError."""
    good = (SPECS / "pima.yaml").read_bytes()
    with contextlib.suppress(SpecError, AssertionError):  # the assertion: problems that reading survives
        values(good[:position] + noise + good[position + cut :])


def test_control_characters_are_named_with_their_line() -> None:
    """Y03"""
    with pytest.raises(SpecError, match=r"^spec\.yaml:2:5: the character U\+0000"):
        values("a: 1\nb: x\0y")
