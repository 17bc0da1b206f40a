"""Kill a run again and again, and let it go on: RELIABILITY C01, R01. Not part of the test run.

    python tests/endurance/kill_rounds.py ROUNDS [--seed N]

A run that saves a checkpoint after every batch is killed (kill -9) 0 to 2 seconds after its start, every other time
after it has taken the lock of its directory, until so many rounds are over; whenever it came to its end, another one
begins. After each kill, whatever lies in the directory must be whole, and the state of a step that the undisturbed
run went through. The next start must leave no temporary file, and what it ends with must be the bytes of the
undisturbed run.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

from nnctl.callbacks import Callback
from nnctl.checkpoint import load_model, load_state
from nnctl.run import train
from nnctl.run.saving import Often
from nnctl.spec import load

SECONDS = 2.0
SPEC = """\
data: {source: points.npz, split: {validation: 0.2}}
layers:
  - Dense: {units: 6, activation: tanh}
  - BatchNormalization
  - Dropout: 0.2
  - Dense: {units: 3, activation: softmax}
loss: sparse_categorical_crossentropy
optimizer: {Adam: {learning_rate: 0.01, amsgrad: true}}
metrics: [accuracy]
fit: {epochs: 60, batch_size: 16}
callbacks:
  - ModelCheckpoint: {filepath: best.h5, monitor: val_loss, save_best_only: true}
  - ReduceLROnPlateau: {monitor: val_loss, patience: 3}
"""
FINAL = ("model.h5", "best.h5")


class Steps(Callback):
    """Notes the weights after each step."""

    def on_train_begin(self) -> None:
        self.weights = {self.digest()}

    def on_batch_end(self, batch: int, loss: float) -> None:
        self.weights.add(self.digest())

    def digest(self) -> str:
        model = self.trainer.model
        return digest(model.parameters.values, model.state.values)


def digest(*vectors: np.ndarray) -> str:
    return hashlib.sha256(b"".join(vector.tobytes() for vector in vectors)).hexdigest()


def write_spec(folder: Path) -> Path:
    draw = np.random.default_rng(0)
    x = draw.normal(size=(200, 4)).astype("f4")
    np.savez(folder / "points.npz", x=x, y=(x[:, 0] > 0).astype(int) + (x[:, 1] > 0))
    (folder / "net.yaml").write_text(SPEC)
    return folder / "net.yaml"


def undisturbed(spec: Path) -> tuple[Path, set[str]]:
    """Return the directory of a run that is not stopped, and the weights that it went through."""
    steps = Steps()
    result = train(load(spec), out=spec.parent / "whole", display=steps, say=lambda text: None, often=Often(batches=1))
    return result.directory, steps.weights


def command(spec: Path, out: Path) -> list[str]:
    words = ["train", str(spec), "--out", str(out), "--save-every", "1", "--resume", "-q"]
    return [sys.executable, "-m", "nnctl", *words]


def killed(spec: Path, out: Path, seconds: float, after_lock: bool) -> bool:
    """Start a run and kill it after some time; return whether it was at its end before."""
    process = subprocess.Popen(command(spec, out), stderr=subprocess.PIPE, text=True)
    while after_lock and process.poll() is None and not has_lock(process.pid, out):
        time.sleep(0.005)
    try:
        _, err = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        return False
    assert process.returncode == 0, err
    return True


def has_lock(pid: int, out: Path) -> bool:
    return (out / ".lock").exists() and f"pid {pid} " in (out / ".lock").read_text()


def look_at(out: Path, steps: set[str]) -> list[str]:
    """Load whatever is there; return the names of what was. Raises where it is not whole or of no step."""
    seen = []
    for name in ("checkpoint.h5", "checkpoint.previous.h5"):
        if (out / name).exists():
            state: Any = load_state(out / name)["trainer"]
            assert digest(state["weights"], state["state"]) in steps, name
            seen.append(name)
    for name in FINAL:
        if (out / name).exists():
            model = load_model(out / name).model
            assert digest(model.parameters.values, model.state.values) in steps, name
            seen.append(name)
    return seen


def left_over(out: Path) -> list[str]:
    return [path.name for path in out.rglob("*") if path.name.endswith(".nnctl-tmp")] if out.exists() else []


def same_end(out: Path, whole: Path) -> bool:
    """Whether two complete runs are the same bytes, the measured seconds apart."""
    histories = [[line.rsplit(",", 1)[0] for line in (run / "history.csv").open()] for run in (out, whole)]
    files = all((out / name).read_bytes() == (whole / name).read_bytes() for name in FINAL)
    states = [load_state(run / "checkpoint.h5")["trainer"]["optimizer"]["slots"] for run in (out, whole)]
    slots = all(np.array_equal(states[0][name], states[1][name]) for name in states[1])
    return files and slots and histories[0] == histories[1]


def kill_rounds(folder: Path, rounds: int, seed: int) -> Counter[str]:
    """Return how often which happened; raises AssertionError at the first thing that must not."""
    spec = write_spec(folder)
    whole, steps = undisturbed(spec)
    draw, counts, number = random.Random(seed), Counter[str](steps=len(steps)), 0
    while counts["kills"] < rounds:
        out = folder / f"run{number}"
        left = set(left_over(out))
        if not killed(spec, out, draw.uniform(0, SECONDS), after_lock=bool(counts["kills"] % 2)):
            counts["kills"] += 1
            counts["kills while a file was being written"] += bool(set(left_over(out)) - left)
            counts["temporary files swept by a later start"] += len(left - set(left_over(out)))
            for name in look_at(out, steps):
                counts[f"{name} whole, of a finished step"] += 1
            continue
        counts["temporary files swept by a later start"] += len(left)
        assert left_over(out) == []
        assert same_end(out, whole), f"run {number} ends otherwise"
        counts["runs that came to the same end"] += 1
        shutil.rmtree(out)
        number += 1
    out = folder / f"run{number}"
    subprocess.run(command(spec, out), check=True)
    assert left_over(out) == []
    assert same_end(out, whole), "the last run ends otherwise"
    counts["runs that came to the same end"] += 1
    return counts


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("rounds", type=int)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as name:
        counts = kill_rounds(Path(name), given.rounds, given.seed)
    print(f"{given.rounds} rounds in {time.monotonic() - started:.0f} s", *sorted(counts.items()), sep="\n  ")


if __name__ == "__main__":
    main()
