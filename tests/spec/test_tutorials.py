"""The worked examples in the names of Keras 1 and 2: accepted, with one notice for each old name.

tests/cases/tutorials/NAME.yaml is the spec, NAME.txt its notices; UPDATE_CASES=1 writes them anew.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from nnctl.model import Sequential
from nnctl.spec import load

FOLDER = Path(__file__).parents[1] / "cases" / "tutorials"
# Shape of a sample and number of weights, as the tutorials' summaries have them.
EXPECTED = {
    "t01_least_squares": ((1,), 2),
    "t02_perceptron": ((3,), 3),
    "t03_xor": ((3,), 4 * 3 + 4),
    "t04_linear_regression": ((1,), 2),
    "t05_softmax_classifier": ((28, 28), 25_450),
    "t06_convolutional": ((28, 28), 832 + 51_264 + 3_212_288 + 10_250),
    "t07_recurrent": ((28, 28), 50 * (28 + 50 + 1) + 510),
    "t08_lstm_regression": ((20, 1), 4 * 20 * (1 + 20 + 1) + 21),
    "t09_bidirectional_and_gru": ((28, 28), 2 * 4 * 16 * (28 + 16 + 1) + 3 * 16 * (32 + 16 + 2) + 170),
    "t10_pima": ((8,), 221),
    "t11_validation_set": ((8,), 221),
    "t11_validation_split": ((8,), 221),
    "t12_cross_validation": ((8,), 221),
    "t13_grid_search": ((8,), 221),
    "t14_deep_mnist": ((28, 28), 784 * 512 + 512 + 512 * 512 + 512 + 2 * 512 * 10 + 20),
    "t15_card_fraud": ((29,), 361),
    "t16_random_search": ((8,), 270 + 2 * 930 + 31),
}


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.yaml")), ids=lambda path: path.stem)
def test_old_names_are_accepted(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(FOLDER)
    spec = load(path.name)
    notices = path.with_suffix(".txt")
    if os.environ.get("UPDATE_CASES"):
        notices.write_text("".join(f"{line}\n" for line in spec.notices))
    assert list(spec.notices) == notices.read_text().splitlines()
    assert len({line.split("notice: ")[1] for line in spec.notices}) == len(spec.notices)
    shape, weights = EXPECTED[path.stem]
    model = Sequential(spec.layers)
    model.infer_shapes(shape)
    assert model.count_params() == weights
