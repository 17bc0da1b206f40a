"""nnctl train: what it says, where it says it, and what it leaves."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import ROOT, Nnctl, last_line, run_nnctl


def test_off_a_terminal_one_plain_line_an_epoch(trained: Path) -> None:
    """S07: no carriage returns, no escapes, a time on each line; stdout stays clean."""
    said = (trained / "train.stderr").read_text()
    assert (trained / "train.stdout").read_text() == ""
    assert "\r" not in said
    assert "\x1b" not in said
    epochs = [line for line in said.splitlines() if " epoch " in line]
    assert len(epochs) == 4
    pattern = (
        r"\d\d:\d\d:\d\d  epoch 1/4  loss \d\.\d+  accuracy \d\.\d+  val_loss \d\.\d+  val_accuracy \d\.\d+  \(.*\)"
    )
    assert re.fullmatch(pattern, epochs[0])


def test_says_what_to_do_next_and_that_works(trained: Path) -> None:
    said = (trained / "train.stderr").read_text()
    evaluate = re.search(r"next +nnctl (evaluate .*)", said)
    predict = re.search(r"nnctl (predict .*) -o ", said)
    assert evaluate
    assert predict
    assert run_nnctl(*evaluate[1].split(), cwd=trained).stdout
    assert run_nnctl(*predict[1].split(), cwd=trained).stdout.startswith("prediction,p(Zürich)\n")


def test_json_result_and_json_log_and_overrides(trained: Path, tmp_path: Path) -> None:
    done = run_nnctl(
        "train",
        "spec.yaml",
        "--json",
        "--log-format",
        "json",
        "--epochs",
        "2",
        "--batch-size",
        "8",
        "--seed",
        "3",
        "--out",
        tmp_path / "run",
        "--data",
        "flowers.csv",
        cwd=trained,
    )
    result = json.loads(done.stdout)
    assert result["epochs"] == 2
    assert set(result["test"]) == {"loss", "accuracy"}
    objects = [json.loads(line) for line in done.stderr.splitlines()]
    assert [o["epoch"] for o in objects if o["event"] == "epoch"] == [1, 2]
    resolved = (tmp_path / "run" / "spec.yaml").read_text()
    assert "batch_size: 8" in resolved
    assert "\nseed: 3\n" in resolved


def test_quiet_says_nothing(trained: Path, tmp_path: Path) -> None:
    done = run_nnctl("train", "spec.yaml", "-q", "--out", tmp_path / "run", cwd=trained)
    assert (done.stdout, done.stderr) == ("", "")


def test_fail_under_keeps_the_run(trained: Path, tmp_path: Path) -> None:
    """S06: status 1; the message says value and threshold."""
    done = run_nnctl(
        "train", "spec.yaml", "--out", tmp_path / "run", "--fail-under", "accuracy=1.01", cwd=trained, status=1
    )
    assert re.search(r"accuracy is [\d.]+ on the test rows .*asks for 1\.01", last_line(done))
    assert (tmp_path / "run" / "model.h5").exists()
    done = run_nnctl(
        "train", "spec.yaml", "--out", tmp_path / "x", "--fail-under", "acuracy=0.5", cwd=trained, status=2
    )
    assert "did you mean 'accuracy'?" in last_line(done)
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize("no_color", [False, True])
def test_bar_on_a_terminal(trained: Path, tmp_path: Path, no_color: bool) -> None:
    """A bar is drawn and taken away; NO_COLOR takes the colours out of it. S07: COLUMNS=0 is no width."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TERM": "xterm-256color", "COLUMNS": "0"}
    environment |= {"NO_COLOR": "1"} if no_color else {}
    said = on_a_terminal(["train", "spec.yaml", "--epochs", "30", "--out", str(tmp_path / "run")], trained, environment)
    assert "━" in said
    assert "samples/s" in said
    assert re.search(r"epoch 30/30  loss", said)
    assert said.rstrip().endswith("-o predictions.csv")
    assert bool(re.search(r"\x1b\[[\d;]*3[0-9]", said)) is not no_color


def test_dumb_terminal_gets_plain_lines(trained: Path, tmp_path: Path) -> None:
    """S07"""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TERM": "dumb"}
    said = on_a_terminal(["train", "spec.yaml", "--out", str(tmp_path / "run")], trained, environment)
    assert "\x1b" not in said
    assert said.count("  epoch ") == 4


def on_a_terminal(args: list[str], cwd: Path, environment: dict[str, str]) -> str:
    """Run a command whose stderr is a terminal; return what the terminal got."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "nnctl", *args],
        cwd=cwd,
        env=environment,
        stderr=theirs,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    )
    os.close(theirs)
    pieces = []
    try:
        while piece := os.read(ours, 65536):
            pieces.append(piece)
    except OSError:  # how Linux says that the other end was closed
        pass
    os.close(ours)
    assert process.wait(60) == 0, b"".join(pieces)
    return b"".join(pieces).decode()


def test_shipped_data_by_name(nnctl: Nnctl, tmp_path: Path) -> None:
    spec = (
        "data: {source: iris, target: species, scale: standard, split: {test: 30}}\n"
        "layers: [{Dense: {units: 3, activation: softmax}}]\nloss: sparse_categorical_crossentropy\n"
        "optimizer: {Adam: {learning_rate: 0.1}}\nmetrics: [accuracy]\nfit: {epochs: 30}\n"
    )
    (tmp_path / "flowers.yaml").write_text(spec)
    nnctl("train", "flowers.yaml", "-q", "--fail-under", "accuracy=0.8")
    result = json.loads(nnctl("evaluate", "runs/flowers", "--json").stdout)
    assert result["rows"] == 30
    assert result["accuracy"] >= 0.8
