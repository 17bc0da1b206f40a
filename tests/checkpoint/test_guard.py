"""Attacks on the HDF5 container and wrong kinds of files: M05, M06, M07, M10, M12, M17."""

from __future__ import annotations

import io
import os
import pickle
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from nnctl.checkpoint import load_model, load_state, load_weights
from nnctl.checkpoint.seal import LENGTH
from nnctl.errors import ModelFileError
from nnctl.model import Sequential

Foreign = Callable[[Callable[[Any], None]], Path]
KERNEL = "model_weights/hidden/hidden/kernel"


@pytest.mark.parametrize("place", ["model_weights", "model_weights/hidden", KERNEL])
@pytest.mark.parametrize("link", [h5py.SoftLink("/elsewhere"), h5py.ExternalLink("other.h5", "/x")], ids=repr)
def test_m05_links_are_not_followed(foreign: Foreign, tmp_path: Path, link: Any, place: str) -> None:
    def change(file: Any) -> None:
        file.move(place, "elsewhere")
        file[place] = link

    os.mkfifo(tmp_path / "other.h5")  # opening it would hang
    with pytest.raises(ModelFileError, match=f"{place}: is a link to another place"):
        load_model(foreign(change))


def external_storage(file: Any, folder: Path) -> None:
    del file[KERNEL]
    file.create_dataset(KERNEL, (4, 5), "f4", external=[("/etc/passwd", 0, 80)])


def virtual(file: Any, folder: Path) -> None:
    del file[KERNEL]
    layout = h5py.VirtualLayout((4, 5), "f4")
    layout[:] = h5py.VirtualSource(str(folder / "other.h5"), "x", shape=(4, 5))
    file.create_virtual_dataset(KERNEL, layout)


@pytest.mark.parametrize("attack", [external_storage, virtual])
def test_m06_values_from_other_files(foreign: Foreign, tmp_path: Path, attack: Callable[[Any, Path], None]) -> None:
    with pytest.raises(ModelFileError, match="keeps its values in another file"):
        load_model(foreign(lambda file: attack(file, tmp_path)))


@pytest.mark.parametrize("shape", [(2**50,), (4, 5)])
def test_m07_shape_that_stores_nothing(foreign: Foreign, shape: tuple[int, ...]) -> None:
    def change(file: Any) -> None:
        del file[KERNEL]
        file.create_dataset(KERNEL, shape, "f4", chunks=tuple(min(n, 2**20) for n in shape), compression="gzip")

    with pytest.raises(ModelFileError, match=r"claims [\d,]+ bytes .* the file holds 0 of them"):
        load_model(foreign(change))


def test_objects_and_foreign_filters_are_refused(foreign: Foreign) -> None:
    def change(file: Any) -> None:
        del file[KERNEL]
        file.create_dataset(KERNEL, data=np.zeros((4, 5), "f4"), chunks=(4, 5), fletcher32=True)

    with pytest.raises(ModelFileError, match="filter other than gzip"):
        load_model(foreign(change))


@pytest.mark.parametrize("names", [[b"../hidden"], [b"/hidden"], [b""], [b"gone"], [7], b"text"], ids=str)
def test_layer_names_that_are_no_names(foreign: Foreign, names: Any) -> None:
    def change(file: Any) -> None:
        file["model_weights"].attrs["layer_names"] = names

    with pytest.raises(ModelFileError, match=r"is not a name|expected a list of texts|missing"):
        load_model(foreign(change))


@pytest.mark.parametrize(
    "text",
    [
        b"\xff\xfe",
        "\ufeff{}".encode(),
        b"[]",
        b"null",
        b"{",
        b'{"a": NaN}',
        b'{"a": 1, "a": 2}',
        b"[" * 100_000,
        b"9" * 5000,
        b'{"a": 1e999}',
    ],
    ids=range(10),
)
def test_m15_model_config_that_is_no_config(foreign: Foreign, text: bytes) -> None:
    def change(file: Any) -> None:
        file.attrs.create("model_config", text, dtype=h5py.string_dtype())

    with pytest.raises(ModelFileError, match="model_config"):
        load_model(foreign(change))


def test_m10_cut_files(saved: Path) -> None:
    good = saved.read_bytes()
    for size in (1, 8, 96, len(good) // 2, len(good) - 1):
        saved.write_bytes(good[:size])
        with pytest.raises(ModelFileError, match="truncated"):
            load_model(saved)
    saved.write_bytes(b"")
    with pytest.raises(ModelFileError, match=r"is empty \(0 bytes\)"):
        load_model(saved)
    saved.write_bytes(good[:9000])
    with pytest.raises(ModelFileError, match=rf"found 9,000 bytes, expected {len(good) - LENGTH:,}"):
        load_model(saved)


def zipped(name: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(name, "x")
    return buffer.getvalue()


def tarred() -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("a"))
    return buffer.getvalue()


class Bomb:
    """Makes a file when it is unpickled."""

    def __reduce__(self) -> Any:
        return open, ("unpickled", "w")


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"layers: []\n", "a text file"),
        (b"\x89PNG\r\n\x1a\n" + bytes(50), "a PNG image"),
        (b"\x1f\x8b" + bytes(50), "compressed with gzip"),
        (tarred(), "a tar archive"),
        (zipped("config.json"), "a zip archive"),
        (zipped("archive/data.pkl"), "PyTorch.* never unpickles"),
        (pickle.dumps(Bomb()), "never unpickles"),
        (b"\x93NUMPY" + bytes(50), r"a NumPy array"),
        (os.urandom(8).replace(b"\x89", b"x") + bytes(500), "of an unknown kind|never unpickles"),
    ],
    ids=["text", "png", "gzip", "tar", "zip", "torch", "pickle", "npy", "noise"],
)
def test_m12_m17_kind_is_told_by_the_content(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes, sentence: str, model: Sequential
) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "model.h5"
    path.write_bytes(content)
    for load in (load_model, load_state, lambda path: load_weights(path, model)):
        with pytest.raises(ModelFileError, match=sentence):
            load(path)
    assert os.listdir(tmp_path) == ["model.h5"]


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir, lambda path: os.symlink("/dev/zero", path)])
def test_m12_directory_fifo_and_device(tmp_path: Path, make: Callable[[Path], None]) -> None:
    make(tmp_path / "model.h5")
    with pytest.raises(ModelFileError, match=r"is a (directory|device)"):
        load_model(tmp_path / "model.h5")


def test_other_hdf5_files_are_named(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "data.h5", "w") as file:
        file["x"] = [1.0]
    with pytest.raises(ModelFileError, match="an HDF5 file of something else"):
        load_model(tmp_path / "data.h5")
    with pytest.raises(ModelFileError, match="no checkpoint of nnctl"):
        load_state(tmp_path / "data.h5")
