"""A run and its directory: what is left, going on, refusing, locking."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nnctl.checkpoint import load_model
from nnctl.errors import DivergedError, LockedError, OutputError, SpecError, StoppedError
from nnctl.prediction import evaluate_file
from nnctl.run import Result, train
from nnctl.run.directory import RunDirectory, choose
from nnctl.run.saving import Often, Saver
from nnctl.spec import load

SPEC = """\
seed: 3
data: {source: points.csv, target: y, scale: standard, split: {validation: 0.2, test: 0.2}}
layers:
  - Dense: {units: 4, activation: tanh}
  - Dropout: 0.2
  - Dense: {units: 1, activation: sigmoid}
loss: binary_crossentropy
optimizer: {Adam: 0.01}
metrics: [accuracy]
fit: {epochs: 4, batch_size: 10, class_weight: balanced}
callbacks:
  - ModelCheckpoint: {filepath: best.h5, save_best_only: true}
"""


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    random = np.random.default_rng(1)
    rows = random.normal(size=(100, 3))
    labels = np.where(rows.sum(axis=1) > 0, "yes", "no")
    lines = [",".join([*(f"{v:.6f}" for v in row), label]) for row, label in zip(rows, labels, strict=True)]
    (tmp_path / "points.csv").write_text("a,b,c,y\n" + "\n".join(lines) + "\n")
    path = tmp_path / "points.yaml"
    path.write_text(SPEC)
    return path


def run(spec: Path, out: str, *overrides: str, **options: Any) -> Result:
    options.setdefault("say", lambda text: None)
    return train(load(spec, overrides), out=spec.parent / out, **options)


def content(result: Result) -> bytes:
    return (result.directory / "model.h5").read_bytes()


def test_what_a_run_leaves(spec: Path) -> None:
    result = run(spec, "one")
    left = {path.name for path in result.directory.iterdir()}
    assert left == {
        "model.h5",
        "best.h5",
        "spec.yaml",
        "history.csv",
        "checkpoint.h5",
        "checkpoint.previous.h5",
        "train.log",
        "curves.svg",
        "split.csv",
        "manifest.json",
        ".lock",
    }
    lines = (result.directory / "history.csv").read_text().splitlines()
    assert lines[0] == "epoch,loss,accuracy,val_loss,val_accuracy,lr,seconds"
    assert [line.split(",")[0] for line in lines[1:]] == ["1", "2", "3", "4"]
    manifest = json.loads((result.directory / "manifest.json").read_text())
    assert manifest["status"] == "complete"
    assert set(manifest["files"]) == left - {".lock", "manifest.json"}
    assert set(result.test or {}) == {"loss", "accuracy"}
    where = dict(line.split(",") for line in (result.directory / "split.csv").read_text().splitlines()[1:])
    assert set(where) == {str(row) for row in range(100)}
    assert manifest["split"]["rows"] == Counter(where.values()) == {"training": 60, "validation": 20, "test": 20}
    assert manifest["split"]["how"] == "validation 0.2, test 0.2: at random, seed 3"
    assert (manifest["filled"], manifest["dropped"]) == ({"training": {}, "validation": {}, "test": {}}, 0)
    assert "<polyline" in (result.directory / "curves.svg").read_text()
    extra = load_model(result.directory / "best.h5").extra
    assert extra["preprocessing"] == load_model(result.directory / "model.h5").extra["preprocessing"]


def test_the_same_spec_gives_the_same_bytes(spec: Path) -> None:
    assert content(run(spec, "one")) == content(run(spec, "two"))


def test_the_resolved_spec_in_the_run_directory_trains_the_same(spec: Path) -> None:
    first = run(spec, "one")
    again = run(first.directory / "spec.yaml", "../two")
    assert again.history == first.history


@pytest.mark.parametrize("batches", [1, 6, 7, 23])
def test_stopped_after_any_batch_a_run_continues_to_the_same_bits(spec: Path, batches: int) -> None:
    """RELIABILITY R01, R02, R05, through the real files; 4 epochs of 6 batches."""
    whole = content(run(spec, "whole"))
    with pytest.raises(StoppedError, match="--resume"):
        run(spec, "parts", display=_StopAfter(batches))
    result = run(spec, "parts", resume=True)
    assert content(result) == whole
    epochs = [line.split(",")[:-1] for line in (result.directory / "history.csv").read_text().splitlines()]
    expected = [line.split(",")[:-1] for line in (spec.parent / "whole" / "history.csv").read_text().splitlines()]
    assert epochs == expected
    assert (result.directory / "best.h5").read_bytes() == (spec.parent / "whole" / "best.h5").read_bytes()


def _StopAfter(batches: int) -> Any:
    from nnctl.callbacks import Callback

    class Stop(Callback):
        """stop after so many batches, as the time limit does"""

        seen = 0

        def on_batch_end(self, batch: int, loss: float) -> None:
            self.seen += 1
            if self.seen == batches:
                stopper = self.trainer.callbacks[-1]
                stopper.reason = "the test wants it"
                self.trainer.stop_at_once = True

    return Stop()


def test_time_limit_stops_in_order(spec: Path) -> None:
    with pytest.raises(StoppedError, match="time limit"):
        run(spec, "slow", max_time=0.0)
    assert json.loads((spec.parent / "slow" / "manifest.json").read_text())["status"] == "stopped"


def test_resume_starts_where_there_is_nothing_and_ends_where_all_is_done(spec: Path) -> None:
    """RELIABILITY R03, R06."""
    first = run(spec, "one", resume=True)
    before = {p.name: p.stat().st_mtime_ns for p in first.directory.iterdir()}
    assert run(spec, "one", resume=True).already_complete
    assert {p.name: p.stat().st_mtime_ns for p in first.directory.iterdir()} == before


def test_resume_refuses_another_spec_and_allows_more_epochs(spec: Path) -> None:
    """RELIABILITY R04."""
    run(spec, "one")
    with pytest.raises(SpecError) as caught:
        run(spec, "one", "layers.0.units=5", resume=True)
    assert "units: 4" in str(caught.value)
    assert "units: 5" in str(caught.value)
    longer = run(spec, "one", "fit.epochs=6", resume=True)
    assert longer.epochs == [0, 1, 2, 3, 4, 5]
    assert content(longer) == content(run(spec, "six", "fit.epochs=6"))


def test_resume_refuses_other_data(spec: Path) -> None:
    with pytest.raises(StoppedError):
        run(spec, "one", max_time=0.0)
    table = spec.with_name("points.csv")
    table.write_text(table.read_text().replace("0.", "1.", 1))
    with pytest.raises(SpecError, match="data have changed"):
        run(spec, "one", resume=True)


def test_damaged_checkpoint_falls_back_to_the_one_before(spec: Path) -> None:
    """RELIABILITY C07."""
    whole = content(run(spec, "whole"))
    with pytest.raises(StoppedError):
        run(spec, "one", display=_StopAfter(9))
    newest = spec.parent / "one" / "checkpoint.h5"
    assert (spec.parent / "one" / "checkpoint.previous.h5").exists()
    newest.write_bytes(newest.read_bytes()[:-100])
    said: list[str] = []
    result = run(spec, "one", resume=True, say=said.append)
    assert any("going on from the one before" in line for line in said)
    assert content(result) == whole


def test_an_existing_run_is_not_overwritten_unless_asked(spec: Path) -> None:
    """RELIABILITY C08: foreign files stay as they are."""
    first = run(spec, "one")
    (first.directory / "notes.txt").write_text("mine")
    with pytest.raises(OutputError, match="--overwrite"):
        run(spec, "one")
    again = run(spec, "one", "fit.epochs=1", overwrite=True)
    assert (again.directory / "notes.txt").read_text() == "mine"
    assert again.epochs == [0]


def test_names_of_runs_count_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    names = []
    for _ in range(3):
        path = choose(None, "pima", resume=False, overwrite=False)
        path.mkdir(parents=True)
        names.append(str(path))
    assert names == ["runs/pima", "runs/pima-2", "runs/pima-3"]
    assert str(choose(None, "pima", resume=True, overwrite=False)) == "runs/pima-3"
    assert str(choose(None, "iris", resume=True, overwrite=False)) == "runs/iris"


def test_one_writer_at_a_time(tmp_path: Path) -> None:
    """RELIABILITY L01."""
    holder = RunDirectory(tmp_path / "run")
    holder.open()
    with pytest.raises(LockedError, match=rf"locked by pid {os.getpid()} on host .* since "):
        RunDirectory(tmp_path / "run").open()
    holder.close()
    RunDirectory(tmp_path / "run").open()


def test_divergence_leaves_the_last_finite_model(spec: Path) -> None:
    """RELIABILITY N01."""
    with np.errstate(all="ignore"), pytest.raises(DivergedError, match="epoch 1, batch"):
        run(
            spec,
            "one",
            "optimizer={SGD: 1e30}",
            "loss=mse",
            "layers.2.activation=linear",
            "data.target=a",
            "metrics=[mse]",
            "fit.class_weight=null",
        )
    model = load_model(spec.parent / "one" / "model.h5").model
    assert np.isfinite(model.parameters.values).all()
    assert json.loads((spec.parent / "one" / "manifest.json").read_text())["status"] == "diverged"


@pytest.mark.parametrize(("name", "status"), [("SIGTERM", 143), ("SIGINT", 130), ("SIGUSR1", 75)])
def test_signals_stop_in_order_and_the_run_goes_on(spec: Path, name: str, status: int) -> None:
    """RELIABILITY S01, S02, S03: a real process, a real signal."""
    command = [
        sys.executable,
        "-m",
        "nnctl",
        "train",
        str(spec),
        "--out",
        str(spec.parent / "one"),
        "--set",
        "fit.epochs=100000",
        "-q",
    ]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 30
    while not _has_lines(spec.parent / "one" / "history.csv", 3):
        assert time.monotonic() < deadline
        assert process.poll() is None, process.stderr.read()  # type: ignore[union-attr]
        time.sleep(0.02)
    process.send_signal(getattr(signal, name))
    _, err = process.communicate(timeout=30)
    assert process.returncode == status, err
    assert "--resume" in err.splitlines()[-1]
    assert "Traceback" not in err
    done = json.loads((spec.parent / "one" / "manifest.json").read_text())
    assert done["status"] == "stopped"


def _has_lines(path: Path, count: int) -> bool:
    return path.exists() and len(path.read_text().splitlines()) >= count


def test_killed_without_warning_it_continues_to_the_same_bits(spec: Path) -> None:
    """RELIABILITY C01: kill -9 in the middle, several times over."""
    epochs = "fit.epochs=100"
    whole = content(run(spec, "whole", epochs))
    command = [
        sys.executable,
        "-m",
        "nnctl",
        "train",
        str(spec),
        "--out",
        str(spec.parent / "one"),
        "--set",
        epochs,
        "--resume",
        "-q",
    ]
    for delay in (0.0, 0.1):
        process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        while process.poll() is None and not _has_lines(spec.parent / "one" / "history.csv", 5):
            time.sleep(0.02)
        time.sleep(delay)
        process.kill()
        process.wait()
    result = run(spec, "one", epochs, resume=True)
    assert content(result) == whole


def test_history_has_a_place_for_validation_that_is_seldom(spec: Path) -> None:
    result = run(spec, "one", "fit.validation_freq=2", "callbacks=[]")
    lines = [line.split(",") for line in (result.directory / "history.csv").read_text().splitlines()]
    assert lines[0][:5] == ["epoch", "loss", "accuracy", "val_loss", "val_accuracy"]
    assert [line[3] == "" for line in lines[1:]] == [True, False, True, False]
    assert "<polyline" in (result.directory / "curves.svg").read_text()


def test_s07_callers_from_python_find_nothing_on_stdout(spec: Path, capsys: pytest.CaptureFixture[str]) -> None:
    train(load(spec, ["callbacks.0.ModelCheckpoint.verbose=1"]), out=spec.parent / "one")
    told = capsys.readouterr()
    assert told.out == ""
    assert "wrote" in told.err


def test_save_every_batches_and_seconds(spec: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also BackupAndRestore, by the batch; the ends of epochs cost too much for a net as small as this one."""
    saved: list[tuple[int, int]] = []
    real = Saver.save
    monkeypatch.setattr(Saver, "on_epoch_end", lambda self, epoch, logs: None)

    def save(self: Saver) -> None:
        saved.append((self.trainer.epoch, self.trainer.batch))
        real(self)

    monkeypatch.setattr(Saver, "save", save)
    run(spec, "a", "fit.epochs=2", often=Often(batches=4))
    assert saved == [(0, 4), (1, 2), (1, 6), (2, 0)]  # of 6 batches each; the last is that of the end
    saved.clear()
    run(spec, "b", "fit.epochs=1", "callbacks=[{BackupAndRestore: {backup_dir: x, save_freq: 5}}]")
    assert saved == [(0, 5), (1, 0)]
    saved.clear()
    run(spec, "c", "fit.epochs=1", often=Often(seconds=0))
    assert len(saved) == 7


def test_cells_and_rows_that_were_mended_are_counted(spec: Path) -> None:
    """In train.log, in manifest.json, and wherever the model meets missing cells again."""
    cells = [line.split(",") for line in (spec.parent / "points.csv").read_text().splitlines()]
    cells[3][0] = cells[4][0] = cells[5][1] = ""
    (spec.parent / "points.csv").write_text("".join(",".join(row) + "\n" for row in cells))
    result = run(spec, "one", "data.columns={a: {missing: mean}, b: {missing: drop}}")
    manifest = json.loads((result.directory / "manifest.json").read_text())
    assert manifest["dropped"] == 1
    assert sum(counts.get("a", 0) for counts in manifest["filled"].values()) == 2
    assert manifest["split"]["rows"]["dropped"] == 1
    log = (result.directory / "train.log").read_text()
    assert "dropped 1 of 100 rows with missing cells" in log
    assert "filled in missing cells: a 2 (" in log
    (spec.parent / "new.csv").write_text("a,b,c,y\n,1,2,yes\n1,2,3,no\n,1,1,yes\n")
    assert evaluate_file(result.directory, str(spec.parent / "new.csv")).filled == {"a": 2}
    assert evaluate_file(result.directory).filled == manifest["filled"]["test"]


def test_a_split_of_many_rows_is_kept_as_a_checksum(spec: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nnctl.run.session.LISTED_ROWS", 99)
    result = run(spec, "one")
    assert not (result.directory / "split.csv").exists()
    told = json.loads((result.directory / "manifest.json").read_text())["split"]
    assert (told["file"], len(told["sha256"])) == (None, 64)
