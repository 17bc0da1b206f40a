"""A01, A05: arrays and idx files, whole and damaged."""

from __future__ import annotations

import gzip
import io
import json
import os
import shutil
import struct
import zipfile
from contextlib import suppress

import numpy as np
import pytest

from nnctl.data import DataSettings, Preprocessing, prepare, read_for
from nnctl.data.arrays import MAPPED, load
from nnctl.errors import DataError, MissingInputError

IMAGES = np.arange(3 * 28 * 28).astype(np.uint8).reshape(3, 28, 28)


def idx(array, magic=None):
    header = struct.pack(f">{1 + array.ndim}I", 0x800 + array.ndim if magic is None else magic, *array.shape)
    return header + array.astype(np.uint8).tobytes()


@pytest.fixture
def mnist(tmp_path):
    folder = tmp_path / "mnist"
    folder.mkdir()
    for part, labels in (("train", [3, 9, 0]), ("t10k", [1, 2, 3])):
        (folder / f"{part}-images-idx3-ubyte.gz").write_bytes(gzip.compress(idx(IMAGES)))
        (folder / f"{part}-labels-idx1-ubyte").write_bytes(idx(np.array(labels)))
    return folder


def test_mnist_from_idx_files(mnist):
    prepared = prepare(DataSettings(source="mnist", scale="minmax"), targets="one_hot", data_dir=mnist.parent)
    assert prepared.train.x.shape == (3, 28, 28)
    assert prepared.train.x.max() == 1.0
    assert prepared.train.y.shape == (3, 10)
    assert prepared.test.y.argmax(axis=1).tolist() == [1, 2, 3]
    assert len(prepare(DataSettings(source="mnist"), targets="index", data_dir=mnist).train) == 3
    fitted = Preprocessing.from_dict(json.loads(json.dumps(prepared.preprocessing.to_dict())))
    (chunk,) = read_for(fitted, "mnist", need_targets=True, data_dir=mnist)
    assert np.array_equal(chunk.x, prepared.test.x)


def test_mnist_not_there_says_where_it_looked(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("NNCTL_DATA_DIR", raising=False)
    with pytest.raises(MissingInputError, match=r"looked in .*cache/nnctl/datasets.* run  nnctl data fetch mnist"):
        prepare(DataSettings(source="mnist"), data_dir=tmp_path)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        (
            "train-images-idx3-ubyte.gz",
            gzip.compress(idx(IMAGES, 0x801)),
            "magic number 0x00000801, expected 0x00000803",
        ),
        ("train-images-idx3-ubyte.gz", gzip.compress(idx(IMAGES)[:-1]), "need 2352 bytes, got 2351"),
        ("train-images-idx3-ubyte.gz", gzip.compress(idx(IMAGES))[:-9], "damaged or cut short"),
        (
            "train-images-idx3-ubyte.gz",
            gzip.compress(struct.pack(">4I", 0x803, 1 << 31, 28, 28)),
            "the header is damaged",
        ),
        ("train-images-idx3-ubyte.gz", gzip.compress(b"\0\0"), "shorter than the header"),
        ("train-images-idx3-ubyte.gz", gzip.compress(idx(IMAGES[:2])), "2 inputs, but targets"),
        ("train-labels-idx1-ubyte", idx(np.array([1, 2, 11])), "label 11, expected 0 to 9"),
    ],
)
def test_a05_damaged_idx(mnist, name, content, message):
    (mnist / name).write_bytes(content)
    with pytest.raises(DataError, match=message) as caught:
        prepare(DataSettings(source="mnist"), data_dir=mnist)
    assert "mnist" in str(caught.value)


def saved(**arrays):
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    return buffer.getvalue()


def test_npz_with_the_keys_of_keras_or_others(write):
    x, y = np.ones((4, 2)), np.array([0, 1, 0, 1])
    path = write(saved(x_train=x, y_train=y, x_test=x[:1], y_test=y[:1]), "d.npz")
    prepared = prepare(DataSettings(source=str(path)), targets="binary")
    assert (len(prepared.train), len(prepared.test)) == (4, 1)
    path = write(saved(inputs=x, out=y), "e.npz")
    assert prepare(DataSettings(source=str(path), x="inputs", y="out")).train.y.tolist() == [0, 1, 0, 1]
    with pytest.raises(DataError, match=r"has no array x_train or x or X; it has inputs, out"):
        prepare(DataSettings(source=str(path)))


def test_npy_with_targets_beside_it(tmp_path):
    np.save(tmp_path / "x.npy", np.arange(6).reshape(3, 2))
    np.save(tmp_path / "y.npy", np.array([0.5, 1.5, 2.5]))
    prepared = prepare(DataSettings(source="x.npy", y="y.npy"), base_dir=tmp_path)
    assert prepared.train.x.dtype == np.int32
    assert prepared.train.y.tolist() == [[0.5], [1.5], [2.5]]
    (chunk,) = read_for(prepared.preprocessing, "x.npy", base_dir=tmp_path)
    assert chunk.x.tolist() == [[0, 1], [2, 3], [4, 5]]


class Gadget:
    def __reduce__(self):
        return os.system, ("touch marker",)


def test_a01_pickles_are_never_loaded(write, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = write(saved(x=np.array([Gadget()], object), y=np.zeros(1)), "d.npz")
    with pytest.raises(DataError, match="refuses to load"):
        prepare(DataSettings(source=str(path)))
    assert not (tmp_path / "marker").exists()


def claims(shape):
    header = f"{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}, }}".ljust(117) + "\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode() + bytes(16)


@pytest.mark.parametrize("shape", ["(2**39,)", f"({1 << 39},)", "(-1,)", f"({1 << 33}, {1 << 33})"])
def test_a05_header_that_claims_too_much(write, shape):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("x.npy", claims(shape))
    for path in (write(buffer.getvalue(), "d.npz"), write(claims(shape), "d.npy")):
        with pytest.raises(DataError, match=path.name):
            prepare(DataSettings(source=str(path)))


def test_a05_every_kind_of_damage_is_a_data_error(write):
    good = saved(x=np.ones((9, 2)), y=np.arange(9) % 2)
    for cut in range(0, len(good), 37):
        with pytest.raises(DataError):
            prepare(DataSettings(source=str(write(good[:cut], "d.npz"))))
    for place in range(0, len(good), 7):  # any outcome but another exception
        bad = bytearray(good)
        bad[place] ^= 0x55
        with suppress(DataError):
            prepare(DataSettings(source=str(write(bytes(bad), "d.npz"))))


def test_not_finite_inputs_and_targets(write):
    x = np.ones((3, 2))
    for bad in (np.nan, np.inf, 1e39):
        x[1, 1] = bad
        with pytest.raises(DataError, match="row 1"):
            prepare(DataSettings(source=str(write(saved(x=x, y=np.arange(3)), "d.npz"))))
    with pytest.raises(DataError, match=r"row 2: the target is not finite"):
        prepare(DataSettings(source=str(write(saved(x=np.ones((3, 2)), y=np.array([0, 1, np.nan])), "d.npz"))))


def test_scaling_feature_by_feature_or_over_the_whole(write):
    x = np.arange(24.0).reshape(4, 3, 2)
    images = prepare(DataSettings(source=str(write(saved(x=x, y=np.arange(4)), "d.npz")), scale="standard"))
    np.testing.assert_allclose(images.train.x, (x - x.mean()) / x.std(), rtol=1e-6)
    flat = x.reshape(4, 6)
    table = prepare(DataSettings(source=str(write(saved(x=flat, y=np.arange(4)), "d.npz")), scale="standard"))
    np.testing.assert_allclose(table.train.x, (flat - flat.mean(axis=0)) / flat.std(axis=0), rtol=1e-6)


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    """Numbers that fill more than `MAPPED` bytes, row by row other ones."""
    x = np.arange(4_200_000, dtype="f8").reshape(-1, 3)
    path = tmp_path_factory.mktemp("large") / "large.npz"
    np.savez(path, x=x, y=np.arange(len(x)) % 2, columns=np.asfortranarray(x))
    return path, x


def test_large_arrays_are_mapped(large, tmp_path):
    path, x = large
    parts = load(path)
    np.save(tmp_path / "large.npy", np.tile(x, (3, 1)))
    parts["npy"] = load(tmp_path / "large.npy")[""][-len(x) :]
    assert path.stat().st_size > MAPPED
    for key in ("x", "columns", "npy"):
        np.testing.assert_array_equal(parts[key], x)
        assert not parts[key].flags.writeable
    assert isinstance(parts["x"].base, np.memmap)
    assert parts["columns"].flags.f_contiguous
    assert parts["y"].sum() == len(x) // 2


def test_a05_a_byte_of_a_large_array_that_is_not_what_it_was(large, tmp_path):
    damaged = tmp_path / "large.npz"
    shutil.copy(large[0], damaged)
    with open(damaged, "r+b") as file:
        file.seek(10_000_000)
        byte = file.read(1)[0]
        file.seek(10_000_000)
        file.write(bytes([byte ^ 1]))
    with pytest.raises(DataError, match=r"large\.npz: damaged.*Bad CRC-32"):
        load(damaged)
