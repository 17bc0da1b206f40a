"""A01, A02, A05: CIFAR's batches, in a folder or in the archive, whole, in part, damaged, or wicked."""

from __future__ import annotations

import io
import os
import pickle
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nnctl.data import DataSettings, Prepared, prepare
from nnctl.errors import DataError, MissingInputError

PIXELS = np.arange(12 * 3072).astype(np.uint8).reshape(12, 3072)
LABELS = [3, 8, 8, 0, 6, 6, 1, 6, 3, 1, 0, 9]


class Gadget:
    def __reduce__(self) -> Any:
        return os.system, ("touch marker",)


def batch(labels: Any = None, data: Any = PIXELS) -> bytes:
    return pickle.dumps({b"data": data, b"labels": LABELS if labels is None else labels}, protocol=2)


@pytest.fixture(autouse=True)
def nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hide the real batches."""
    monkeypatch.delenv("NNCTL_DATA_DIR", raising=False)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a data directory with two short batches."""
    batches = tmp_path / "cifar-10-batches-py"
    batches.mkdir()
    (batches / "data_batch_2").write_bytes(batch())
    (batches / "test_batch").write_bytes(batch())
    (batches / "batches.meta").write_bytes(pickle.dumps({b"label_names": [b"kind %d" % i for i in range(10)]}, 2))
    return tmp_path


def read(data_dir: Path, **options: Any) -> Prepared:
    return prepare(DataSettings(source={"cifar10": options}), targets="index", data_dir=data_dir)


def test_planes_become_channels(folder: Path) -> None:
    prepared = read(folder, partial=True)
    assert prepared.train.x.shape == (12, 32, 32, 3)
    row, line, column, colour = 7, 5, 30, 2
    assert prepared.train.x[row, line, column, colour] == PIXELS[row, colour * 1024 + line * 32 + column]
    assert prepared.preprocessing.labels == list(range(10))
    assert prepared.train.y is not None
    assert prepared.train.y.tolist() == LABELS
    assert "cifar10: a part, 12 of 50000 training rows" in prepared.notes


def test_names_as_labels(folder: Path) -> None:
    prepared = read(folder, partial=True, names=True)
    assert prepared.preprocessing.labels == [f"kind {i}" for i in range(10)]
    assert prepared.train.y is not None
    assert prepared.train.y.tolist() == LABELS


def test_a_part_only_where_the_user_says_so(folder: Path) -> None:
    with pytest.raises(DataError, match=r"data_batch_1, data_batch_3, .* not found, there is .*partial: true"):
        read(folder)
    for number in range(1, 6):
        (folder / "cifar-10-batches-py" / f"data_batch_{number}").write_bytes(batch())
    with pytest.raises(DataError, match=r"has 12 of 10000 rows; .*partial: true"):
        read(folder)


def test_nothing_there(tmp_path: Path) -> None:
    with pytest.raises(MissingInputError, match="nnctl data fetch cifar10"):
        read(tmp_path, partial=True)
    (tmp_path / "cifar-10-batches-py").mkdir()
    (tmp_path / "cifar-10-batches-py" / "test_batch").write_bytes(batch())
    with pytest.raises(DataError, match=r"data_batch_1, .* not found, there is test_batch; run  nnctl data fetch"):
        read(tmp_path, partial=True)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param(batch(labels=Gadget()), r"refuses to load .*(posix|nt)\.system", id="a01-gadget"),
        pytest.param(batch(data=Gadget()), "refuses to load", id="a01-gadget-data"),
        pytest.param(pickle.dumps(Gadget(), 4), "refuses to load", id="a01-gadget-alone"),
        pytest.param(b"cos\nsystem\n(S'touch marker'\ntR.", "refuses to load", id="a01-protocol-0"),
        pytest.param(b"(S'touch marker'\nios\nsystem\n.", "refuses to load", id="a01-inst"),
        pytest.param(b"cbuiltins\neval\n(S'1'\ntR.", "refuses to load", id="a01-eval"),
        pytest.param(b"cnumpy\nload\n.", "refuses to load", id="a01-other-numpy-name"),
        pytest.param(b"P1\n.", "refuses to load", id="persistent"),
        pytest.param(b"\x82\x01.", "damaged", id="extension"),
        pytest.param(batch()[:-100], "damaged", id="cut"),
        pytest.param(b"", "damaged", id="empty"),
        pytest.param(b"\x80\x02" + b"(" * 10, "damaged", id="stack"),
        pytest.param(pickle.dumps([1, 2]), "holds list, expected the dictionary", id="list"),
        pytest.param(pickle.dumps({"data": PIXELS}), "has no entry 'labels'", id="no-labels"),
        pytest.param(batch(labels=[*LABELS[:11], 10]), "row 11: label 10, expected 0 to 9", id="label-10"),
        pytest.param(batch(labels=[*LABELS[:11], -1]), "row 11: label -1, expected 0 to 9", id="label-minus-1"),
        pytest.param(batch(labels=["a"] * 12), "row 0: label 'a'", id="label-text"),
        pytest.param(batch(labels=LABELS[:3]), "one label for each of 12 pictures", id="few-labels"),
        pytest.param(batch(data=PIXELS[:, :9]), r"is uint8 of shape \(12, 9\), expected bytes of shape", id="narrow"),
        pytest.param(batch(data=PIXELS.astype(float)), "is float64 of shape", id="float"),
        pytest.param(batch(data=[1]), "is list, expected bytes", id="data-list"),
        pytest.param(
            pickle.dumps({"data": np.zeros(3, "U5"), "labels": []}), "arrays of type 'U5' are no plain data", id="text"
        ),
    ],
)
def test_a01_a05_bad_batches(
    content: bytes, message: str, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    path = folder / "cifar-10-batches-py" / "data_batch_2"
    path.write_bytes(content)
    with pytest.raises(DataError, match=message) as caught:
        read(folder, partial=True)
    assert str(path) in str(caught.value)
    assert not (tmp_path / "marker").exists()


def archive(path: Path, fill: Callable[[tarfile.TarFile], None]) -> None:
    with tarfile.open(path / "cifar-10-python.tar.gz", "w:gz") as tar:
        fill(tar)


def add(tar: tarfile.TarFile, name: str, content: bytes = b"", **more: Any) -> None:
    info = tarfile.TarInfo(name)
    info.size = len(content)
    for key, value in more.items():
        setattr(info, key, value)
    tar.addfile(info, io.BytesIO(content))


def wicked(tar: tarfile.TarFile) -> None:
    add(tar, "../evil", b"1")
    add(tar, "/tmp/evil", b"1")
    add(tar, "out", type=tarfile.SYMTYPE, linkname="..")
    add(tar, "out/evil", b"1")
    add(tar, "cifar-10-batches-py/data_batch_1", type=tarfile.SYMTYPE, linkname="/etc/passwd")
    add(tar, "cifar-10-batches-py/data_batch_3", type=tarfile.LNKTYPE, linkname="../evil")
    add(tar, "cifar-10-batches-py/data_batch_4", type=tarfile.FIFOTYPE)
    add(tar, "cifar-10-batches-py/data_batch_5", type=tarfile.CHRTYPE, devmajor=1, devminor=3)
    add(tar, "./cifar-10-batches-py/../cifar-10-batches-py/data_batch_1", batch())
    add(tar, "cifar-10-batches-py/data_batch_2", batch(), mode=0o6755)
    add(tar, "cifar-10-batches-py/test_batch", batch())


def test_a02_members_by_exact_name_into_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path / "deep" / "data"
    home.mkdir(parents=True)
    monkeypatch.chdir(home)
    archive(home, wicked)
    prepared = read(home, partial=True)
    assert len(prepared.train) == 12  # data_batch_2 alone
    assert [path.name for path in tmp_path.rglob("*")] == ["deep", "data", "cifar-10-python.tar.gz"]


def test_a03_archive_is_the_published_one_or_called_a_part(tmp_path: Path) -> None:
    archive(tmp_path, wicked)
    with pytest.raises(DataError, match=r"tar.gz: refuses to load it: its sha256 is .*, expected 6d958be0"):
        read(tmp_path)


def test_a05_damaged_archive(tmp_path: Path) -> None:
    archive(tmp_path, wicked)
    path = tmp_path / "cifar-10-python.tar.gz"
    content = path.read_bytes()
    for bad in (content[:-20], content[: len(content) // 2], b"", b"no archive", b"\x1f\x8b\x08" + bytes(40)):
        path.write_bytes(bad)
        with pytest.raises(DataError, match="cifar"):
            read(tmp_path, partial=True)


def test_every_damaged_byte_is_a_data_error_or_harmless(folder: Path) -> None:
    path = folder / "cifar-10-batches-py" / "data_batch_2"
    good = batch(data=PIXELS[:1], labels=[3])
    places = [*range(150), *range(len(good) - 60, len(good))]
    for place in places:
        for flip in (0x01, 0x55):
            bad = bytearray(good)
            bad[place] ^= flip
            path.write_bytes(bytes(bad))
            try:
                read(folder, partial=True)
            except DataError as error:
                assert "data_batch_2" in str(error) or "class" in str(error)  # noqa: PT017 - most flips are errors, not all
