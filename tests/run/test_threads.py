"""The same bits run after run; with --deterministic for any number of threads (DESIGN 7)."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

NEEDS_NUMBA = pytest.mark.skipif(find_spec("numba") is None, reason="the extra `fast` brings it")

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


NETS = """
import hashlib, sys
import numpy as np
from nnctl import Sequential, kernels, layers, threads
threads.set_threads(int(sys.argv[1]), deterministic="--deterministic" in sys.argv)
random = np.random.default_rng(0)
conv = [layers.Conv2D(32, 3, activation="relu"), layers.MaxPooling2D(), layers.Conv2D(32, 3), layers.Flatten()]
images = random.random((128, 18, 18, 3), "f4")
words = random.integers(0, 50, (128, 12))
nets = {
    "conv": (conv, images),
    "rnn": ([layers.SimpleRNN(400)], images[..., 0]),
    "lstm": ([layers.Embedding(50, 64), layers.Dropout(0.5), layers.LSTM(256)], words),
    "gru": ([layers.Embedding(50, 64), layers.Bidirectional(layers.GRU(256, return_sequences=True)),
             layers.GlobalMaxPooling1D()], words),
}
for name, (net, x) in nets.items():
    model = Sequential([*net, layers.Dense(2, activation="softmax")])
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(x, np.arange(128) % 2, batch_size=64)
    bits = b"".join(weight.tobytes() for weight in model.get_weights())
    print(name, kernels.chosen, hashlib.sha256(bits).hexdigest())
"""


def hashes(loops: str, *arguments: str) -> list[str]:
    """Return a line for each of several trained networks, with a checksum of its weights."""
    done = subprocess.run(
        [sys.executable, "-c", NETS, *arguments],
        env={**os.environ, "NNCTL_KERNELS": loops},
        capture_output=True,
        text=True,
        check=True,
    )
    lines = done.stdout.splitlines()
    assert len(lines) == 4
    assert all(f" {loops} " in line for line in lines)
    return lines


@pytest.mark.parametrize("loops", ["numpy", pytest.param("compiled", marks=NEEDS_NUMBA)])
def test_convolution_and_recurrent_nets_give_the_same_bits(loops: str) -> None:
    """Run after run, and with --deterministic for any number of threads; with NumPy's loops and with compiled ones."""
    assert hashes(loops, "2") == hashes(loops, "2")
    assert hashes(loops, "1", "--deterministic") == hashes(loops, "3", "--deterministic")
