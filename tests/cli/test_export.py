"""nnctl export: the two forms for Keras, and what cannot be exported; test_export_onnx.py has the third."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from nnctl.checkpoint import save_model
from nnctl.fields import create
from nnctl.model import Sequential
from tests.cli.conftest import Nnctl, last_line

MODELS = Path(__file__).parents[1] / "golden" / "keras_models"


@pytest.mark.parametrize("form", [".keras", ".h5"])
def test_an_export_predicts_the_same_on_raw_data(nnctl: Nnctl, trained: Path, tmp_path: Path, form: str) -> None:
    out = tmp_path / f"out{form}"
    run = trained / "runs" / "spec"
    nnctl("export", run, "-o", out)
    assert zipfile.is_zipfile(out) == (form == ".keras")
    said = [nnctl("predict", model, trained / "flowers.csv").stdout for model in (run, out)]
    assert said[0] == said[1]
    assert said[0]


def test_words_of_keras_2_have_no_place_in_keras_3(nnctl: Nnctl, tmp_path: Path) -> None:
    done = nnctl("export", MODELS / "keras2_recurrent.h5", "-o", tmp_path / "out.keras", status=65)
    assert "layer 'gru_1': Keras 3 has no hard_sigmoid_keras2" in last_line(done)


@pytest.mark.parametrize("name", ["out.pb", "out"])
def test_other_forms_are_named(nnctl: Nnctl, trained: Path, name: str) -> None:
    done = nnctl("export", trained / "runs" / "spec", "-o", name, status=73)
    assert "export writes .keras, .h5 and .onnx files" in last_line(done)


def test_a_layer_that_keras_lacks_is_an_error(nnctl: Nnctl, tmp_path: Path) -> None:
    model = Sequential([create("layer", {"MaxoutDense": {"units": 2, "name": "wide"}})])
    model.build((3,))
    save_model(tmp_path / "m.h5", model)
    done = nnctl("export", tmp_path / "m.h5", "-o", tmp_path / "out.keras", status=65)
    assert "layer 'wide': Keras 3 has no MaxoutDense" in last_line(done)
    assert not (tmp_path / "out.keras").exists()
