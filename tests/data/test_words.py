"""A01, A05, N07: IMDB and Reuters, their options, damaged and wicked files."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nnctl.data import DataSettings, Prepared, glance, prepare
from nnctl.errors import ConfigError, DataError

ROWS = [[1, 2, 3], [4], [], [5, 6, 7, 8, 9], [1, 1, 2, 9]]


class Gadget:
    def __reduce__(self) -> Any:
        return os.system, ("touch marker",)


def ragged(rows: list[Any]) -> Any:
    made = np.empty(len(rows), object)
    made[:] = rows
    return made


def saved(**arrays: Any) -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    return buffer.getvalue()


def reuters(tmp_path: Path, content: bytes | None = None, **options: Any) -> Prepared:
    (tmp_path / "own.npz").write_bytes(content or saved(x=ragged(ROWS), y=np.array([0, 1, 2, 45, 1])))
    source = {"reuters": {"path": "own.npz", **options}}
    return prepare(DataSettings(source=source), targets="index", base_dir=tmp_path)


def test_n07_empty_and_long_rows_padded(tmp_path: Path) -> None:
    prepared = reuters(tmp_path, pad_to=3, test_split=0.0, start_char=None, index_from=0, num_words=100)
    assert sorted(prepared.train.x.tolist()) == sorted([[1, 2, 3], [0, 0, 4], [0, 0, 0], [7, 8, 9], [1, 2, 9]])
    assert prepared.train.x.dtype == np.int32
    assert prepared.preprocessing.labels == list(range(46))


def test_multi_hot(tmp_path: Path) -> None:
    prepared = reuters(tmp_path, multi_hot=True, num_words=6, test_split=0.0, start_char=None, index_from=0)
    assert prepared.train.x.shape == (5, 6)
    assert sorted(map(sum, prepared.train.x.tolist())) == [0, 1, 2, 2, 3]  # oov_char 2 stands for 6 and more
    with pytest.raises(DataError, match=r"reuters \(train\): row \d+: word number 9 at \d, expected 0 to 5"):
        reuters(tmp_path, multi_hot=True, num_words=6, oov_char=9, test_split=0.0)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, r"rows of different length: write {reuters: {num_words: 10000, pad_to: 80}}"),
        ({"pad_to": 5, "multi_hot": True, "num_words": 5}, "remove pad_to or multi_hot"),
        ({"multi_hot": True}, "needs num_words"),
        ({"pad_to": 5, "num_words": 5, "skip_top": 5}, r"must be below num_words \(5\), got 5"),
        ({"pad_to": 5, "maxlen": 1, "start_char": 1}, "no row is shorter than maxlen 1; increase it"),
        ({"pad_to": 5, "test_split": 1.0}, "test_split 1 leaves no row to train on"),
        ({"pad_to": 5, "maxwords": 3}, "no field 'maxwords'"),
        ({"pad_to": 5, "seed": -1}, "seed"),
    ],
)
def test_options_that_cannot_be(options: dict[str, Any], message: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=message):
        reuters(tmp_path, **options)


def test_old_name_of_num_words(tmp_path: Path) -> None:
    with pytest.warns(UserWarning, match="'nb_words' is an old name"):
        assert reuters(tmp_path, nb_words=50, pad_to=4, test_split=0.0).train.x.max() < 50


def test_what_is_known_without_reading() -> None:
    known = glance(DataSettings(source={"imdb": {"num_words": 20000, "pad_to": 80}}))
    assert known is not None
    assert (known.input_shape, known.classes) == ((80,), 2)
    known = glance(DataSettings(source={"reuters": {"num_words": 1000, "multi_hot": True}}))
    assert known is not None
    assert (known.input_shape, known.classes) == ((1000,), 46)


LABELS = np.array([0, 1, 2, 45, 1])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param(saved(x=ragged([[1], Gadget()]), y=np.zeros(2, int)), "refuses to load", id="a01-row"),
        pytest.param(saved(x=ragged(ROWS), y=ragged([Gadget()])), "refuses to load", id="a01-labels"),
        pytest.param(saved(x=ragged(ROWS)), "has no array 'y'", id="no-labels"),
        pytest.param(saved(x=ragged([*ROWS[:4], [-3]]), y=LABELS), "row 4: word number -3 at 0", id="n07-negative"),
        pytest.param(
            saved(x=ragged([*ROWS[:4], [1 << 40]]), y=LABELS), "row 4: word number 1099511627776", id="n07-huge"
        ),
        pytest.param(saved(x=ragged([*ROWS[:4], [1 << 70]]), y=LABELS), "holds other things", id="n07-beyond"),
        pytest.param(
            saved(x=ragged([*ROWS[:4], [0.5]]), y=LABELS), "other things than whole numbers", id="n07-fraction"
        ),
        pytest.param(saved(x=ragged([*ROWS[:4], ["a"]]), y=LABELS), "holds other things than", id="n07-text"),
        pytest.param(saved(x=ragged([*ROWS[:4], [[1]]]), y=LABELS), "holds other things than", id="n07-nested"),
        pytest.param(saved(x=ragged([*ROWS[:4], 7]), y=LABELS), "row 4 is no list", id="n07-number"),
        pytest.param(saved(x=ragged(ROWS), y=LABELS[:4]), r"shape \(4,\) for 5 rows", id="few-labels"),
        pytest.param(saved(x=ragged(ROWS), y=LABELS + 1), "y: row 3: label 46, expected 0 to 45", id="n07-label"),
        pytest.param(b"no archive", "damaged, or no .npz file", id="no-archive"),
        pytest.param(saved(x=ragged(ROWS), y=LABELS)[:-30], "damaged, or no .npz file", id="cut"),
    ],
)
def test_a01_a05_bad_files(content: bytes, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DataError, match=message) as caught:
        reuters(tmp_path, content, pad_to=3)
    assert "own.npz" in str(caught.value)
    assert not (tmp_path / "marker").exists()


@pytest.mark.parametrize("name", ["imdb", "reuters"])
def test_a01_a03_a_file_of_the_published_name_is_the_published_one(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    wicked = saved(x=ragged([Gadget()]), y=np.zeros(1), x_train=ragged([Gadget()]), y_train=np.zeros(1))
    (tmp_path / f"{name}.npz").write_bytes(wicked)
    with pytest.raises(DataError, match=rf"{name}.npz: refuses to load it: its sha256 is"):
        prepare(DataSettings(source={name: {"pad_to": 3}}), data_dir=tmp_path)
    assert not (tmp_path / "marker").exists()


def test_a05_npz_that_claims_too_much(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    header = "{'descr': '<i8', 'fortran_order': False, 'shape': (549755813888,), }".ljust(117) + "\n"
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("y.npy", b"\x93NUMPY\x01\x00\x76\x00" + header.encode() + bytes(16))
    with pytest.raises(DataError, match="claims shape"):
        reuters(tmp_path, buffer.getvalue(), pad_to=3)


def test_big_endian_labels_keep_their_values(tmp_path: Path) -> None:
    """The byte order of a pickled array is its own, and changes that of no other."""
    rows = ragged([np.array([1, 2], ">i4"), np.array([3], "<i8")])
    prepared = reuters(
        tmp_path, saved(x=rows, y=np.array([4, 5], ">i8")), pad_to=2, test_split=0.0, start_char=None, index_from=0,
        num_words=9,
    )  # fmt: skip
    assert sorted(prepared.train.x.tolist()) == [[0, 3], [1, 2]]
    assert np.dtype("i4").isnative


def test_decoded_words(real_data: Path) -> None:
    from nnctl.data import Places
    from nnctl.data.imdb import Imdb

    places, source = Places(real_data, real_data), Imdb(num_words=1000)
    words = source.words(places)
    assert words[1:4] == ["the", "and", "a"]
    assert json.loads((real_data / "imdb_word_index.json").read_text())["the"] == 1
    assert source.decode(np.array([1, 4, 2, 5, 0, 900_000]), words) == "[start] the [?] and [0] [900000]"


AUDITED = """
import sys
from nnctl.data import DataSettings, prepare
prepare(DataSettings(source={"reuters": {"path": "good.npz", "pad_to": 3}}), targets="index")  # imports what it needs

def refuse(event, args):
    if event.split(".")[0] in ("exec", "marshal", "pickle", "subprocess", "os", "socket", "import"):
        if event not in ("os.listdir", "os.scandir"):
            raise SystemExit(f"{event} {args}")

sys.addaudithook(refuse)
for name, status in (("good.npz", 0), ("bad.npz", 1)):
    try:
        prepare(DataSettings(source={"reuters": {"path": name, "pad_to": 3}}), targets="index")
    except Exception as error:
        assert status and "refuses to load" in str(error), error
    else:
        assert not status
print("passed")
"""


def test_a01_nothing_is_called_or_imported_for_a_pickle(tmp_path: Path) -> None:
    """Python's own audit events tell, whatever way a pickle takes."""
    (tmp_path / "good.npz").write_bytes(saved(x=ragged(ROWS), y=LABELS))
    (tmp_path / "bad.npz").write_bytes(saved(x=ragged([Gadget()]), y=LABELS[:1]))
    done = subprocess.run(
        [sys.executable, "-c", AUDITED],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == "passed\n", done.stderr
