"""The same bits run after run; with --deterministic for any number of threads (DESIGN 7)."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

SPEC = """\
data: {source: wide.npz}
layers:
  - Dense: {units: 512, activation: relu}
  - Dropout: 0.2
  - Dense: {units: 3, activation: softmax}
loss: sparse_categorical_crossentropy
optimizer: RMSprop
fit: {epochs: 2, batch_size: 128}
"""


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    """A product of 128x784 by 784x512, which OpenBLAS cuts differently for another number of threads."""
    random = np.random.default_rng(0)
    np.savez(tmp_path / "wide.npz", x=random.normal(size=(512, 784)).astype("f4"), y=random.integers(0, 3, 512))
    (tmp_path / "wide.yaml").write_text(SPEC)
    return tmp_path / "wide.yaml"


def model_bytes(spec: Path, out: str, *options: str) -> bytes:
    directory = spec.parent / out
    command = [sys.executable, "-m", "nnctl", "train", str(spec), "--out", str(directory), "-q", *options]
    subprocess.run(command, check=True)
    return (directory / "model.h5").read_bytes()


def test_two_runs_give_the_same_bytes(spec: Path) -> None:
    assert model_bytes(spec, "a", "--threads", "2") == model_bytes(spec, "b", "--threads", "2")


def test_deterministic_gives_the_same_bytes_with_one_thread_and_two(spec: Path) -> None:
    one = model_bytes(spec, "a", "--threads", "1", "--deterministic")
    two = model_bytes(spec, "b", "--threads", "2", "--deterministic")
    assert one == two
