"""Each call that changes the disk fails in turn, in a whole run and in a prediction: RELIABILITY C02, C04."""

from __future__ import annotations

import errno
import os
import resource
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from nnctl.checkpoint import load_model, load_state
from nnctl.cli import exits, main
from nnctl.errors import NnctlError
from nnctl.run import train
from nnctl.run.saving import Often
from nnctl.spec import load

from .faulty_disk import FaultyDisk

SPEC = """\
data: {source: points.csv, target: y}
layers: [{Dense: {units: 3, activation: tanh}}, {Dense: 1}]
loss: mse
fit: {epochs: 2, batch_size: 10}
callbacks:
  - ModelCheckpoint: {filepath: best.h5, monitor: loss, save_best_only: true}
  - CSVLogger: {filename: epochs.csv}
  - BatchHistory
"""
EACH = [(code, persistent) for code in (errno.EIO, errno.ENOSPC) for persistent in (False, True)]
COMMAND = [sys.executable, "-m", "nnctl"]
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    rows = [f"{i % 7 / 7:.3f},{i % 5 / 5:.3f},{i % 3 / 3:.3f}\n" for i in range(40)]
    (tmp_path / "points.csv").write_text("a,b,y\n" + "".join(rows))
    (tmp_path / "s.yaml").write_text(SPEC)
    return tmp_path / "s.yaml"


def run(spec: Path, out: str, **options: Any) -> Path:
    """Train with a checkpoint after every other batch."""
    often = Often(batches=2)
    return train(load(spec), out=spec.parent / out, say=lambda text: None, often=often, **options).directory


def left_over(folder: Path) -> list[str]:
    return [path.name for path in folder.rglob("*") if path.name.endswith("nnctl-tmp")]


def check_whole(folder: Path) -> None:
    """Whatever is there under its name is whole; nothing else is."""
    assert left_over(folder) == []
    for file in folder.glob("*.h5"):
        (load_state if file.name.startswith("checkpoint") else load_model)(file)


def one_round(spec: Path, failing: int, code: int, persistent: bool) -> tuple[int, int | None]:
    """Return how many calls a run made of which one fails, and its status; None where it came to its end."""
    with pytest.MonkeyPatch.context() as patch:
        disk = FaultyDisk(patch, failing, code, persistent)
        try:
            run(spec, f"run{failing}")
        except NnctlError as error:
            return disk.count, error.status
        return disk.count, None


def test_c02_a_run_counts_its_calls(spec: Path) -> None:
    """The walk below goes over all of them: files of every kind are among the calls."""
    calls, status = one_round(spec, 0, errno.EIO, False)
    assert status is None
    assert calls > 150
    check_whole(spec.parent / "run0")


@pytest.mark.parametrize(("code", "persistent"), EACH)
@pytest.mark.parametrize("failing", [3, 20, 61, 97, 140])
def test_c02_some_calls_of_a_run_fail(spec: Path, failing: int, code: int, persistent: bool) -> None:
    _, status = one_round(spec, failing, code, persistent)
    assert status in ((73, 74) if persistent else (73, 74, None))
    if (spec.parent / f"run{failing}").exists():
        check_whole(spec.parent / f"run{failing}")


@pytest.mark.slow
@pytest.mark.parametrize(("code", "persistent"), EACH)
def test_c02_each_call_of_a_run_fails_in_turn(spec: Path, code: int, persistent: bool) -> None:
    """Status 73 or 74, no file cut short, and --resume ends where an undisturbed run does."""
    whole = run(spec, "whole")
    statuses = []
    for failing in range(1, 2000):
        calls, status = one_round(spec, failing, code, persistent)
        folder = spec.parent / f"run{failing}"
        if calls < failing:
            break
        statuses.append(status)
        assert status in (73, 74) or not persistent or failing == calls, f"call {failing} of {calls}"
        if folder.exists():
            check_whole(folder)
            if failing % 5 == 0:
                assert (run(spec, folder.name, resume=True) / "model.h5").read_bytes() == (
                    whole / "model.h5"
                ).read_bytes(), f"call {failing}"
                assert (folder / "epochs.csv").read_bytes() == (whole / "epochs.csv").read_bytes()
            shutil.rmtree(folder)
    assert len(statuses) > 150
    assert sum(status in (73, 74) for status in statuses) > 0.9 * len(statuses)


@pytest.mark.parametrize("name", ["out.csv", "out.jsonl", "out.npy"])
@pytest.mark.parametrize(("code", "persistent"), EACH)
def test_c02_each_call_of_a_prediction_fails_in_turn(spec: Path, name: str, code: int, persistent: bool) -> None:
    """The predictions that were there before stay, byte for byte, until the new ones are complete."""
    model, out = run(spec, "run") / "model.h5", spec.parent / name
    words = ["predict", str(model), str(spec.parent / "points.csv"), "-o", str(out)]
    assert exits.run(lambda: main._call(words)) == 0
    complete = out.read_bytes()
    for failing in range(1, 100):
        out.write_bytes(b"old")
        with pytest.MonkeyPatch.context() as patch:
            disk = FaultyDisk(patch, failing, code, persistent)
            status = exits.run(lambda: main._call(words))
        if disk.count < failing:
            assert status == 0
            break
        assert status in (73, 74)
        assert out.read_bytes() in (b"old", complete)  # the last call is the fsync of the directory
        assert left_over(spec.parent) == []
    assert failing > 5


def limited(most: int, *words: str) -> subprocess.CompletedProcess[str]:
    """Run nnctl where no file may grow beyond so many bytes."""
    return subprocess.run(
        [*COMMAND, *words],
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (most, most)),
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_c04_message_says_bytes_needed_and_allowed(spec: Path) -> None:
    """ulimit -f, in the middle of a checkpoint and of predictions."""
    done = limited(6000, "train", str(spec), "--out", str(spec.parent / "run"))
    last = done.stderr.splitlines()[-1]
    assert done.returncode == 74, done.stderr
    assert ".h5: writing failed: File too large (" in last
    assert " bytes needed, 6,000 allowed by  ulimit -f); the file is as it was before" in last
    model, out = run(spec, "whole") / "model.h5", spec.parent / "out.csv"
    done = limited(100, "predict", str(model), str(spec.parent / "points.csv"), "-o", str(out))
    assert done.returncode == 74, done.stderr
    assert "out.csv: writing failed: File too large (100 bytes allowed by  ulimit -f)" in done.stderr.splitlines()[-1]
    assert not out.exists()
    assert left_over(spec.parent) == []


def can_mount() -> bool:
    words = ["unshare", "--mount", "sh", "-c", "mount -t tmpfs tmpfs /mnt"]
    return bool(shutil.which("unshare")) and subprocess.run(words, capture_output=True, check=False).returncode == 0


@pytest.mark.slow
@pytest.mark.skipif(not can_mount(), reason="needs the right to mount; the limits above are what runs everywhere")
def test_c04_disk_full_at_every_size(spec: Path) -> None:
    """A file system of ever more pages, until all fits: no size ends in anything but status 0, 73 or 74."""
    place = spec.parent / "small"
    place.mkdir()
    script = (
        'mount -t tmpfs -o size="$0" tmpfs "$1" || exit 99; "$2" -m nnctl train "$3" --out "$1/run" -q --save-every 2; '
        'status=$?; find "$1" -name "*nnctl-tmp"; [ $status = 0 ] || cp -r "$1/run" "$4" 2>/dev/null; exit $status'
    )
    statuses, messages = [], set()
    for pages in range(2, 200, 3):
        kept = spec.parent / f"kept{pages}"
        words = [f"{4 * pages}k", str(place), sys.executable, str(spec), str(kept)]
        done = subprocess.run(
            ["unshare", "--mount", "sh", "-c", script, *words],
            env=ENVIRONMENT, capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
        statuses.append(done.returncode)
        assert done.stdout == "", f"{4 * pages} kB: {done.stdout}"
        if done.returncode == 0:
            break
        last = done.stderr.splitlines()[-1]
        assert done.returncode in (73, 74), done.stderr
        assert "No space left on device" in last
        assert "Traceback" not in done.stderr
        messages.add(last.partition("run/")[2].partition(":")[0])
        if kept.exists():
            check_whole(kept)
    assert statuses[-1] == 0
    assert len(statuses) > 10
    assert "checkpoint.h5" in messages
