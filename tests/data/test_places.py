"""Where files are looked for: beside the spec, then below the data directories."""

from __future__ import annotations

from pathlib import Path

import pytest

from nnctl.data import Places
from nnctl.errors import DataError, MissingInputError


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder of data: towns.csv in two folders, plain.csv in one."""
    monkeypatch.delenv("NNCTL_DATA_DIR", raising=False)
    folder = tmp_path / "data"
    for name, text in (("north/towns.csv", "a\n1\n"), ("deep/south/towns.csv", "a\n2\n"), ("north/plain.csv", "a\n")):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def test_a_name_that_two_different_files_have_is_refused(data: Path, tmp_path: Path) -> None:
    places = Places(tmp_path, data)
    with pytest.raises(DataError, match=r"north/towns.csv and deep/south/towns.csv; write the one that is meant"):
        places.files("towns.csv")
    assert places.files("north/towns.csv") == [data / "north/towns.csv"]
    assert places.files("south/towns.csv") == [data / "deep/south/towns.csv"]
    assert places.files("plain.csv") == [data / "north/plain.csv"]
    with pytest.raises(MissingInputError):
        places.files("./plain.csv")
    with pytest.raises(MissingInputError):
        places.files("../data/plain.csv")


def test_copies_of_one_file_are_one(data: Path, tmp_path: Path) -> None:
    (data / "north/towns.csv").write_text("a\n2\n")
    assert Places(tmp_path, data).files("towns.csv") == [data / "north/towns.csv"]


def test_the_first_directory_goes_before_the_others(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file beside the spec, then --data-dir, then NNCTL_DATA_DIR."""
    given = tmp_path / "given"
    given.mkdir()
    (given / "towns.csv").write_text("a\n3\n")
    monkeypatch.setenv("NNCTL_DATA_DIR", str(data))
    assert Places(tmp_path, given).files("towns.csv") == [given / "towns.csv"]
    (tmp_path / "towns.csv").write_text("a\n4\n")
    assert Places(tmp_path, given).files("towns.csv") == [tmp_path / "towns.csv"]
