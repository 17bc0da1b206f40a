"""Models of every family of layers that real Keras 2 and 3 saved, as .h5 and .keras: RELIABILITY N04."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from nnctl.checkpoint import go_on_from, load_model, load_weights, save_archive
from nnctl.checkpoint.keras2 import is_keras2, renewed
from nnctl.cli.commands.info import _of_model
from nnctl.errors import ModelFileError
from nnctl.model import Sequential
from nnctl.spec import loads

MODELS = Path(__file__).parents[1] / "golden" / "keras_models"
FILES = [
    f"{keras}_{family}{form}"
    for keras in ("keras2", "keras3")
    for family in (
        "one_dimension",
        "two_dimensions",
        "three_dimensions",
        "recurrent",
        "convolutional_lstms",
        "shapes_and_noise",
    )
    for form in (".h5", ".keras")
    if (MODELS / f"{keras}_{family}{form}").exists()
]


def inputs(name: str) -> tuple[np.ndarray, np.ndarray]:
    """Return the inputs of a golden file and Keras' predictions."""
    keras, _, family = name.partition("_")
    answers = np.load(MODELS / f"families_{keras}.npz")
    family = family.partition(".")[0]
    x = answers[f"x {family}"]
    return (x.astype(int) if family == "recurrent" else x), answers[f"y {family}"]


@pytest.mark.parametrize("name", FILES)
def test_predictions_are_those_of_keras(name: str) -> None:
    loaded, (x, y) = load_model(MODELS / name), inputs(name)
    assert loaded.notes == []
    assert loaded.model.optimizer is not None
    assert loaded.model.optimizer.title() == "SGD"
    assert loaded.model.optimizer.iterations == 2
    np.testing.assert_allclose(loaded.model.predict_batch(x), y, atol=1e-6)


@pytest.mark.parametrize("name", FILES)
def test_its_spec_and_its_weights_make_the_model_again(name: str) -> None:
    """`nnctl info FILE --spec`, to which only the data must be added."""
    spec = loads(_of_model(str(MODELS / name))["spec"] + "data: {source: x.npz}\n")
    x, y = inputs(name)
    model = Sequential(spec.layers, spec.name, dtype=spec.dtype)
    model.build()
    model.compile(spec.optimizer, spec.loss, spec.metrics)
    assert spec.initial_weights.file == str(MODELS / name)
    assert spec.initial_weights.optimizer
    go_on_from(spec.initial_weights.file, model)
    assert model.optimizer.iterations == 2
    np.testing.assert_allclose(model.predict_batch(x), y, atol=1e-6)
    for metric in model.metrics:
        assert metric.column == "mae"


@pytest.mark.parametrize("name", FILES)
def test_an_archive_of_it_gives_the_same_bits(name: str, tmp_path: Path) -> None:
    model, (x, _) = load_model(MODELS / name).model, inputs(name)
    path = tmp_path / "model.keras"
    save_archive(path, model, {"note": [1, 2]})
    again = load_model(path)
    assert again.extra == {"note": [1, 2]}
    assert np.array_equal(again.model.predict_batch(x), model.predict_batch(x))
    first = path.read_bytes()
    save_archive(path, again.model, again.extra)
    assert path.read_bytes() == first


def test_weights_alone_of_nested_layers() -> None:
    x, y = inputs("keras3_recurrent.h5")
    model = load_model(MODELS / "keras3_recurrent.h5").model
    model.set_weights([np.zeros_like(value) for value in model.get_weights()])
    load_weights(MODELS / "keras3_recurrent.weights.h5", model)
    np.testing.assert_allclose(model.predict_batch(x), y, atol=1e-6)
    with pytest.raises(ModelFileError, match="expected shape"):
        load_weights(MODELS / "keras3.weights.h5", load_model(MODELS / "keras3_double.h5").model)


@pytest.mark.parametrize(
    ("version", "is_old"), [("2.15.0", True), ("2.2.4-tf", True), ("1.2.2", True), ("", True), ("3.0.0", False)]
)
def test_words_go_by_the_version_in_the_file(version: str, is_old: bool) -> None:
    """hard_sigmoid is another function in Keras 2; a GRU that does not say reset_after is an old one."""
    assert is_keras2(version) is is_old
    assert renewed({"class_name": "GRU", "config": {"units": 2, "recurrent_activation": "hard_sigmoid"}}) == {
        "class_name": "GRU",
        "config": {"units": 2, "recurrent_activation": "hard_sigmoid_keras2", "reset_after": False},
    }
