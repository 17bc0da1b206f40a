"""nnctl evaluate and predict on raw data, with a model file alone."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.cli.conftest import ROOT, last_line, run_nnctl


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(text.splitlines()))


@pytest.fixture(scope="module")
def plain(trained: Path) -> list[dict[str, str]]:
    """Return the predictions for flowers.csv as it is."""
    return rows_of(run_nnctl("predict", "runs/spec", "flowers.csv", "--keep", "place", cwd=trained).stdout)


def test_predictions_are_the_labels_of_the_data(plain: list[dict[str, str]]) -> None:
    assert list(plain[0]) == ["place", "prediction", "p(Zürich)"]
    assert {row["prediction"] for row in plain} == {"Zürich", "Bern"}
    assert sum(row["prediction"] == row["place"] for row in plain) > 0.8 * len(plain)
    for row in plain:
        assert (float(row["p(Zürich)"]) > 0.5) == (row["prediction"] == "Zürich")


def test_columns_are_matched_by_name(trained: Path, tmp_path: Path, plain: list[dict[str, str]]) -> None:
    """D03: another order and no label: the same predictions; one column extra: a notice."""
    rows = rows_of((trained / "flowers.csv").read_text(encoding="utf-8"))
    lines = ["colour,id,width,length", *(f"{r['colour']},{i},{r['width']},{r['length']}" for i, r in enumerate(rows))]
    (tmp_path / "other.csv").write_text("\n".join(lines) + "\n")
    done = run_nnctl("predict", trained / "runs/spec/model.h5", "other.csv", "--keep", "id", cwd=tmp_path)
    assert [row["p(Zürich)"] for row in rows_of(done.stdout)] == [row["p(Zürich)"] for row in plain]
    assert [row["id"] for row in rows_of(done.stdout)] == [str(i) for i in range(len(rows))]
    assert "not used: column 'id'" in done.stderr


@pytest.mark.parametrize(
    ("header", "words"),
    [("length,colour,place", "'width'"), ("length,width,width,colour", "'width'")],
    ids=["missing", "twice"],
)
def test_columns_that_do_not_fit(trained: Path, header: str, words: str) -> None:
    """D03: one missing, one twice."""
    cells = ",".join("red" if name == "colour" else "1" for name in header.split(","))
    done = run_nnctl("predict", "runs/spec", "-", cwd=trained, stdin=f"{header}\n{cells}\n", status=65)
    assert words in last_line(done)
    assert done.stdout == ""


def test_forms_of_output(trained: Path, tmp_path: Path, plain: list[dict[str, str]]) -> None:
    for name, option in (("p.jsonl", "--labels"), ("p.npy", "--raw"), ("p.csv", "--probabilities")):
        run_nnctl("predict", "runs/spec", "flowers.csv", option, "-o", tmp_path / name, cwd=trained)
    lines = [json.loads(line) for line in (tmp_path / "p.jsonl").read_text(encoding="utf-8").splitlines()]
    assert lines == [{"prediction": row["prediction"]} for row in plain]
    expected = np.array([[row["p(Zürich)"]] for row in plain], np.float32)
    np.testing.assert_array_equal(np.load(tmp_path / "p.npy"), expected)
    assert (tmp_path / "p.csv").read_text(encoding="utf-8").split() == ["p(Zürich)", *(r["p(Zürich)"] for r in plain)]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["p.csv", "p.jsonl", "p.npy"]


def test_evaluate_takes_the_test_rows_that_were_set_aside(trained: Path, tmp_path: Path) -> None:
    manifest = json.loads((trained / "runs/spec/manifest.json").read_text())
    result = json.loads(run_nnctl("evaluate", trained / "runs/spec", "--json", cwd=tmp_path).stdout)
    assert result["rows"] == 24
    assert {name: result[name] for name in ("loss", "accuracy")} == pytest.approx(manifest["test"], rel=1e-12)


def test_evaluate_on_other_data(trained: Path) -> None:
    done = run_nnctl("evaluate", "runs/spec", "flowers.csv", cwd=trained)
    assert "accuracy" in done.stdout
    assert "flowers.csv: 120 rows" in done.stderr


def test_changed_data_have_no_test_rows(trained: Path, tmp_path: Path) -> None:
    for name in ("flowers.csv", "spec.yaml"):
        (tmp_path / name).write_bytes((trained / name).read_bytes())
    run_nnctl("train", "spec.yaml", "-q", "--epochs", "1", cwd=tmp_path)
    with (tmp_path / "flowers.csv").open("a", encoding="utf-8") as file:
        file.write("5.0,3.0,red,Bern\n")
    assert "has changed since the training" in last_line(run_nnctl("evaluate", "runs/spec", cwd=tmp_path, status=65))


def test_reader_of_stdout_may_leave(trained: Path) -> None:
    """S04: `| head -1` of more than a pipe holds: 141, and not a word."""
    pipe = subprocess.Popen(
        [sys.executable, "-m", "nnctl", "predict", "runs/spec", "-"],
        cwd=trained,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={"PYTHONPATH": str(ROOT)},
    )
    assert pipe.stdin
    assert pipe.stdout
    assert pipe.stderr
    pipe.stdin.write(b"length,width,colour\n" + b"5.0,3.0,red\n" * 20_000)
    pipe.stdin.close()
    assert pipe.stdout.readline() == b"prediction,p(Z\xc3\xbcrich)\n"
    pipe.stdout.close()
    assert pipe.stderr.read() == b""
    assert pipe.wait(60) == 141


@pytest.mark.parametrize("redirection", [">/dev/full", ">&-"])
def test_results_that_nobody_can_read_are_an_error(trained: Path, redirection: str) -> None:
    """S05"""
    command = f"{sys.executable} -m nnctl predict runs/spec flowers.csv {redirection}"
    done = subprocess.run(
        command, shell=True, cwd=trained, capture_output=True, text=True, check=False, env={"PYTHONPATH": str(ROOT)}
    )
    assert done.returncode == 74
    assert "standard output" in last_line(done)


def test_other_streams_may_be_closed(trained: Path) -> None:
    """S05: stdin and stderr closed."""
    command = f"{sys.executable} -m nnctl evaluate runs/spec flowers.csv --json <&- 2>&-"
    done = subprocess.run(
        command, shell=True, cwd=trained, capture_output=True, text=True, check=False, env={"PYTHONPATH": str(ROOT)}
    )
    assert done.returncode == 0
    assert json.loads(done.stdout)["rows"] == 120
