"""What the system sees of a save and of hostile files, below Python: RELIABILITY C03, M04, M05, M06."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import h5py
import pytest

from nnctl.checkpoint import save_model
from nnctl.fields import create
from nnctl.model import Sequential

from .watching import ENVIRONMENT, STRACE, opened, traced

SAVE = "from nnctl.checkpoint import save_state; save_state('run/state.h5', {'step': 1})"
KERNEL = "model_weights/dense/dense/kernel"


def insert(layer: dict[str, Any]) -> Any:
    """Return a change of a file that puts one more layer into its config."""

    def change(file: Any) -> None:
        config = json.loads(file.attrs["model_config"])
        config["config"]["layers"].insert(1, layer)
        file.attrs["model_config"] = json.dumps(config)

    return change


def external_link(file: Any) -> None:
    del file["model_weights"]
    file["model_weights"] = h5py.ExternalLink("secret.h5", "/")


def external_storage(file: Any) -> None:
    del file[KERNEL]
    file.create_dataset(KERNEL, (2, 3), "f4", external=[("secret.h5", 0, 24)])


def virtual(file: Any) -> None:
    del file[KERNEL]
    layout = h5py.VirtualLayout((2, 3), "f4")
    layout[:] = h5py.VirtualSource("secret.h5", "x", shape=(2, 3))
    file.create_virtual_dataset(KERNEL, layout)


ATTACKS = {
    "m04-vocabulary": insert({"class_name": "StringLookup", "config": {"name": "x", "vocabulary": "secret.h5"}}),
    "m04-url": insert({"class_name": "StringLookup", "config": {"name": "x", "vocabulary": "http://127.0.0.1:9/x"}}),
    "m04-saved-model": insert({"class_name": "TFSMLayer", "config": {"name": "x", "filepath": "secret.h5"}}),
    "m04-load-model": insert({"class_name": "load_model", "config": {"name": "x", "filepath": "secret.h5"}}),
    "m05-link": external_link,
    "m06-storage": external_storage,
    "m06-virtual": virtual,
}


@pytest.fixture
def hostile(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """A model file that wants another one opened, which is there and could be."""
    model = Sequential([create("layer", {"Dense": {"units": 3}})])
    model.build((2,))
    save_model(tmp_path / "bad.h5", model)
    with h5py.File(tmp_path / "secret.h5", "w") as file:
        file["x"] = [[1.0] * 3] * 2
    with h5py.File(tmp_path / "bad.h5", "a") as file:
        del file["nnctl"], file.attrs["nnctl_format"]
        ATTACKS[request.param](file)
    return tmp_path


def info(folder: Path) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-m", "nnctl", "info", "bad.h5"],
        cwd=folder, env=ENVIRONMENT, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    return done.returncode, done.stderr


def test_the_watch_sees_what_is_opened(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("x")
    with opened(tmp_path / "a") as answer:
        (tmp_path / "a").read_text()
    assert answer == [True]
    with opened(tmp_path / "a") as answer:
        (tmp_path / "a").stat()
    assert answer == [False]


@pytest.mark.parametrize("hostile", ATTACKS, indirect=True)
def test_m04_m05_m06_the_other_file_is_never_opened(hostile: Path) -> None:
    """By inotify: also the HDF5 library, below Python, in this process or its scout."""
    with opened(hostile / "secret.h5") as answer:
        status, err = info(hostile)
    assert status == 65, err
    assert answer == [False]


@pytest.mark.slow
@pytest.mark.skipif(STRACE is None, reason="needs strace; the test above is what runs everywhere")
@pytest.mark.parametrize("hostile", ATTACKS, indirect=True)
def test_m04_nothing_is_opened_connected_or_run(hostile: Path) -> None:
    calls = "openat,open,connect,socket,execve"
    status, err, lines = traced(hostile, calls, "-m", "nnctl", "info", "bad.h5")
    assert status == 65, err
    assert any("bad.h5" in line for line in lines)
    assert not [line for line in lines if "secret.h5" in line or "connect(" in line or "AF_INET" in line]
    run = {Path(match[1]).name for line in lines if (match := re.search(r'execve\("([^"]+)"', line))}
    assert run <= {Path(sys.executable).name, "uname"}  # the second by a library, when it is imported


@pytest.mark.skipif(STRACE is None, reason="needs strace; test_atomic.py has the order of Python's own calls")
def test_c03_order_of_the_calls_of_one_save(tmp_path: Path) -> None:
    """Temporary file in the same directory, fsync, rename, fsync of the directory."""
    (tmp_path / "run").mkdir()
    status, err, lines = traced(tmp_path, "openat,fsync,fdatasync,rename,renameat,renameat2", "-c", SAVE)
    assert status == 0, err
    folder = re.escape(str(tmp_path / "run"))
    temporary = r"\.[0-9a-f]{16}\.nnctl-tmp"
    wanted = [
        rf'openat\(.*"{folder}/{temporary}", O_WRONLY\|O_CREAT\|O_EXCL',
        rf"fsync\(\d+<{folder}/{temporary}>\) += 0",
        rf'rename\w*\(.*"{folder}/{temporary}".*"{folder}/state\.h5".*\) += 0',
        rf'openat\(.*"{folder}", O_RDONLY\|O_CLOEXEC\|O_DIRECTORY\)',
        rf"fsync\(\d+<{folder}>\) += 0",
    ]
    seen = [line for line in lines if str(tmp_path / "run") in line]
    assert len(seen) == len(wanted), seen
    for line, pattern in zip(seen, wanted, strict=True):
        assert re.search(pattern, line), line
