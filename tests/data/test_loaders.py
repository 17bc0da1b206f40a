"""T17: the loaders return what Keras' return; the golden sums were made by golden/generate_loaders.py."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nnctl.data import Arrays, DataSettings, Places
from nnctl.data.ragged import Ragged
from nnctl.data.sources import resolve
from tests.golden.generate_loaders import PADDED, array_sum

GOLDEN = json.loads((Path(__file__).parent / "golden_loaders.json").read_text())


def sums(part: Any) -> list[str]:
    lengths, values = array_sum(part.x.lengths), array_sum(part.x.values)
    return [hashlib.sha256(lengths.encode() + values.encode()).hexdigest(), array_sum(part.y)]


@pytest.mark.parametrize("name", [pytest.param("imdb", marks=pytest.mark.slow), "reuters"])
@pytest.mark.parametrize("number", range(5))
def test_word_numbers_are_those_of_keras(name: str, number: int, real_data: Path) -> None:
    case = GOLDEN[name][number]
    train, test = resolve({name: case["options"]}, Places(real_data)).load(Places(real_data, real_data))  # type: ignore[attr-defined]
    assert sums(train) + sums(test) == [case[part] for part in ("x", "y", "x_test", "y_test")]


def test_padded_rows_are_those_of_keras(real_data: Path) -> None:
    source = {"reuters": {"num_words": 1000, "pad_to": PADDED["maxlen"], "padding": "post", "truncating": "pre"}}
    assert array_sum(opened(source)[0].x) == GOLDEN["pad_sequences"]["x"]


def opened(source: Any) -> tuple[Arrays, Arrays]:
    places = Places(Path())
    found = resolve(source, places).open(DataSettings(source=source), places, None)
    assert isinstance(found.rows, Arrays)
    assert found.test is not None
    return found.rows, found.test


@pytest.mark.parametrize(
    ("source", "golden"),
    [
        ("mnist", "mnist"),
        ({"cifar10": {"partial": True}}, "cifar10"),
        ({"cifar100": {"partial": True}}, "cifar100_fine"),
        ({"cifar100": {"partial": True, "label_mode": "coarse"}}, "cifar100_coarse"),
    ],
)
def test_pictures_are_those_of_keras(source: Any, golden: str, real_data: Path) -> None:
    train, test = opened(source)
    assert [array_sum(array) for array in (train.x, train.y, test.x, test.y)] == GOLDEN[golden]  # type: ignore[arg-type]


@pytest.mark.parametrize("padding", ["pre", "post"])
@pytest.mark.parametrize("truncating", ["pre", "post"])
def test_n07_rows_longer_shorter_and_empty(padding: Any, truncating: Any) -> None:
    rows: list[list[int]] = [[1, 2, 3, 4], [], [5], [6, 7, 8]]
    x = Ragged.of(rows, "t").padded(3, padding, truncating)
    expected = np.zeros((4, 3), np.int32)
    for number, row in enumerate(rows):
        kept = row[-3:] if truncating == "pre" else row[:3]
        if kept:
            expected[number][slice(-len(kept), None) if padding == "pre" else slice(len(kept))] = kept
    np.testing.assert_array_equal(x, expected)
    assert x.dtype == np.int32
