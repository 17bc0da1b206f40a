"""specs/: every one is right, and the small ones keep what their comments promise."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nnctl import load_model
from nnctl.spec import load

FOLDER = Path(__file__).parents[1] / "specs"
SPECS = sorted(FOLDER.glob("*.yaml"))
POINTS = np.array([(0.5, 5), (0.6, 5.5), (0.8, 6), (1.1, 6.8), (1.4, 7)])


def nnctl(*arguments: str, cwd: Path) -> str:
    command = [sys.executable, "-m", "nnctl", *arguments]
    environment = {**os.environ, "PYTHONPATH": str(FOLDER.parent)}
    done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def train(name: str, cwd: Path, *options: str) -> Any:
    """Train a spec as users do and return the model."""
    nnctl("train", str(FOLDER / f"{name}.yaml"), "--out", "run", *options, cwd=cwd)
    return load_model(cwd / "run" / "model.h5")


def scores(cwd: Path, *data: str) -> dict[str, float]:
    """Return what the trained model makes of the test rows, or of a data set."""
    found: dict[str, float] = json.loads(nnctl("evaluate", "run/model.h5", *data, "--json", cwd=cwd))
    return found


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_spec_is_right_and_says_what_it_shows(path: Path) -> None:
    spec = load(path)
    assert spec.name == path.stem
    assert not spec.notices
    first, second, third, *_ = path.read_text().splitlines()
    assert first == "# yaml-language-server: $schema=schema.json"
    assert second == "#"
    assert third.startswith("# ")


def test_least_squares_takes_the_100_steps_that_were_worked_by_hand(tmp_path: Path) -> None:
    kernel = bias = 1.0
    for _ in range(100):
        error = kernel * POINTS[:, 0] + bias - POINTS[:, 1]
        kernel, bias = kernel - 0.01 * 2 * np.mean(error * POINTS[:, 0]), bias - 0.01 * 2 * np.mean(error)
    assert (round(kernel, 6), round(bias, 6)) == (2.966063, 3.304462)  # what the comment of the spec says

    model = train("least_squares", tmp_path, "--set", "dtype=float64")
    np.testing.assert_allclose(np.ravel(np.concatenate(model.get_weights(), axis=None)), [kernel, bias], rtol=1e-9)
    model = train("least_squares", tmp_path, "--overwrite")
    np.testing.assert_allclose(np.ravel(np.concatenate(model.get_weights(), axis=None)), [kernel, bias], atol=1e-6)


def test_or_gate_separates(tmp_path: Path) -> None:
    train("or_gate", tmp_path)
    assert scores(tmp_path, "or_gate")["accuracy"] == 1


def test_linear_regression_finds_the_line(tmp_path: Path) -> None:
    slope, start = (float(np.squeeze(weight)) for weight in train("linear_regression", tmp_path).get_weights())
    assert slope == pytest.approx(0.5, abs=0.05)
    assert start == pytest.approx(2.0, abs=0.02)


def test_digits_reach_96_percent(tmp_path: Path) -> None:
    train("digits", tmp_path)
    assert scores(tmp_path)["accuracy"] > 0.96


@pytest.mark.slow
def test_xor_is_solved(tmp_path: Path) -> None:
    model = train("xor", tmp_path)
    rows = np.array([(0, 0, 1), (0, 1, 1), (1, 0, 1), (1, 1, 1)], "float32")
    np.testing.assert_allclose(np.ravel(model.predict(rows)), [0, 1, 1, 0], atol=0.01)


def test_pima_trains(tmp_path: Path, real_data: Path) -> None:
    """Two epochs of each of the three: they read the table, split it and judge it."""
    assert real_data.is_dir()
    for name in ("pima", "pima_validation_split", "pima_validation_set"):
        train(name, tmp_path, "--epochs", "2", "--overwrite")


@pytest.mark.slow
def test_mnist_deep_passes_97_percent_in_two_epochs(tmp_path: Path, real_data: Path) -> None:
    """`validation: mnist` means its test images: the best epoch of the history is what evaluate finds."""
    assert real_data.is_dir()
    train("mnist_deep", tmp_path, "--epochs", "2")
    found = scores(tmp_path)
    assert found["accuracy"] > 0.97
    with (tmp_path / "run" / "history.csv").open() as file:
        epochs = [(float(row["val_loss"]), float(row["val_accuracy"])) for row in csv.DictReader(file)]
    assert (found["loss"], found["accuracy"]) == pytest.approx(min(epochs), abs=1e-5)


def test_reuters_passes_75_percent(tmp_path: Path, real_data: Path) -> None:
    assert real_data.is_dir()
    train("reuters_dense", tmp_path)
    assert scores(tmp_path)["accuracy"] > 0.75


@pytest.mark.slow
def test_imdb_passes_80_percent_in_one_epoch(tmp_path: Path, real_data: Path) -> None:
    assert real_data.is_dir()
    train("imdb_lstm", tmp_path)
    assert scores(tmp_path, "imdb")["accuracy"] > 0.8  # the name alone: numbered and padded as in training


@pytest.mark.parametrize("name", ["imdb_lstm", "imdb_conv1d", "reuters_dense", "cifar10_cnn"])
def test_spec_of_a_large_set_fits_the_synthetic_one(name: str, tmp_path: Path) -> None:
    """One step on data of the same form, so that the spec is tried also where the real set is not."""
    source = load(FOLDER / f"{name}.yaml").data.source
    assert isinstance(source, dict)
    ((real, options),) = source.items()
    rows = {"rows": 60} if real == "reuters" else {"rows": 32, "test_rows": 8}
    options = {key: value for key, value in options.items() if key != "names"}
    synthetic = json.dumps({f"synthetic-{real}": {**options, **rows}})
    train(name, tmp_path, "--epochs", "1", "--set", f"data.source={synthetic}")


def test_sine_to_cosine_hears_the_wave(tmp_path: Path) -> None:
    """A stateful net is evaluated in batches of the size that it was trained with."""
    short = "{sine_cosine: {batches: 100}}"
    train("sine_to_cosine", tmp_path, "--set", f"data.source={short}", "--epochs", "2")
    assert scores(tmp_path, "sine_cosine")["loss"] < 0.05
