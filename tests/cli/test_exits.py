"""S06: one run for each class of failure, and how the last line looks."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from nnctl import errors
from nnctl.cli import exits
from tests.cli.conftest import Nnctl, last_line, run_nnctl, write_flowers


@pytest.mark.parametrize(
    ("status", "args", "words"),
    [
        (2, "train", "missing argument 'SPEC' (see  nnctl train --help)"),
        (2, "train spec.yaml --epochs many", "'many' is not a valid integer"),
        (2, "trian spec.yaml", "did you mean 'train'?"),
        (2, "train spec.yaml --max-time soon", "such as 3h50m"),
        (2, "predict runs/spec flowers.csv --keep colr", "did you mean 'colour'?"),
        (2, "predict runs/spec flowers.csv -o out.xls", ".csv, .jsonl, .npy, .parquet"),
        (65, "evaluate flowers.csv flowers.csv", "flowers.csv"),
        (66, "train nowhere.yaml", "nowhere.yaml"),
        (66, "predict runs/spec nowhere.csv", "nowhere.csv"),
        (66, "predict nowhere.h5 flowers.csv", "nowhere.h5"),
        (73, "train spec.yaml --out flowers.csv", "flowers.csv"),
        (73, "train spec.yaml --out runs/spec", "--overwrite"),
        (73, "predict runs/spec flowers.csv -o nowhere/out.csv", "nowhere/out.csv"),
        (78, "train spec.yaml --set fit.epochs=0", "fit.epochs"),
    ],
)
def test_status_and_last_line(trained: Path, status: int, args: str, words: str) -> None:
    done = run_nnctl(*args.split(), cwd=trained, status=status)
    assert words in last_line(done)
    assert done.stdout == ""


def test_bad_data(nnctl: Nnctl, tmp_path: Path) -> None:
    """S06: 65, and the place of the cell."""
    (tmp_path / "t.csv").write_text("a,y\n1,no\n2,yes\nmany,no\n4,yes\n")
    (tmp_path / "s.yaml").write_text(
        "data: {source: t.csv, target: y}\nlayers: [{Dense: {units: 1, activation: sigmoid}}]\n"
        "loss: binary_crossentropy\n"
    )
    assert "t.csv:4: feature 'a': 'many'" in last_line(nnctl("train", "s.yaml", status=65))
    assert not (tmp_path / "runs").exists()


def test_diverged(nnctl: Nnctl, tmp_path: Path) -> None:
    """S06: 3"""
    (tmp_path / "t.csv").write_text("a,y\n" + "".join(f"{i},{i}.5\n" for i in range(9)))
    (tmp_path / "s.yaml").write_text(
        "data: {source: t.csv, target: y}\nlayers: [{Dense: {units: 1}}]\nloss: mse\n"
        "optimizer: {SGD: {learning_rate: 1e9}}\nfit: {epochs: 99}\n"
    )
    assert "the loss is" in last_line(nnctl("train", "s.yaml", status=3))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_no_permission(trained: Path, tmp_path: Path) -> None:
    """S06: 77"""
    tmp_path.chmod(0o555)
    run_nnctl("train", "spec.yaml", "--out", tmp_path / "run", cwd=trained, status=77)


def test_diagnostics_stand_before_the_last_line(nnctl: Nnctl, tmp_path: Path) -> None:
    write_flowers(tmp_path / "flowers.csv", 9)
    (tmp_path / "s.yaml").write_text("data: {source: flowers.csv}\nlayers:\n  - Dense: {unit: 3}\nloss: msee\n")
    done = nnctl("check", "s.yaml", status=78)
    assert "s.yaml:3:13: layers[0]" in done.stderr
    assert "hint: did you mean" in done.stderr
    assert last_line(done).endswith("more problem)") or "more problems)" in last_line(done)


def test_control_characters_are_escaped(nnctl: Nnctl) -> None:
    """W05: a name with escape sequences and a newline makes one line."""
    done = nnctl("predict", "mo\x1b[31mdel\n.h5", "x.csv", status=66)
    assert done.stderr == f"{last_line(done)}\n"
    assert r"mo\x1b[31mdel\n.h5" in done.stderr


def test_errors_as_json(nnctl: Nnctl) -> None:
    done = nnctl("check", "nowhere.yaml", "--log-format", "json", status=66)
    said = json.loads(done.stderr)
    assert (said["event"], said["status"]) == ("error", 66)


def test_a_bug_shows_its_traceback(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """S06: 70, the only case with a traceback."""

    def broken() -> None:
        raise KeyError("oops")

    assert exits.run(broken) == 70
    said = capsys.readouterr().err
    assert "Traceback" in said
    assert said.splitlines()[-1].startswith("nnctl: error: this is a bug of nnctl (KeyError: 'oops')")


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (KeyboardInterrupt(), 130),
        (MemoryError(), 74),
        (ImportError("libopenblas.so: failed to map segment from shared object"), 74),
        (ImportError("h5s.so: cannot open shared object file: Too many open files"), 74),
        (FileNotFoundError(2, "No such file or directory", "x"), 66),
        (IsADirectoryError(21, "Is a directory", "x"), 73),
        (PermissionError(13, "Permission denied", "x"), 77),
        (OSError(28, "No space left on device", "x"), 74),
        (errors.SignalError("stopped", 15), 143),
    ],
)
def test_translation(error: BaseException, status: int) -> None:
    assert exits.translate(error)[0] == status


def test_manual_lists_the_statuses(nnctl: Nnctl) -> None:
    shown = dict(exits.statuses())
    assert {"0", "1", "2", "3", "65", "66", "69", "70", "73", "74", "75", "77", "78", "128+n", "141"} == set(shown)
    text = nnctl("--help").stdout
    assert all(f"\n  {status} " in text for status in shown)
