"""nnctl data: list, fetch, show; --offline; as processes."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from tests.cli.conftest import Nnctl, last_line
from tests.data.server import serving, status, whole


def test_list_tells_what_is_here_and_what_can_be_had(nnctl: Nnctl, tmp_path: Path) -> None:
    (tmp_path / "own.csv").write_text("a,b\n1,2\n")
    done = nnctl("data", "list", "--data-dir", tmp_path, NNCTL_DATA_DIR="")
    for part in ("fashion_mnist", "nnctl data fetch imdb", "CC BY-SA 3.0", "synthetic-mnist", "iris", "own.csv"):
        assert part in done.stdout
    sets = {
        each["name"]: each for each in json.loads(nnctl("data", "list", "--json", NNCTL_DATA_DIR="").stdout)["sets"]
    }
    assert sets["cifar10"]["size"] == 170498071
    assert sets["cifar10"]["path"] is None
    assert sets["iris"]["licence"] == "CC BY 4.0"
    assert all("synthetic" in each["what"] for name, each in sets.items() if name.startswith("synthetic"))


def test_fetch_what_is_not_known(nnctl: Nnctl) -> None:
    assert "did you mean 'mnist'?" in last_line(nnctl("data", "fetch", "mnits", status=66))
    assert "NNCTL_OFFLINE is set" in last_line(nnctl("data", "fetch", "mnist", status=2, NNCTL_OFFLINE="1"))


def test_a04_a07_fetch_that_fails_says_what_to_do_by_hand(nnctl: Nnctl, tmp_path: Path) -> None:
    for answer in (whole(b"<html>sign in</html>", "text/html"), status(500)):
        with serving(answer) as (address, asked):
            done = nnctl("data", "fetch", "reuters", status=69, NNCTL_MIRROR=address, NNCTL_OFFLINE="")
        assert asked == ["/reuters.npz"]
        line = last_line(done)
        assert "by hand" in line
        assert "d6586e694ee56d7a4e65172e12b3e987c03096cb01eab99753921ef915959916" in line
        assert "https://storage.googleapis.com/" in line


SPEC = """\
data: {source: mnist, scale: minmax}
layers: [Flatten, {Dense: {units: 10, activation: softmax}}]
loss: categorical_crossentropy
fit: {epochs: 1}
"""


def test_training_downloads_on_first_use_and_offline_forbids(nnctl: Nnctl, tmp_path: Path) -> None:
    (tmp_path / "s.yaml").write_text(SPEC)
    places = {"NNCTL_DATA_DIR": "", "XDG_CACHE_HOME": str(tmp_path / "cache"), "NNCTL_OFFLINE": ""}
    with serving(status(404)) as (address, asked):
        done = nnctl("train", "s.yaml", status=69, NNCTL_MIRROR=address, **places)
        assert "downloading mnist.npz (11.5 MB) from http://127.0.0.1" in done.stderr
        assert asked == ["/mnist.npz"]
        for command in ("train", "check", "info"):
            done = nnctl(command, "s.yaml", "--offline", status=66, NNCTL_MIRROR=address, **places)
            assert "run  nnctl data fetch mnist" in last_line(done)
    assert len(asked) == 1
    assert not (tmp_path / "runs").exists()


def test_fetch_and_use(nnctl: Nnctl, tmp_path: Path, real_data: Path) -> None:
    def answer(request: object) -> None:
        whole((real_data / request.path.lstrip("/")).read_bytes())(request)  # type: ignore[attr-defined, arg-type]

    places = {"NNCTL_DATA_DIR": "", "XDG_CACHE_HOME": str(tmp_path / "cache")}
    with serving(answer) as (address, asked):
        done = nnctl("data", "fetch", "reuters", NNCTL_MIRROR=address, NNCTL_OFFLINE="", **places)
        again = nnctl("data", "fetch", "reuters", NNCTL_MIRROR=address, NNCTL_OFFLINE="", **places)
    assert asked == ["/reuters.npz", "/reuters_word_index.json"]
    assert done.stdout == again.stdout
    assert all(Path(line).is_file() for line in done.stdout.splitlines())
    shown = nnctl("data", "show", "reuters", "-n", "1", **places)
    assert "46 classes: 0 cocoa: 55" in shown.stdout
    assert "3 earn: [start] mcgrath rentcorp said as a result of its december acquisition" in shown.stdout


def test_show_table(nnctl: Nnctl, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("size,kind\n1,a\n2.5,b\n?,a\n")
    done = nnctl("data", "show", "t.csv")
    assert "3 rows, 2 columns" in done.stdout
    assert "1 to 2.5, mean 1.75" in done.stdout
    assert "a (2), b (1)" in done.stdout
    facts = json.loads(nnctl("data", "show", "t.csv", "--json").stdout)
    assert [column["missing"] for column in facts["columns"]] == [1, 0]
    (tmp_path / "s.yaml").write_text(SPEC.replace("source: mnist, scale: minmax", "source: t.csv, target: kind"))
    assert "3 rows, 2 columns" in nnctl("data", "show", "s.yaml").stdout


def test_show_arrays(nnctl: Nnctl, tmp_path: Path) -> None:
    np.savez(tmp_path / "d.npz", x=np.array([[1.5, np.nan], [3, 4]]), y=np.array([0, 1]))
    done = nnctl("data", "show", "d.npz")
    assert "rows: 2 rows of shape (2,), float64" in done.stdout
    assert "1 value missing (not finite)" in done.stdout


def test_show_synthetic_pictures_and_words(nnctl: Nnctl, tmp_path: Path) -> None:
    done = nnctl("data", "show", "synthetic-mnist", "-n", "2")
    assert done.stdout.startswith("synthetic-mnist\nsynthetic-mnist: made by code from seed 0, not real data\n")
    assert "training: 60,000 rows of shape (28, 28), uint8" in done.stdout
    assert "@" in done.stdout or "%" in done.stdout
    assert "\x1b" not in done.stdout
    spec = "data: {source: {synthetic-imdb: {rows: 60, test_rows: 20, pad_to: 9}}}\nlayers: [{Dense: 1}]\nloss: mse\n"
    (tmp_path / "s.yaml").write_text(spec)
    assert "2 classes: 0: 30, 1: 30" in nnctl("data", "show", "s.yaml").stdout


@pytest.mark.slow
def test_grid_of_pictures(nnctl: Nnctl, tmp_path: Path) -> None:
    image = pytest.importorskip("PIL.Image")
    done = nnctl("data", "show", "synthetic-cifar10", "-o", "grid.png", "-n", "4")
    assert "saved  grid.png" in done.stderr
    with image.open(tmp_path / "grid.png") as picture:
        assert picture.size == (66 * 12, 66 * 12)
    assert "name a .png file" in last_line(nnctl("data", "show", "synthetic-mnist", "-o", "grid.what", status=73))
    (tmp_path / "t.csv").write_text("a,b\n1,2\n")
    assert "holds no pictures" in last_line(nnctl("data", "show", "t.csv", "-o", "grid.png", status=2))


def test_a_named_set_keeps_its_options_when_a_model_reads_it_again(nnctl: Nnctl, tmp_path: Path) -> None:
    (tmp_path / "s.yaml").write_text(
        "data: {source: {synthetic-reuters: {rows: 400, num_words: 300, multi_hot: true}}}\n"
        "layers: [{Dense: {units: 46, activation: softmax}}]\n"
        "loss: categorical_crossentropy\nmetrics: [accuracy]\nfit: {epochs: 1}\n"
    )
    nnctl("train", "s.yaml", "--out", "run")
    test = json.loads(nnctl("evaluate", "run", "--json").stdout)
    again = json.loads(nnctl("evaluate", "run", "synthetic-reuters", "--json").stdout)
    assert test["rows"] == again["rows"] == 80
    assert test["accuracy"] == again["accuracy"] if "accuracy" in test else test.get("metrics") == again.get("metrics")
    assert len(nnctl("predict", "run", "synthetic-reuters").stdout.splitlines()) == 81


def test_a_set_with_options_on_the_command_line(nnctl: Nnctl, tmp_path: Path) -> None:
    """As in a spec: for show, for train --data (also where the spec writes data: NAME), and what train says next."""
    (tmp_path / "s.yaml").write_text(SPEC.replace("{source: mnist, scale: minmax}", "mnist"))
    small = "{synthetic-mnist: {rows: 40, test_rows: 10}}"
    seen = json.loads(nnctl("data", "show", small, "--json").stdout)
    assert [part["rows"] for part in seen["parts"]] == [40, 10]
    done = nnctl("train", "s.yaml", "--data", small, "--out", "run")
    other = """'{"synthetic-mnist": {"rows": 40, "test_rows": 10}}'"""
    assert f"nnctl predict run/model.h5 {other} -o predictions.csv" in done.stderr
    judged = json.loads(nnctl("evaluate", "run", "{synthetic-mnist: {rows: 1, test_rows: 7}}", "--json").stdout)
    assert judged["rows"] == 7
    assert "is no YAML" in last_line(nnctl("data", "show", "{synthetic-mnist: ", status=2))
    wrong = last_line(nnctl("data", "show", "{synthetic-mnist: {row: 4}}", status=78))
    assert "did you mean 'rows'?" in wrong
