"""nnctl bench: a table of a step's parts, or JSON."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.conftest import run_nnctl

SHORT = ("--seconds", "0.05")


def test_bench_shows_each_layer_and_the_floor(trained: Path) -> None:
    text = run_nnctl("bench", "spec.yaml", *SHORT, cwd=trained).stdout
    for words in ("dense_1", "optimizer", "in matrix products", "GFLOP/s", "samples a second", "an epoch"):
        assert words in text


def test_bench_as_json(trained: Path) -> None:
    done = run_nnctl("bench", "spec.yaml", "--json", *SHORT, "--set", "fit.batch_size=8", cwd=trained)
    found = json.loads(done.stdout)
    assert [layer["name"] for layer in found["layers"]] == ["dense", "dense_1"]
    assert found["batch_size"] == 8
    assert 0 < found["floor"] < found["step"]


CONVOLUTIONS = """\
data: {source: digits, target: label}
layers:
  - Reshape: [1, 8, 8]
  - Conv2D: {filters: 32, kernel_size: 3, padding: same, data_format: channels_first}
  - Conv2D: {filters: 32, kernel_size: 3, padding: same, data_format: channels_first}
  - MaxPooling2D: {data_format: channels_first}
  - MaxPooling2D: {data_format: channels_first}
  - Flatten
  - Dense: {units: 10, activation: softmax}
loss: sparse_categorical_crossentropy
optimizer: Adam
metrics: [accuracy]
fit: {epochs: 1, batch_size: 64}
"""


def test_a_table_of_convolutions_fits_into_a_terminal(tmp_path: Path) -> None:
    (tmp_path / "digits.yaml").write_text(CONVOLUTIONS)
    lines = run_nnctl("bench", "digits.yaml", *SHORT, cwd=tmp_path).stdout.splitlines()
    assert max(map(len, lines)) <= 80
    assert any(line.startswith("max_pooling2d_1 ") for line in lines)
    reshape = next(line for line in lines if line.startswith("reshape "))
    assert reshape.split()[-2:] == ["-", "0%"]  # nothing goes back below the first weights
