"""Attacks on .keras archives: RELIABILITY M01, M08, M12, M15, M16, M17."""

from __future__ import annotations

import io
import json
import stat
import warnings
import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nnctl.checkpoint import load_model, load_weights, save_archive
from nnctl.errors import ModelFileError
from nnctl.model import Sequential

from .conftest import X

CONFIG, METADATA, WEIGHTS = "config.json", "metadata.json", "model.weights.h5"
Members = dict[str, bytes]
Rebuilt = Callable[..., Path]


@pytest.fixture
def archive(model: Sequential, tmp_path: Path) -> Path:
    path = tmp_path / "model.keras"
    save_archive(path, model, {"spec": "layers: []\n"})
    return path


@pytest.fixture
def rebuilt(archive: Path) -> Rebuilt:
    """Return a function that writes the archive again after a change of its members."""

    def write(change: Callable[[Members], Any], packing: int = zipfile.ZIP_STORED) -> Path:
        with zipfile.ZipFile(archive) as file:
            members = {name: file.read(name) for name in file.namelist()}
        change(members)
        with zipfile.ZipFile(archive, "w", packing) as file:
            for name, content in members.items():
                file.writestr(name, content)
        return archive

    return write


def edited(change: Callable[[Any], Any]) -> Callable[[Members], None]:
    def edit(members: Members) -> None:
        config = json.loads(members[CONFIG])
        change(config)
        members[CONFIG] = json.dumps(config).encode()

    return edit


def test_it_goes_both_ways(archive: Path, model: Sequential) -> None:
    loaded = load_model(archive)
    assert loaded.extra == {"spec": "layers: []\n"}
    assert np.array_equal(loaded.model.predict_batch(X), model.predict_batch(X))
    assert np.array_equal(loaded.model.optimizer.slots["velocity"], model.optimizer.slots["velocity"])  # type: ignore[union-attr]
    model.set_weights([np.zeros_like(value) for value in model.get_weights()])
    assert load_weights(archive, model) == ["hidden", "dense"]
    assert np.array_equal(loaded.model.predict_batch(X), model.predict_batch(X))


LAMBDAS = [
    {"class_name": "Lambda", "config": {"name": "x", "function": ["4wEAAAAA", None, None]}},
    {
        "module": "keras.layers",
        "class_name": "Lambda",
        "config": {"name": "x", "function": {"class_name": "__lambda__", "config": {"code": "4wEAAAAA"}}},
        "registered_name": None,
    },
]


@pytest.mark.parametrize("layer", LAMBDAS, ids=["list", "dict"])
def test_m01_lambda_is_named(rebuilt: Rebuilt, layer: Any) -> None:
    path = rebuilt(edited(lambda config: config["config"]["layers"].insert(1, layer)))
    with pytest.raises(ModelFileError, match=r"layer 'x' is a Lambda: it carries Python code; nnctl does not run code"):
        load_model(path)


@pytest.mark.parametrize(
    "change",
    [
        lambda c: c.update(class_name="system", module="os"),
        lambda c: c["config"]["layers"][1].update(module="subprocess"),
        lambda c: c["config"]["layers"][1].update(registered_name="evil>Dense"),
        lambda c: c["config"]["layers"][1].update(class_name="TFSMLayer", config={"filepath": "/etc/passwd"}),
        lambda c: c["config"]["layers"][1].update(class_name="StringLookup", config={"vocabulary": "/etc/passwd"}),
        lambda c: c["compile_config"].update(optimizer={"module": "builtins", "class_name": "eval", "config": {}}),
        lambda c: c["compile_config"].update(loss={"module": "os", "class_name": "function", "config": "system"}),
        lambda c: c["compile_config"].update(metrics=["os.system"]),
    ],
)
def test_m03_m04_foreign_names(rebuilt: Rebuilt, change: Callable[[Any], None]) -> None:
    with pytest.raises(ModelFileError, match=r"config\.json: "):
        load_model(rebuilt(edited(change)))


@pytest.mark.parametrize("name", [CONFIG, METADATA, WEIGHTS])
def test_m08_bombs_are_refused_from_the_directory(rebuilt: Rebuilt, name: str) -> None:
    path = rebuilt(lambda members: members.update({name: bytes(40 * 2**20)}), zipfile.ZIP_DEFLATED)
    with pytest.raises(ModelFileError, match=rf"{name} claims to unpack from [\d,]+ to 41,943,040 bytes"):
        load_model(path)


@pytest.mark.parametrize("name", [CONFIG, WEIGHTS])
def test_m08_a_directory_that_lies_is_not_believed(rebuilt: Rebuilt, name: str) -> None:
    content = bytes(40 * 2**20)
    path = rebuilt(lambda members: members.update({name: content}), zipfile.ZIP_DEFLATED)
    data = path.read_bytes()
    path.write_bytes(data.replace(len(content).to_bytes(4, "little"), (1000).to_bytes(4, "little")))
    with pytest.raises(ModelFileError, match=r"is damaged|has not the 1,000 bytes"):
        load_model(path)


@pytest.mark.parametrize("name", [CONFIG, METADATA, WEIGHTS])
def test_m16_missing_or_double_members(rebuilt: Rebuilt, archive: Path, name: str) -> None:
    with warnings.catch_warnings(), zipfile.ZipFile(archive, "a") as file:
        warnings.simplefilter("ignore")
        file.writestr(name, b"{}")
    with pytest.raises(ModelFileError, match=f"{name} is in it twice"):
        load_model(archive)
    with pytest.raises(ModelFileError, match=f"a zip archive without {name}"):
        load_model(rebuilt(lambda members: members.pop(name)))


def test_m16_other_members_are_never_looked_at(archive: Path, model: Sequential) -> None:
    before = sorted(archive.parent.iterdir())
    with zipfile.ZipFile(archive, "a", zipfile.ZIP_DEFLATED) as file:
        for name in ("../evil", "/tmp/evil", "..\\evil", "assets/../../evil", *map(str, range(5000))):
            file.writestr(name, b"x")
        file.writestr("bomb", bytes(2**26))
        link = zipfile.ZipInfo("link")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        file.writestr(link, "/etc/passwd")
    assert np.array_equal(load_model(archive).model.predict_batch(X), model.predict_batch(X))
    assert sorted(archive.parent.iterdir()) == before


def test_m16_a_member_that_is_a_link(archive: Path) -> None:
    with zipfile.ZipFile(archive) as file:
        members = {name: file.read(name) for name in file.namelist()}
    with zipfile.ZipFile(archive, "w") as file:
        for name, content in members.items():
            info = zipfile.ZipInfo(name)
            info.external_attr = (stat.S_IFLNK if name == WEIGHTS else stat.S_IFREG) << 16
            file.writestr(info, content)
    with pytest.raises(ModelFileError, match=f"{WEIGHTS} is a link"):
        load_model(archive)


@pytest.mark.parametrize("text", [b"", b"\xff\xfe", b"[]", b"null", b"[" * 100_000, b'{"a": 1, "a": 2}', b"9" * 5000])
def test_m15_config_that_is_no_config(rebuilt: Rebuilt, text: bytes) -> None:
    with pytest.raises(ModelFileError, match=r"config\.json"):
        load_model(rebuilt(lambda members: members.update({CONFIG: text})))


def test_m10_m11_cut_and_flipped(archive: Path, model: Sequential) -> None:
    good, expected = archive.read_bytes(), model.predict_batch(X)
    for length in (5, 30, len(good) // 2, len(good) - 1):
        archive.write_bytes(good[:length])
        with pytest.raises(ModelFileError):
            load_model(archive)
    for place in range(4, len(good), len(good) // 60):
        archive.write_bytes(good[:place] + bytes([good[place] ^ 4]) + good[place + 1 :])
        with suppress(ModelFileError):
            assert np.array_equal(load_model(archive).model.predict_batch(X), expected)


def test_m12_m13_swapped_forms_and_weights(archive: Path, saved: Path, model: Sequential) -> None:
    swapped = [archive.rename(archive.with_name("archive.h5")), saved.rename(saved.with_name("legacy.keras"))]
    for path in swapped:
        assert np.array_equal(load_model(path).model.predict_batch(X), model.predict_batch(X))


def test_m13_other_weights(rebuilt: Rebuilt) -> None:
    def narrower(config: Any) -> None:
        config["config"]["layers"][1]["config"]["units"] = 4

    with pytest.raises(ModelFileError, match=r"layers/dense/vars/0: expected shape \(4, 4\) for hidden/kernel, found"):
        load_model(rebuilt(edited(narrower)))


def test_m17_zip_of_a_pickle(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        file.writestr("archive/data.pkl", b"\x80\x02}q\x00.")
    (tmp_path / "model.pt").write_bytes(buffer.getvalue())
    with pytest.raises(ModelFileError, match="a pickle"):
        load_model(tmp_path / "model.pt")


@pytest.mark.parametrize("form", ["archive", "legacy"])
def test_compiled_without_a_loss_is_not_compiled(rebuilt: Rebuilt, foreign: Any, form: str) -> None:
    """Keras writes so where a model was opened without compiling it, and then predicted."""

    def change(members: Members) -> None:
        config = json.loads(members[CONFIG])
        config["compile_config"] = {"optimizer": "rmsprop", "loss": None, "metrics": None}
        members[CONFIG] = json.dumps(config).encode()

    def change_legacy(file: Any) -> None:
        file.attrs["training_config"] = json.dumps({"optimizer_config": "rmsprop", "loss": None})

    loaded = load_model(rebuilt(change) if form == "archive" else foreign(change_legacy))
    assert loaded.model.optimizer is loaded.model.loss is None
    assert np.isfinite(loaded.model.predict_batch(X)).all()


@pytest.mark.parametrize("packing", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_m08_packings_that_keras_has_not(rebuilt: Rebuilt, packing: int) -> None:
    with pytest.raises(ModelFileError, match="packed in a way that Keras has not"):
        load_model(rebuilt(lambda members: None, packing))


def changed_entry(path: Path, before_name: int, width: int, change: Callable[[int], int]) -> Path:
    """Change a number in the zip directory's entry for config.json, so many bytes before the name."""
    content = bytearray(path.read_bytes())
    start = content.rindex(CONFIG.encode()) - before_name  # the directory stands at the end
    number = int.from_bytes(content[start : start + width], "little")
    content[start : start + width] = change(number).to_bytes(width, "little")
    path.write_bytes(content)
    return path


def test_m08_directory_that_claims_more_than_there_is(rebuilt: Rebuilt) -> None:
    path = changed_entry(rebuilt(lambda members: None, zipfile.ZIP_DEFLATED), 22, 4, lambda size: size + 7)
    with pytest.raises(ModelFileError, match=r"config\.json has not the [\d,]+ bytes that the directory claims"):
        load_model(path)


def test_m16_encrypted_member(rebuilt: Rebuilt) -> None:
    path = changed_entry(rebuilt(lambda members: None), 38, 2, lambda flags: flags | 1)
    with pytest.raises(ModelFileError, match=r"config\.json is a link, encrypted or packed"):
        load_model(path)
