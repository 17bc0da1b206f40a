"""RELIABILITY N07: numbers that an Embedding looks up are within its table, or the row is named before training.

What the spec alone tells is in tests/cases (imdb_more_words_than_rows, reuters_ten_outputs).
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from nnctl.errors import DataError, SpecError
from nnctl.prediction import evaluate_file, predict_file
from nnctl.run import assemble, train
from nnctl.spec import load

SPEC = """\
data:
  source: words.csv
  target: y
  split: {test: "6:"}
layers:
  - Embedding: {input_dim: 5, output_dim: 2}
  - Flatten
  - Dense: {units: 1, activation: sigmoid}
loss: binary_crossentropy
fit: {epochs: 1}
"""
ROWS = [[0, 1, 0], [4, 2, 1], [3, 3, 0], [1, 1, 1], [2, 0, 0], [0, 4, 1], [1, 2, 0], [3, 4, 1]]

Spec = Callable[..., Path]


@pytest.fixture
def spec(tmp_path: Path) -> Spec:
    """Write words.csv, one cell of it replaced, and a spec, a piece of it replaced; return the spec's path."""

    def write(row: int = 0, column: int = 0, cell: str = "0", old: str = "", new: str = "") -> Path:
        rows = [list(map(str, row)) for row in ROWS]
        rows[row][column] = cell
        (tmp_path / "words.csv").write_text("\n".join(["a,b,y", *map(",".join, rows)]) + "\n")
        path = tmp_path / "spec.yaml"
        path.write_text(SPEC.replace(old, new) if old else SPEC)
        return path

    return write


@pytest.mark.parametrize(
    ("row", "where"), [(2, "training row 2 (from 0), column 'b',"), (7, "test row 1 (from 0), column 'b',")]
)
def test_n07_a_number_beyond_the_table_is_told_at_input_dim(spec: Spec, row: int, where: str) -> None:
    with pytest.raises(SpecError) as caught:
        assemble(load(spec(row, 1, "7")))
    message = str(caught.value)
    assert "spec.yaml:6:28: layers[0].input_dim: the table has rows for 0 to 4, and " + where in message
    assert "write 8" in message


@pytest.mark.parametrize(
    ("cell", "remedy"), [("-1", "count words and categories from 0"), ("1.5", "leave what it looks up unscaled")]
)
def test_n07_what_no_table_can_hold_is_bad_data(spec: Spec, cell: str, remedy: str) -> None:
    with pytest.raises(DataError, match=rf"training row 3 \(from 0\), column 'a', holds {cell}, .* 0 to 4; {remedy}"):
        assemble(load(spec(3, 0, cell)))


def test_n07_a_table_holds_every_category_and_word_that_was_fitted(spec: Spec) -> None:
    """Also what no row at hand has: the bucket of the unknown, the number of an unknown word."""
    index = '  columns: {"[ab]": {type: categorical, encode: index, unknown: bucket}}\nlayers'
    with pytest.raises(SpecError, match="the columns as they were fitted give numbers up to 5"):
        assemble(load(spec(old="layers", new=index)))
    words = '  columns: {"[ab]": {type: text, encode: sequence, length: 2}}\nlayers'
    with pytest.raises(SpecError, match="the columns as they were fitted give numbers up to 6"):
        assemble(load(spec(old="layers", new=words)))


def test_n07_word_numbers_of_a_named_set(spec: Spec) -> None:
    source = "{synthetic-imdb: {rows: 20, test_rows: 20, pad_to: 9}}"
    path = spec(old='words.csv\n  target: y\n  split: {test: "6:"}', new=source)
    with pytest.raises(
        SpecError, match=r"input_dim: the table has rows for 0 to 4, and .* row \d+ \(from 0\) at \[\d\]"
    ):
        assemble(load(path))


def test_n07_layers_that_only_rearrange_hide_nothing(spec: Spec) -> None:
    path = spec(2, 1, "7", old="  - Embedding", new="  - Reshape: {target_shape: [2, 1]}\n  - Flatten\n  - Embedding")
    with pytest.raises(SpecError, match=r"layers\[2\].input_dim: the table has rows for 0 to 4"):
        assemble(load(path))


def test_n07_in_raw_data_for_a_trained_model(spec: Spec, tmp_path: Path) -> None:
    train(load(spec()), out=tmp_path / "run", say=lambda _: None)
    for cell in ("5", "-1", "0.5"):
        spec(7, 1, cell)
        words = rf"words.csv: row 7 \(from 0\), column 'b', holds {cell}, but the Embedding looks up .* 0 to 4"
        with pytest.raises(DataError, match=words):
            list(predict_file(tmp_path / "run", str(tmp_path / "words.csv")))
        with pytest.raises(DataError, match=words):
            evaluate_file(tmp_path / "run", str(tmp_path / "words.csv"))
