"""Folders of pictures from the command line: train, evaluate, predict, go on, in constant memory."""

from __future__ import annotations

import csv
import io
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from nnctl import load_model
from nnctl.data import reading
from nnctl.prediction import evaluate_file, open_model, predict_file
from nnctl.run import train
from nnctl.spec import load, loads
from tests.cli.conftest import last_line, run_nnctl

SPECS = Path(__file__).parents[2] / "specs"
SPEC = """\
seed: 2
data:
  source: {picture_folder: {path: shades, size: [6, 8], color_mode: grayscale, pad_to_aspect_ratio: true}}
  scale: minmax
  split: {test: 0.25, stratify: true}
layers:
  - RandomFlip
  - RandomTranslation: {height_factor: 0.2, width_factor: 0.2}
  - Flatten
  - Dense: {units: 2, activation: softmax}
loss: sparse_categorical_crossentropy
optimizer: {Adam: {learning_rate: 0.05}}
metrics: [accuracy]
fit: {epochs: 10, batch_size: 8}
"""


@pytest.fixture(scope="module")
def place() -> Iterator[Path]:
    """A folder with bright and dark pictures of many sizes, and a model trained on them."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        draw = np.random.default_rng(0)
        for number in range(40):
            for kind, low in (("bright", 150), ("dark", 20)):
                (folder / "shades" / kind).mkdir(parents=True, exist_ok=True)
                pixels = draw.integers(low, low + 80, (draw.integers(9, 20), draw.integers(9, 20), 3), dtype=np.uint8)
                Image.fromarray(pixels).save(folder / "shades" / kind / f"{number:02}.png")
        train(loads(SPEC, base_dir=folder), out=folder / "run", say=lambda text: None)
        yield folder


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def predicted(place: Path, data: str) -> dict[str, list[Any]]:
    """Return the columns of all predictions."""
    blocks = list(predict_file(place / "run", data))
    return {name: [value for block in blocks for value in block.columns[name]] for name in blocks[0].columns}


def test_it_learns_and_its_test_rows_are_found_again(place: Path) -> None:
    assert evaluate_file(place / "run").values["accuracy"] > 0.9
    assert load_model(place / "run" / "model.h5").input_shape == (6, 8, 1)


def test_the_run_trains_again_from_its_own_spec(place: Path) -> None:
    train(load(place / "run" / "spec.yaml"), out=place / "again", say=lambda text: None)
    first, again = (load_model(place / run / "model.h5") for run in ("run", "again"))
    np.testing.assert_array_equal(first.get_weights()[0], again.get_weights()[0])


def test_predictions_name_the_file_and_the_label(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder with classes or without, one file, a pattern: read with the options that are saved in the model."""
    monkeypatch.chdir(place)
    (place / "new").mkdir(exist_ok=True)
    for name in ("dark/00", "bright/01"):
        shutil.copy(place / "shades" / f"{name}.png", place / "new" / f"{name.replace('/', '_')}.png")
    written = rows(run_nnctl("predict", "run", "shades/", cwd=place).stdout)
    assert list(written[0]) == ["file", "prediction", "p(bright)", "p(dark)"]
    shades = predicted(place, "shades/")
    assert [row["file"] for row in written] == shades["file"]
    assert [row["prediction"] for row in written] == shades["prediction"]
    assert (
        np.mean([label == name.split("/")[1] for name, label in zip(shades["file"], shades["prediction"], strict=True)])
        > 0.9
    )
    likely = dict(zip(shades["file"], shades["p(dark)"], strict=True))
    for data, names in {
        "new": ["new/bright_01.png", "new/dark_00.png"],
        "shades/dark/00.png": ["shades/dark/00.png"],
        "shades/*/07.png": ["shades/bright/07.png", "shades/dark/07.png"],
        "new/*": ["new/bright_01.png", "new/dark_00.png"],
    }.items():
        got = predicted(place, data)
        assert got["file"] == names
        same = [name if name in likely else f"shades/{Path(name).name.replace('_', '/')}" for name in names]
        assert got["p(dark)"] == [likely[name] for name in same]  # the same bits in any company


def test_evaluate_reads_another_folder_and_needs_its_subfolders(place: Path) -> None:
    assert evaluate_file(place / "run", str(place / "shades")).values["accuracy"] > 0.9
    line = last_line(run_nnctl("evaluate", "run", "shades/dark", cwd=place, status=65))
    assert "has no targets to compare with" in line
    assert "one subfolder a class" in line


def test_a_file_that_is_no_picture_leaves_no_predictions(place: Path) -> None:
    bad = place / "bad"
    bad.mkdir(exist_ok=True)
    (bad / "a.png").write_bytes(b"hello")
    line = last_line(run_nnctl("predict", "run", "bad", "-o", "p.csv", cwd=place, status=65))
    assert "bad/a.png: is no picture of the forms PNG, JPEG, BMP, GIF" in line
    assert not (place / "p.csv").exists()


def test_outputs_are_the_same_in_chunks_of_any_size(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def blocks() -> list[Any]:
        return list(predict_file(place / "run", str(place / "shades")))

    whole = blocks()
    assert len(whole) == 1
    monkeypatch.setattr(reading, "CHUNK", 7)
    pieces = blocks()
    assert len(pieces) == 12
    np.testing.assert_array_equal(np.concatenate([block.outputs for block in pieces]), whole[0].outputs)
    assert [name for block in pieces for name in block.columns["file"]] == whole[0].columns["file"]


def test_info_says_how_pictures_are_read(place: Path) -> None:
    lines = open_model(place / "run").preprocessing.describe()
    assert lines[0].startswith("read as PictureFolder(path='shades', size=[6, 8], color_mode='grayscale'")


def test_a_stopped_run_goes_on_to_the_same_bits(place: Path) -> None:
    """What augmentation draws goes on where it stopped."""
    for epochs in (4, 10):
        spec = loads(SPEC.replace("epochs: 10", f"epochs: {epochs}"), base_dir=place)
        train(spec, out=place / "parts", resume=True, say=lambda text: None)
    whole, parts = (load_model(place / run / "model.h5") for run in ("run", "parts"))
    np.testing.assert_array_equal(whole.get_weights()[0], parts.get_weights()[0])


def test_check_knows_shape_and_classes_from_one_header(place: Path) -> None:
    """No picture is decoded: all but one header are out of order."""
    broken = place / "broken"
    for name in ("a/0.png", "b/0.png"):
        (broken / name).parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (5, 4)).save(broken / name)
    (broken / "b" / "1.png").write_bytes(b"")
    text = SPEC.replace("units: 2", "units: 3").replace("shades, size: [6, 8]", "broken")
    (place / "three.yaml").write_text(text.replace("RandomFlip", "RandomFlip: {data_format: channels_first}"))
    done = run_nnctl("check", "three.yaml", cwd=place, status=78)
    assert "the data have 2 classes, the network has 3 outputs" in done.stderr


@pytest.mark.slow
def test_predictions_stream_in_constant_memory(place: Path) -> None:
    """2,400 pictures more take no more memory; as float32 they would be 450 MB."""
    many = place / "many"
    many.mkdir()
    Image.fromarray(np.zeros((125, 125, 3), np.uint8)).save(many / "0000.png")
    spec = SPEC.replace("size: [6, 8], color_mode: grayscale", "size: [125, 125]").replace("epochs: 10", "epochs: 1")
    train(loads(spec, base_dir=place), out=place / "large", say=lambda text: None)
    peaks = []
    for count in (600, 3000):
        for number in range(1, count):
            if not (many / f"{number:04}.png").exists():
                (many / f"{number:04}.png").hardlink_to(many / "0000.png")
        code = (
            "import resource, sys; from nnctl.prediction import predict_file\n"
            "rows = sum(len(block.outputs) for block in predict_file('large', 'many'))\n"
            "print(rows, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
        )
        done = subprocess.run([sys.executable, "-c", code], cwd=place, capture_output=True, text=True, check=True)
        seen, peak = map(int, done.stdout.split())
        assert seen == count
        peaks.append(peak)
    assert peaks[1] < peaks[0] * 1.15, peaks


@pytest.mark.slow
def test_spec_of_pictures_does_what_its_comment_says(tmp_path: Path) -> None:
    """Its Python makes the pictures; 98 % of the test rows are told right."""
    spec = SPECS / "digit_pictures.yaml"
    (tmp_path / "specs").mkdir()
    shutil.copy(spec, tmp_path / "specs")
    comment = [line.removeprefix("#   ") for line in spec.read_text().splitlines() if line.startswith("#   ")]
    code = "\n".join(line for line in comment if not line.startswith("nnctl"))
    exec(compile(code.replace('Path("digit', f'Path({str(tmp_path)!r}, "digit'), spec.name, "exec"), {})
    for line in (line for line in comment if line.startswith("nnctl")):
        done = run_nnctl(*line.split()[1:], cwd=tmp_path)
    assert {row["prediction"] for row in rows(done.stdout)} >= {"7"}
    assert Image.open(tmp_path / "grid.png").size > (100, 100)
    assert json.loads(run_nnctl("evaluate", "runs/digit_pictures", "--json", cwd=tmp_path).stdout)["accuracy"] > 0.98
