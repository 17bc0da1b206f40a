"""The child that goes through a file first: M11 (crash, hang), U3 (memory)."""

from __future__ import annotations

import ctypes
import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from nnctl.checkpoint import guard, load_model, load_state, save_archive, save_state, scout
from nnctl.errors import ModelFileError
from nnctl.model import Sequential

Foreign = Callable[[Callable[[Any], None]], Path]


def crash() -> None:
    ctypes.string_at(0)


def hang() -> None:
    while True:
        time.sleep(1)


def swallow() -> None:
    bytearray(2**31)


@pytest.mark.parametrize(
    ("look", "sentence"),
    [(crash, r"crashes on it \(SIGSEGV\)"), (hang, "finds no end"), (swallow, "more memory than a file of 9 bytes")],
)
def test_what_ends_the_child_is_an_error_here(
    monkeypatch: pytest.MonkeyPatch, look: Callable[[], None], sentence: str
) -> None:
    monkeypatch.setattr(scout, "SECONDS", 1)
    with pytest.raises(ModelFileError, match=f"model.h5: is damaged: .*{sentence}"):
        scout.survives(look, "model.h5", 9)


@pytest.mark.parametrize("form", [".h5", ".keras", "state"])
def test_every_file_goes_by_the_scout(
    saved: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: str, model: Sequential
) -> None:
    """Also one with a seal, which anyone can compute."""
    save_archive(tmp_path / "model.keras", model)
    save_state(tmp_path / "state.h5", {"a": 1})
    monkeypatch.setattr(guard, "_look_at_all", lambda file, source: crash())
    with pytest.raises(ModelFileError, match=r"crashes on it \(SIGSEGV\)"):
        load_state(tmp_path / "state.h5") if form == "state" else load_model(saved.with_suffix(form))


def test_what_the_guard_will_refuse_passes_the_scout() -> None:
    def refuse() -> None:
        raise ModelFileError("no")

    scout.survives(refuse, "model.h5", 9)


def test_no_child_stays(saved: Path) -> None:
    load_model(saved)
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)
    assert signal.getsignal(signal.SIGALRM) == signal.SIG_DFL


def test_a_group_that_holds_itself_has_an_end(foreign: Foreign) -> None:
    def change(file: Any) -> None:
        file["model_weights/round"] = file["model_weights"]

    assert load_model(foreign(change)).model.built


def test_u3_one_small_thing_under_many_names(foreign: Foreign) -> None:
    """Each of a thousand names leads to the same 60 MB of packed zeros."""

    def change(file: Any) -> None:
        names = file["model_weights/hidden"].attrs["weight_names"]
        file.create_dataset("model_weights/zeros", data=np.zeros(15 * 2**20, "f4"), compression="gzip")
        for number in range(1000):
            file[f"model_weights/hidden/{number}"] = file["model_weights/zeros"]
        file["model_weights/hidden"].attrs["weight_names"] = names

    assert load_model(foreign(change)).model.built


@pytest.mark.slow
@pytest.mark.parametrize("name", ["keras3_recurrent.h5", "keras2_two_dimensions.h5", "keras3_one_dimension.keras"])
def test_m11_flipped_bytes_of_files_without_a_seal(name: str, tmp_path: Path) -> None:
    """Refused, or read: never an exception of another kind, never a crash."""
    good = (Path(__file__).parents[1] / "golden" / "keras_models" / name).read_bytes()
    random = np.random.default_rng(0)
    path = tmp_path / name
    for place in random.integers(0, len(good), 200):
        path.write_bytes(good[:place] + bytes([good[place] ^ random.integers(1, 256)]) + good[place + 1 :])
        with suppress(ModelFileError):
            assert isinstance(load_model(path).model.get_weights()[0], np.ndarray)


def test_h5py_is_read_through_an_open_file_only(saved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = []
    real = h5py.File
    monkeypatch.setattr(h5py, "File", lambda file, *a, **k: (opened.append(file), real(file, *a, **k))[1])
    load_model(saved)
    assert all(hasattr(file, "read") for file in opened)
