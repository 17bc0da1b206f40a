"""Faults in the middle of a real training run: RELIABILITY C02, C04, C05, C06, L02, L03, R03."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import resource
import stat
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import nnctl
from nnctl.checkpoint import load_model, load_state, save_state
from nnctl.cli import exits, main
from nnctl.errors import (
    LockedError,
    MissingInputError,
    ModelFileError,
    NnctlError,
    OutputError,
    ReadWriteError,
    StoppedError,
)
from nnctl.run import train
from nnctl.run.directory import RunDirectory
from nnctl.run.saving import Saver
from nnctl.spec import load

SPEC = """\
data: {source: points.csv, target: y}
layers: [{Dense: {units: 3, activation: tanh}}, {Dense: 1}]
loss: mse
fit: {epochs: 2, batch_size: 10}
callbacks: [{ModelCheckpoint: {filepath: best.h5, monitor: loss, save_best_only: true}}]
"""


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    rows = np.random.default_rng(1).normal(size=(40, 3))
    (tmp_path / "points.csv").write_text("a,b,y\n" + "".join("{:.4f},{:.4f},{:.4f}\n".format(*row) for row in rows))
    (tmp_path / "s.yaml").write_text(SPEC)
    return tmp_path / "s.yaml"


@pytest.fixture(autouse=True)
def _checkpoint_every_epoch(monkeypatch: pytest.MonkeyPatch) -> None:
    """Saving at the end of an epoch costs more than the epochs of these nets take."""
    monkeypatch.setattr(Saver, "on_epoch_end", lambda self, epoch, logs: self.save())


def run(spec: Path, out: str = "run", **options: Any) -> Any:
    return train(load(spec, options.pop("overrides", ())), out=spec.parent / out, say=lambda text: None, **options)


def left_over(folder: Path) -> list[str]:
    return [path.name for path in folder.rglob("*") if path.name.endswith("nnctl-tmp")]


def limited(spec: Path, limit: int, number: int) -> subprocess.CompletedProcess[str]:
    """Run `nnctl train` with a limit of the system."""
    return subprocess.run(
        [sys.executable, "-m", "nnctl", "train", str(spec), "--out", str(spec.parent / "run")],
        preexec_fn=lambda: resource.setrlimit(limit, (number, number)),
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.parametrize(("limit", "number"), [(resource.RLIMIT_FSIZE, 6000), (resource.RLIMIT_NOFILE, 5)])
def test_c04_limits_of_the_system(spec: Path, limit: int, number: int) -> None:
    """ulimit -f: files end in the middle; RLIMIT_NOFILE: no descriptor is left."""
    done = limited(spec, limit, number)
    assert done.returncode in (66, 73, 74), done.stderr
    assert done.stderr.splitlines()[-1].startswith("nnctl: error: ")
    assert "Traceback" not in done.stderr
    assert left_over(spec.parent) == []
    if limit == resource.RLIMIT_FSIZE:
        assert json.loads((spec.parent / "run" / "manifest.json").read_text())["status"] != "complete"


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
def test_c04_log_on_a_full_device(spec: Path) -> None:
    (spec.parent / "run").mkdir()
    (spec.parent / "run" / "train.log").symlink_to("/dev/full")
    (spec.parent / "run" / "manifest.json").write_text('{"files": ["train.log"], "status": "new"}')
    with pytest.raises(ReadWriteError, match=r"train\.log: could not be written: No space left"):
        run(spec, resume=True)


@pytest.mark.parametrize(("mask", "mode"), [(0o022, 0o644), (0o077, 0o600)])
def test_c06_modes_of_a_run_follow_the_umask(spec: Path, mask: int, mode: int) -> None:
    before = os.umask(mask)
    try:
        folder = run(spec).directory
    finally:
        os.umask(before)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}
    assert set(modes.values()) == {mode}, modes


def test_c06_c08_links_in_a_run_directory(spec: Path) -> None:
    """A link where nnctl writes is followed; what it never wrote stays, whatever it is called."""
    away = spec.parent / "away"
    away.mkdir()
    folder = run(spec).directory
    (folder / "best.h5").rename(away / "best.h5")
    (folder / "best.h5").symlink_to(away / "best.h5")
    (folder / "old.h5").write_text("mine")
    (folder / "out").symlink_to(away)
    run(spec, overwrite=True, overrides=["fit.epochs=1"])
    assert (folder / "old.h5").read_text() == "mine"
    assert (folder / "out").is_symlink()
    assert load_model(away / "best.h5").model.built


USER = 65534


def as_user(words: list[str]) -> int:
    """Run a command in a child that is no longer root, its libraries loaded before; return its status."""
    child = os.fork()
    if child == 0:
        status = 99
        try:
            os.setgroups([])
            os.setgid(USER)
            os.setuid(USER)
            status = exits.run(lambda: main._call(words))
        finally:
            os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


@pytest.mark.skipif(os.geteuid() != 0, reason="as root, to become another user")
def test_c05_models_in_a_read_only_directory(spec: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """predict, evaluate and info write nothing beside the model; train is refused before epoch 1."""
    package = Path(nnctl.__file__).parent
    if any(path.stat().st_mode & 0o005 != 0o005 for path in (package, *package.parents)):
        pytest.skip("nnctl itself lies where another user cannot read it")
    folder = run(spec).directory
    for path in (folder, *folder.parents):
        if path != Path("/"):
            path.chmod(path.stat().st_mode | 0o055)
    monkeypatch.chdir(folder)
    commands = [["predict", "model.h5", "../points.csv"], ["evaluate", ".", "../points.csv"], ["info", "model.h5"]]
    for words in [*commands, ["train", "../s.yaml", "--out", "warm"]]:
        assert exits.run(lambda words=words: main._call(words)) == 0
    before = sorted(path.name for path in folder.iterdir())
    assert [as_user(words) for words in commands] == [0, 0, 0]
    assert as_user(["train", "../s.yaml", "--out", "again"]) == 77
    assert as_user(["predict", "model.h5", "../points.csv", "-o", "out.csv"]) == 77
    assert sorted(path.name for path in folder.iterdir()) == before


def stopped(spec: Path) -> Path:
    """Return the directory of a run that was stopped and has a checkpoint."""
    with pytest.raises(StoppedError):
        run(spec, max_time=0.0)
    return spec.parent / "run"


def test_r03_half_of_a_run_is_missing(spec: Path) -> None:
    folder = stopped(spec)
    (folder / "checkpoint.h5").unlink()
    (folder / "checkpoint.previous.h5").unlink(missing_ok=True)
    with pytest.raises(MissingInputError, match=r"checkpoint\.h5: is gone.*--overwrite"):
        run(spec, resume=True)


def test_r03_checkpoint_of_another_net(spec: Path) -> None:
    folder = stopped(spec)
    state = load_state(folder / "checkpoint.h5")
    state["trainer"]["weights"] = state["trainer"]["weights"][:5]
    save_state(folder / "checkpoint.h5", state)
    with pytest.raises(ModelFileError, match=r"checkpoint\.h5: does not fit"):
        run(spec, resume=True)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"files": 3}', '{"files": ["../x"]}', '{"files": ["/etc/passwd"]}'])
def test_r03_damaged_manifest_is_named(spec: Path, text: str) -> None:
    folder = run(spec).directory
    (folder / "manifest.json").write_text(text)
    for options in ({"resume": True}, {"overwrite": True}):
        with pytest.raises(OutputError, match=r"manifest\.json: is damaged, .*choose another --out"):
            run(spec, **options)
    assert (folder / "model.h5").exists()


@pytest.mark.parametrize("code", [errno.ENOLCK, errno.EOPNOTSUPP])
def test_l02_file_system_without_locks(spec: Path, monkeypatch: pytest.MonkeyPatch, code: int) -> None:
    def refuse(*args: Any) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(fcntl, "flock", refuse)
    said: list[str] = []
    train(load(spec), out=spec.parent / "run", say=said.append)
    assert any("has no locks" in line for line in said)


def test_l02_eagain_is_a_lock_that_is_held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: Any) -> None:
        raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))

    monkeypatch.setattr(fcntl, "flock", refuse)
    with pytest.raises(LockedError):
        RunDirectory(tmp_path / "run").open()


@pytest.mark.slow
def test_l03_reading_while_training_replaces_the_file(spec: Path) -> None:
    """Each of 500 readings is one whole version: its steps and its weights belong together."""
    run(spec)
    versions: dict[int, bytes] = {}
    process = subprocess.Popen(
        [sys.executable, "-m", "nnctl", "train", str(spec), "--out", str(spec.parent / "run"), "--overwrite", "-q",
         "--set", "fit.epochs=100000", "--set", "callbacks.0.ModelCheckpoint.save_best_only=false"],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )  # fmt: skip
    readings = 0
    try:
        while readings < 500:
            try:
                loaded = load_model(spec.parent / "run" / "best.h5")
            except NnctlError as error:
                assert "there is no such file" in str(error)  # noqa: PT017 - before the first epoch's end
                assert process.poll() is None
                time.sleep(0.01)
                continue
            readings += 1
            weights = b"".join(value.tobytes() for value in loaded.model.get_weights())
            assert versions.setdefault(loaded.extra["steps"], weights) == weights
        assert process.poll() is None  # it was training all the time
    finally:
        process.kill()
        process.wait()
    assert len(versions) > 3
