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
