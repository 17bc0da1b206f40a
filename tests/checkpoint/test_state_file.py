"""checkpoint.h5: any tree of values and arrays comes back exactly, or the damage is found."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, strategies as st

from nnctl.checkpoint import load_state, save_state
from nnctl.checkpoint.image import write_hdf5
from nnctl.errors import ModelFileError

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**200), 2**200)
    | st.floats()
    | st.text(st.characters(blacklist_categories=["Cs"]))
)
KEYS = st.text("ab$/é", max_size=4) | st.sampled_from(["$array", "$float"])
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3))
TREES = st.dictionaries(KEYS, VALUES, max_size=4)


@given(tree=TREES)
def test_any_tree_comes_back(tmp_path_factory: pytest.TempPathFactory, tree: dict[str, Any]) -> None:
    path = tmp_path_factory.mktemp("state") / "checkpoint.h5"
    save_state(path, tree)
    assert repr(load_state(path)) == repr(tree)


@pytest.mark.parametrize(
    "values",
    [
        np.arange(6, dtype="f4").reshape(2, 3),
        np.array(2.5),
        np.zeros((0, 3)),
        np.array([True, False]),
        np.array([2**64 - 1], "u8"),
        np.array([np.nan, -0.0, np.inf]),
        np.arange(6).reshape(2, 3).T,
        np.array(True),
    ],
    ids=repr,
)
def test_arrays_come_back_with_dtype_and_shape(tmp_path: Path, values: np.ndarray) -> None:
    save_state(tmp_path / "c.h5", {"deep": [{"w": values}]})
    back = load_state(tmp_path / "c.h5")["deep"][0]["w"]
    assert (back.dtype, back.shape, back.tobytes()) == (values.dtype, values.shape, values.tobytes())


def test_numpy_scalars_become_plain(tmp_path: Path) -> None:
    save_state(tmp_path / "c.h5", {"a": np.float32(0.1), "b": np.int64(3), "c": (1, 2), "d": math.inf})
    assert load_state(tmp_path / "c.h5") == {"a": float(np.float32(0.1)), "b": 3, "c": [1, 2], "d": math.inf}


@pytest.mark.parametrize(
    "value", [object(), {1: 2}, np.array(["a"]), np.array([None]), np.zeros(2, np.longdouble), 1j, b"x"], ids=repr
)
def test_what_cannot_be_saved_is_a_type_error_and_leaves_the_old_file(tmp_path: Path, value: Any) -> None:
    path = tmp_path / "c.h5"
    save_state(path, {"step": 1})
    with pytest.raises(TypeError, match="saved"):
        save_state(path, {"bad": value})
    assert load_state(path) == {"step": 1}


def test_m11_every_flipped_byte_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "c.h5"
    save_state(path, {"step": 12, "w": np.arange(64.0)})
    good = path.read_bytes()
    for place in range(0, len(good), 7):
        path.write_bytes(good[:place] + bytes([good[place] ^ 0xFF]) + good[place + 1 :])
        with pytest.raises(ModelFileError):
            load_state(path)


def test_later_format_says_update(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nnctl.checkpoint.own.FORMAT", "2")
    save_state(tmp_path / "c.h5", {})
    monkeypatch.undo()
    with pytest.raises(ModelFileError, match="is of format '2', this nnctl reads '1'; update nnctl"):
        load_state(tmp_path / "c.h5")


def own_file(path: Path, values: bytes, arrays: dict[str, Any] | None = None, mark: str = "1") -> Path:
    """Write a sealed file whose tree says what `own.write` would never say."""

    def fill(root: Any) -> None:
        root.attrs["nnctl_format"] = mark
        root["nnctl/values"] = np.frombuffer(values, np.uint8)
        for name, array in (arrays or {"0": np.zeros(3)}).items():
            root[f"nnctl/arrays/{name}"] = array

    write_hdf5(path, fill)
    return path


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        (b"[1, 2]", "values: expected a mapping"),
        (b"\xff", "is not text in UTF-8"),
        (b'{"a": {"$float": "1e5"}}', "expected one of nan, inf, -inf, found '1e5'"),
        (b'{"a": {"$array": "0", "shape": [3]}}', "an array is not described"),
        (b'{"a": {"$array": "0", "dtype": "object", "shape": [3]}}', "expected numbers, found 'object'"),
        (b'{"a": {"$array": "0", "dtype": "<U9", "shape": [3]}}', "expected numbers, found '<U9'"),
        (b'{"a": {"$array": "0", "dtype": "<f8", "shape": [4]}}', r"expected shape \(4,\), found \(3,\)"),
        (b'{"a": {"$array": "../values", "dtype": "<f8", "shape": [3]}}', "is not a name in this file"),
    ],
)
def test_a_tree_that_nnctl_never_wrote(tmp_path: Path, values: bytes, sentence: str) -> None:
    """Also with the right seal, which anyone can compute."""
    with pytest.raises(ModelFileError, match=sentence):
        load_state(own_file(tmp_path / "a.h5", values))


def test_a_later_format(tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match="is of format '2', this nnctl reads '1'; update nnctl"):
        load_state(own_file(tmp_path / "a.h5", b"{}", mark="2"))
