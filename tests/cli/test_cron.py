"""RELIABILITY S08: jobs that are started with next to nothing around them."""

from __future__ import annotations

import json
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from .conftest import ROOT, SPEC, last_line, write_flowers

POOR = {
    "PYTHONPATH": str(ROOT),
    "LC_ALL": "C",
    "LANG": "C",
    "PYTHONUTF8": "0",
    "PYTHONCOERCECLOCALE": "0",
    "TMPDIR": "/nowhere",
}


def poor(*args: str | Path, cwd: Path | None = None, before: str = "") -> subprocess.CompletedProcess[str]:
    """Run nnctl in an ASCII locale with umask 077, without HOME, PATH and a place for temporary files.

    Without `cwd`, in a directory that is no more.
    """
    script = f'umask 077; {before} exec "$@"'
    if cwd is None:
        script = f'mkdir gone; cd gone; rmdir "$PWD"; {script}'
    return subprocess.run(
        ["/bin/sh", "-c", script, "sh", sys.executable, "-m", "nnctl", *map(str, args)],
        cwd=cwd,
        check=False,
        capture_output=True,
        encoding="utf-8",
        env=POOR,
        timeout=120,
    )


@pytest.fixture(params=["there", "gone"])
def job(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path | None:
    """Return the directory of a job: the folder with the data, or None for one that is deleted."""
    monkeypatch.chdir(tmp_path)
    write_flowers(tmp_path / "flowers.csv")
    (tmp_path / "spec.yaml").write_text(SPEC)
    return tmp_path if request.param == "there" else None


def test_s08_train_evaluate_predict_and_a_look_at_the_data(job: Path | None, tmp_path: Path) -> None:
    run, table = tmp_path / "run", tmp_path / "flowers.csv"
    done = poor("train", tmp_path / "spec.yaml", "--out", run, cwd=job)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    assert "Warning" not in done.stderr
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in run.iterdir()}
    assert set(modes.values()) == {0o600}, modes
    assert stat.S_IMODE(run.stat().st_mode) == 0o700

    done = poor("evaluate", run, "--json", cwd=job)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["rows"] == 24

    done = poor("predict", run, table, "--labels", "--keep", "place", cwd=job)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[0] == "place,prediction"
    assert {"Zürich,Zürich", "Bern,Bern"} <= set(done.stdout.splitlines())

    done = poor("predict", run, table, "-o", tmp_path / "Zürich.csv", cwd=job)
    assert done.returncode == 0, done.stderr
    assert "p(Zürich)" in (tmp_path / "Zürich.csv").read_text(encoding="utf-8")
    assert stat.S_IMODE((tmp_path / "Zürich.csv").stat().st_mode) == 0o600

    done = poor("data", "show", tmp_path / "spec.yaml", cwd=job)
    assert done.returncode == 0, done.stderr
    assert "Zürich" in done.stdout


def test_s08_places_that_are_missing_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A path that starts in a directory that is no more."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "spec.yaml").write_text(SPEC)
    write_flowers(tmp_path / "flowers.csv")
    done = poor("train", tmp_path / "spec.yaml")
    assert done.returncode == 73, done.stderr
    assert "runs/spec: cannot be a run directory" in last_line(done)
    done = poor("predict", "run", "flowers.csv")
    assert done.returncode == 66, done.stderr
    assert "run: there is no such file" in last_line(done)
    done = poor("data", "show", "flowers.csv")
    assert done.returncode == 66, done.stderr
    assert "looked from a directory that has been deleted" in last_line(done)


def test_s08_messages_in_an_ascii_locale_are_ascii_and_whole(trained: Path, tmp_path: Path) -> None:
    """stderr follows the locale: what it cannot show stands there as Python writes it."""
    bad = tmp_path / "W\u00fcrfel.csv"
    bad.write_text("length,width,colour,place\n1,2,gr\u00fcn,Z\u00fcrich\n", encoding="utf-8")
    done = poor("predict", "runs/spec", bad, cwd=trained)
    assert done.returncode == 65, done.stderr
    assert done.stderr.isascii()
    assert "rfel.csv:2: feature 'colour': 'gr\\xfcn' is not among the categories of training" in last_line(done)
