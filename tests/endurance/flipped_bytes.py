"""Flip one byte of a good file and open it, place after place: RELIABILITY M11. Not part of the test run.

    python -m tests.endurance.flipped_bytes PLACES [--seed N]

The files are nnctl's own: model.h5, the archive model.keras, checkpoint.h5. Each is opened in a child process:
either it is refused by one of nnctl's errors, or what it gives is bit for bit what the good file gives. Other
numbers, another exception, a signal or a hang end the rounds.
"""

from __future__ import annotations

import argparse
import random
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from nnctl.checkpoint import load_model, load_state, save_archive, save_model, save_state
from nnctl.errors import NnctlError
from nnctl.fields import create
from nnctl.model import Sequential
from tests.fuzz.child import in_child

SECONDS = 60  # for one file
X = np.random.default_rng(0).normal(size=(12, 4)).astype("f4")


def good_files(folder: Path) -> dict[Path, Callable[[Path], bytes]]:
    """Write a trained model in each form; return how each is opened, and what then counts."""
    specs: list[Any] = [{"Dense": {"units": 5, "activation": "relu"}}, "BatchNormalization", {"Dense": 3}]
    model = Sequential([create("layer", spec) for spec in specs])
    model.build((4,))
    model.compile(create("optimizer", "adam"), create("loss", "mse"), [create("metric", "mae")])
    for _ in range(3):
        model.train_step(X, X[:, :3])
    extra = {"spec": "layers: []\n", "mean": np.arange(3.0)}
    save_model(folder / "model.h5", model, extra)
    save_archive(folder / "model.keras", model, extra)
    assert model.optimizer is not None
    save_state(folder / "checkpoint.h5", {"weights": model.parameters.values, "optimizer": model.optimizer.state()})
    return {
        folder / "model.h5": of_model,
        folder / "model.keras": of_model,
        folder / "checkpoint.h5": lambda path: repr(load_state(path)).encode(),
    }


def of_model(path: Path) -> bytes:
    loaded = load_model(path)
    return loaded.model.predict_batch(X).tobytes() + repr(loaded.extra).encode()


def outcome(path: Path, give: Callable[[Path], bytes], expected: bytes) -> str:
    """Open a file in a child; return 'refused', 'equal', or what else there was."""

    def compare() -> str:
        try:
            return "equal" if give(path) == expected else "OTHER NUMBERS"
        except NnctlError:
            return "refused"

    return in_child(compare, SECONDS)


def flip_bytes(folder: Path, places: int, seed: int) -> Counter[str]:
    """Return how often a flip was refused or changed nothing; raises AssertionError at anything else."""
    draw, counts = random.Random(seed), Counter[str]()
    for good, give in good_files(folder).items():
        content, expected = good.read_bytes(), give(good)
        bad = folder / f"bad{good.suffix}"
        for _ in range(places):
            place, change = draw.randrange(len(content)), draw.randrange(1, 256)
            bad.write_bytes(content[:place] + bytes([content[place] ^ change]) + content[place + 1 :])
            answer = outcome(bad, give, expected)
            assert answer in ("refused", "equal"), f"{good.name}: byte {place} xor {change}: {answer}"
            counts[f"{good.name}: {answer}"] += 1
    return counts


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("places", type=int)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as name:
        counts = flip_bytes(Path(name), given.places, given.seed)
    print(f"{time.monotonic() - started:.0f} s", *sorted(counts.items()), sep="\n  ")


if __name__ == "__main__":
    main()
