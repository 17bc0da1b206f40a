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

from nnctl.checkpoint import guard, load_model, load_state, load_weights
from nnctl.checkpoint.guard import open_model_file
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


def test_texts_are_bounded_also_those_of_any_length(foreign: Foreign, monkeypatch: pytest.MonkeyPatch) -> None:
    """An attribute of variable length says no size before it is read."""
    path = foreign(lambda file: file.attrs.create("model_config", "x" * 5000, dtype=h5py.string_dtype()))
    monkeypatch.setattr(guard, "MAX_TEXT", 4000)
    with pytest.raises(ModelFileError, match="model_config: is too long: 5,000 bytes"):
        load_model(path)


def test_a_list_of_texts_is_bounded_as_a_whole(foreign: Foreign, monkeypatch: pytest.MonkeyPatch) -> None:
    def change(file: Any) -> None:
        file["model_weights"].attrs["layer_names"] = np.full(12, b"x" * 1000)

    path = foreign(change)
    monkeypatch.setattr(guard, "MAX_TEXT", 8000)
    with pytest.raises(ModelFileError, match="layer_names: is too long: 12,000 bytes"):
        load_model(path)


def test_a_text_that_is_missing(saved: Path) -> None:
    with open_model_file(saved) as root:
        for read in (root.text, root.texts):
            with pytest.raises(ModelFileError, match="nothing: is missing"):
                read("nothing")


def test_an_array_is_read_in_one_shape_only(saved: Path) -> None:
    with open_model_file(saved) as root:
        assert root.array(KERNEL, (4, 5), "f4").shape == (4, 5)
        for shape in ((5, 4), (20,), (4, 4)):
            with pytest.raises(ModelFileError, match=r"kernel: expected shape .*, found \(4, 5\)"):
                root.array(KERNEL, shape, "f4")


def test_bytes_are_plain_bytes_in_a_row(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["good"] = np.arange(9, dtype="u1")
        file["numbers"] = np.arange(9, dtype="i1")
        file["square"] = np.zeros((3, 3), "u1")
        file.create_dataset("pieces", data=np.zeros(9, "u1"), chunks=(3,))
    with open_model_file(tmp_path / "a.h5") as root:
        assert root.raw_bytes("good") == bytes(range(9))
        for name in ("numbers", "square", "pieces"):
            with pytest.raises(ModelFileError, match=f"{name}: expected bytes, found"):
                root.raw_bytes(name)


def test_a_group_where_a_dataset_is_due_and_the_other_way(foreign: Foreign) -> None:
    def change(file: Any) -> None:
        del file[KERNEL]
        file.create_group(KERNEL)

    with pytest.raises(ModelFileError, match="kernel: expected a dataset, found a group"):
        load_model(path := foreign(change))
    with h5py.File(path, "a") as file:
        del file["model_weights/hidden"]
        file["model_weights/hidden"] = [1.0]
    with pytest.raises(ModelFileError, match="hidden: expected a group, found a dataset"):
        load_model(path)


def test_many_names(foreign: Foreign, monkeypatch: pytest.MonkeyPatch) -> None:
    def change(file: Any) -> None:
        file["model_weights"].attrs["layer_names"] = [b"x"] * 12

    path = foreign(change)
    monkeypatch.setattr(guard, "MAX_NAMES", 10)
    with pytest.raises(ModelFileError, match="layer_names: is too long"):
        load_model(path)
    with h5py.File(path.with_name("many.h5"), "w") as file:
        for number in range(12):
            file.create_group(str(number))
    with (
        open_model_file(path.with_name("many.h5")) as root,
        pytest.raises(ModelFileError, match="12 members, at most 10"),
    ):
        root.names()


@pytest.mark.parametrize(
    "values",
    [
        np.zeros((4, 5), "c8"),
        np.zeros((4, 5), "f4,f4"),
        np.full((4, 5), b"x"),
        h5py.Empty("f4"),
        np.zeros((4, 5), "?"),
        np.zeros((4, 5), np.longdouble),
        np.zeros((4, 5), h5py.enum_dtype({"a": 0}, basetype="i4")),
    ],
    ids=["complex", "compound", "text", "empty", "boolean", "long", "enumeration"],
)
def test_m13_values_that_are_no_plain_numbers(foreign: Foreign, values: Any) -> None:
    def change(file: Any) -> None:
        del file[KERNEL]
        file[KERNEL] = values

    with pytest.raises(ModelFileError, match="kernel: expected plain numbers, found"):
        load_model(foreign(change))


@pytest.mark.parametrize(
    ("name", "value"),
    [("model_config", 7), ("model_config", [b"a", b"b"]), ("model_config", [1.0])],
    ids=["number", "list", "numbers"],
)
def test_attributes_of_another_kind(foreign: Foreign, name: str, value: Any) -> None:
    def change(file: Any) -> None:
        file.attrs[name] = value

    with pytest.raises(ModelFileError, match=f"{name}: expected a text"):
        load_model(foreign(change))


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
