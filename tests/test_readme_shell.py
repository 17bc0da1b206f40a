"""The shell scripts of README.md: all parse, and the one for cron runs as cron would run it (RELIABILITY S06, S08)."""

from __future__ import annotations

import fcntl
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "README.md").read_text(encoding="utf-8")
SCRIPTS = dict(re.findall(r"<!-- shell: (\w+) -->\n```sh\n(.*?)```", TEXT, re.S))
NET = """\
data: {source: points.csv, target: y}
layers: [{Dense: 1}]
loss: mse
fit: {epochs: 2}
"""


def test_no_script_goes_without_a_name() -> None:
    assert len(SCRIPTS) == TEXT.count("```sh\n")


@pytest.mark.parametrize("shell", ["sh", "bash"])
@pytest.mark.parametrize("name", SCRIPTS)
def test_scripts_parse(name: str, shell: str) -> None:
    done = subprocess.run([shell, "-n"], input=SCRIPTS[name], text=True, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""


def with_stand_ins(folder: Path, **programs: str) -> dict[str, str]:
    """Put programs on the PATH, beside a true nnctl; return an environment as poor as cron's."""
    programs["nnctl"] = f'PYTHONPATH="{ROOT}" exec "{sys.executable}" -m nnctl "$@"'
    (folder / "bin").mkdir()
    for name, line in programs.items():
        (folder / "bin" / name).write_text(f"#!/bin/sh\n{line}\n")
        (folder / "bin" / name).chmod(0o755)
    return {"PATH": f"{folder / 'bin'}:/usr/bin:/bin", "HOME": str(folder), "SHELL": "/bin/sh"}


@pytest.fixture
def place(tmp_path: Path) -> Path:
    rows = "".join(f"{i % 7},{i % 5},{i % 3}\n" for i in range(60))
    (tmp_path / "points.csv").write_text("a,b,y\n" + rows)
    (tmp_path / "net.yaml").write_text(NET)
    for name, script in SCRIPTS.items():
        (tmp_path / f"{name}.sh").write_text(script)
        (tmp_path / f"{name}.sh").chmod(0o755)
    return tmp_path


def test_the_script_for_cron(place: Path) -> None:
    environment = with_stand_ins(place)

    def start() -> tuple[int, str]:
        done = subprocess.run(
            [place / "cron.sh"], cwd="/", env=environment, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=120, check=False,
        )  # fmt: skip
        return done.returncode, done.stdout

    assert start() == (0, "")
    assert (place / "runs" / "net" / "model.h5").exists()
    assert start() == (0, "")  # all is done
    (place / "net.yaml").write_text(NET.replace("2", "3"))
    with open(place / "runs" / "net" / ".lock", "a+b") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert start() == (75, "")  # another one is at work
    assert start() == (0, "")
    (place / "net.yaml").write_text(NET.replace("Dense", "Dens"))
    status, said = start()
    assert status == 78
    assert said.splitlines()[-1].startswith("nnctl: error: net.yaml:2:11: ")


@pytest.mark.parametrize(("limit", "status"), [("3h50m", 0), ("0s", 75)])
def test_the_script_for_slurm(place: Path, limit: str, status: int) -> None:
    """With stand-ins for SLURM's own programs: it asks to be queued again where there is more to do, and only then."""
    environment = with_stand_ins(place, srun='exec "$@"', scontrol='echo "$@" >> asked')
    environment |= {"SLURM_ARRAY_TASK_ID": "3", "SLURM_JOB_ID": "17"}
    script = SCRIPTS["slurm"].replace("3h50m", limit)
    done = subprocess.run(["sh", "-c", script], cwd=place, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == status, done.stderr
    asked = place / "asked"
    assert (asked.read_text() if asked.exists() else "") == ("requeue 17\n" if status == 75 else "")
    assert "seed: 3" in (place / "runs" / "net-3" / "spec.yaml").read_text()
    for word in ("--array=", "--signal=USR1@", "--requeue", "--resume"):
        assert word in script
