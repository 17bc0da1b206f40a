"""Every command that opens a model file, on good and hostile files, under an audit hook: U5, T03, M01 to M05, M17."""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from nnctl.checkpoint import save_archive, save_model
from nnctl.cli import main
from nnctl.fields import create
from nnctl.model import Sequential

AUDITED = Path(__file__).with_name("audited.py")
LAMBDA = {"class_name": "Lambda", "config": {"name": "x", "function": ["4wEAAAAA", None, None]}}
EVIL = {"module": "os", "class_name": "system", "config": {"command": "touch marker"}, "registered_name": None}
SPEC = """\
data: {source: points.csv, target: y}
layers: [{Dense: {units: 3, name: hidden}}, {Dense: {units: 1, name: out}}]
loss: mse
metrics: [mae]
fit: {epochs: 1}
initial_weights: FILE
"""


class Gadget:
    def __reduce__(self) -> Any:
        return os.system, ("touch marker",)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    model = Sequential([create("layer", {"Dense": {"units": 3, "name": "hidden"}}), create("layer", {"Dense": 1})])
    model.build((2,))
    model.compile(create("optimizer", "adam"), create("loss", "mse"), [create("metric", "mae")])
    save_model(tmp_path / "good.h5", model)
    save_archive(tmp_path / "good.keras", model)
    np.savez(tmp_path / "points.npz", x=np.ones((6, 2)), y=np.ones((6, 1)))
    np.save(tmp_path / "x.npy", np.ones((6, 2)))
    (tmp_path / "points.csv").write_text("a,b,y\n" + "1,2,3\n" * 12)
    return tmp_path


def with_config(change: Callable[[Any], None]) -> Callable[[Path], list[Path]]:
    """Return a way to make an .h5 and a .keras whose configs were changed; the .h5 without nnctl's marks."""

    def make_both(folder: Path) -> list[Path]:
        with h5py.File(folder / "good.h5", "a") as file:
            del file["nnctl"], file.attrs["nnctl_format"]
            config = json.loads(file.attrs["model_config"])
            change(config)
            file.attrs["model_config"] = json.dumps(config)
        with zipfile.ZipFile(folder / "good.keras") as archive:
            members = {name: archive.read(name) for name in archive.namelist()}
        config = json.loads(members["config.json"])
        change(config)
        members["config.json"] = json.dumps(config).encode()
        with zipfile.ZipFile(folder / "bad.keras", "w") as archive:
            for name, content in members.items():
                archive.writestr(name, content)
        return [(folder / "good.h5").rename(folder / "bad.h5"), folder / "bad.keras"]

    return make_both


def linked(folder: Path) -> list[Path]:
    with h5py.File(folder / "good.h5", "a") as file:
        del file["nnctl"], file.attrs["nnctl_format"], file["model_weights"]
        file["model_weights"] = h5py.ExternalLink("/etc/passwd", "/x")
    return [(folder / "good.h5").rename(folder / "bad.h5")]


def pickled(folder: Path) -> list[Path]:
    made = [folder / "bad.pkl", folder / "bad.npy", folder / "bad.pt"]
    made[0].write_bytes(pickle.dumps(Gadget()))
    np.save(made[1], np.array([Gadget()], dtype=object), allow_pickle=True)
    with zipfile.ZipFile(made[2], "w") as archive:
        archive.writestr("archive/data.pkl", pickle.dumps(Gadget()))
    return made


ATTACKS: dict[str, Any] = {
    "m01-m02-lambda": with_config(lambda config: config["config"]["layers"].insert(1, LAMBDA)),
    "m03-class": with_config(lambda config: config["config"]["layers"].insert(1, EVIL)),
    "m03-slot": with_config(lambda config: config["config"]["layers"][1]["config"].update(kernel_initializer=EVIL)),
    "m04-reads": with_config(
        lambda config: config["config"]["layers"].insert(
            1, {"class_name": "StringLookup", "config": {"name": "x", "vocabulary": "/etc/passwd"}}
        )
    ),
    "m05-link": linked,
    "m17-pickle": pickled,
}
COMMANDS = {
    "predict": ["predict", "FILE", "x.npy", "-o", "out.csv"],
    "evaluate": ["evaluate", "FILE", "points.npz"],
    "info": ["info", "FILE"],
    "export": ["export", "FILE", "-o", "out.keras"],
    "train": ["train", "FILE.yaml", "--out", "RUN", "-q"],
    "train-on": ["train", "FILE.on.yaml", "--out", "RUN", "-q"],  # with the optimizer's state: looks at the config
}


def test_no_command_that_opens_a_model_is_left_out() -> None:
    """Each command with an argument MODEL; `train` opens one as initial_weights and checkpoint.h5."""
    commands = {name: main.get_command(None, name) for name in main.list_commands(None)}  # type: ignore[arg-type]
    opens = {name for name, command in commands.items() if any(p.name in ("model", "run") for p in command.params)}  # type: ignore[union-attr]
    assert opens - {*COMMANDS} == set()


def audited(folder: Path, *commands: list[str]) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, str(AUDITED), *("\x1f".join(words) for words in commands)],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return done.returncode, done.stderr


def filled(words: list[str], file: Path, run: str) -> list[str]:
    if words[0] == "train":
        file.with_name(file.name + ".yaml").write_text(SPEC.replace("FILE", file.name))
        on = SPEC.replace("FILE", f"{{file: {file.name}, optimizer: true}}") + "optimizer: adam\n"
        file.with_name(file.name + ".on.yaml").write_text(on)
    return [word.replace("FILE", file.name).replace("RUN", run) for word in words]


@pytest.mark.parametrize("form", ["good.h5", "good.keras"])
@pytest.mark.parametrize("command", COMMANDS)
def test_t03_sound_files_run_no_code(place: Path, command: str, form: str) -> None:
    runs = {"a": "good.h5", "b": "good.keras", "c": form}
    status, err = audited(place, *(filled(COMMANDS[command], place / file, run) for run, file in runs.items()))
    assert status == 0, err


@pytest.mark.slow
@pytest.mark.parametrize("attack", ATTACKS)
@pytest.mark.parametrize("command", COMMANDS)
def test_t03_hostile_files_are_refused_and_run_no_code(place: Path, command: str, attack: str) -> None:
    kept = [place / f"kept{form}" for form in (".h5", ".keras")]
    for path in kept:
        path.write_bytes(path.with_stem("good").read_bytes())
    for number, file in enumerate(ATTACKS[attack](place)):
        if command == "train" and attack.startswith(("m01", "m03", "m04")):
            continue  # a warm start reads weights alone and never looks at a config
        good = [filled(COMMANDS[command], path, f"a{number}{path.suffix}") for path in kept]
        status, err = audited(place, *good, filled(COMMANDS[command], file, f"b{number}"))
        assert status == 65, err
        assert "Traceback" not in err
        assert err.splitlines()[-1].startswith("nnctl: error: ")
    assert not (place / "marker").exists()


def test_t03_resume_runs_no_code(place: Path) -> None:
    (place / "s.yaml").write_text(SPEC.replace("initial_weights: FILE\n", ""))
    words = ["train", "s.yaml", "--out", "a", "-q", "--resume"]
    status, err = audited(place, words, [*words, "--set", "fit.epochs=3"])
    assert status == 0, err
    good = (place / "a" / "checkpoint.h5").read_bytes()
    for name in ("checkpoint.h5", "checkpoint.previous.h5"):
        (place / "a" / name).write_bytes(good[:-500])
    status, err = audited(place, ["train", "s.yaml", "--out", "b", "-q"], [*words, "--set", "fit.epochs=5"])
    assert status == 65, err
    assert "checkpoint" in err.splitlines()[-1]
