"""Augmentation: nothing outside of training; told what to draw, it does what Keras does; drawn as Keras draws."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nnctl import seeds
from nnctl.api import Sequential
from nnctl.errors import ConfigError
from nnctl.fields import create
from nnctl.layers import Context
from nnctl.layers.augmentation import limits
from nnctl.training import Trainer
from tests.layers.alone import alone

GOLDEN = json.loads((Path(__file__).parent / "golden_augmentation.json").read_text())
PICTURE = np.arange(40.0).reshape(2, 4, 5, 1) ** 2 / 100
SMALL = np.arange(1.0, 7).reshape(1, 2, 3, 1)
LAYERS = [
    {"RandomFlip": "horizontal"},
    {"RandomTranslation": {"height_factor": 0.3, "width_factor": 0.3}},
    {"RandomZoom": 0.3},
    {"RandomRotation": 0.1},
    {"RandomBrightness": 0.3},
    {"RandomContrast": 0.3},
]


def told(spec: dict[str, Any], drawn: Any, x: np.ndarray = SMALL) -> Any:
    """Return what a layer makes of pictures when `drawn` is what it draws, without the axes of one."""
    return create("layer", spec).transform(x, np.array(drawn))[0].squeeze().tolist()


@pytest.mark.parametrize("case", GOLDEN["cases"], ids=lambda case: f"{case['name']}-{case['options']}"[:70])
def test_it_does_what_keras_does_with_the_same_draw(case: dict[str, Any]) -> None:
    layer = create("layer", {case["name"]: case["options"]})
    y = layer.transform(PICTURE, np.array(case["drawn"]))[0]
    np.testing.assert_allclose(y.ravel(), case["y"], rtol=1e-5, atol=1e-5)  # Keras' places are float32


@pytest.mark.parametrize("span", GOLDEN["spans"], ids=lambda span: f"{span['name']}-{span['options']}")
def test_factors_mean_what_they_mean_in_keras(span: dict[str, Any]) -> None:
    layer = create("layer", {span["name"]: span["options"]})
    assert list(limits(layer.factor, 0.0 if span["name"] == "RandomContrast" else -1.0)) == span["factor"]


def test_flips_worked_by_hand() -> None:
    assert told({"RandomFlip": "horizontal"}, [True]) == [[3, 2, 1], [6, 5, 4]]
    assert told({"RandomFlip": "vertical"}, [True]) == [[4, 5, 6], [1, 2, 3]]
    assert told("RandomFlip", [True]) == [[6, 5, 4], [3, 2, 1]]
    assert told("RandomFlip", [False]) == [[1, 2, 3], [4, 5, 6]]


def test_translations_worked_by_hand() -> None:
    """A third of three columns is one; a half of two rows too; a positive share goes right and down."""

    def moved(drawn: list[float], **options: Any) -> Any:
        return told({"RandomTranslation": {"height_factor": 1, "width_factor": 1, **options}}, [drawn])

    assert moved([0, 1 / 3]) == [[1, 1, 2], [4, 4, 5]]
    assert moved([0, -2 / 3]) == [[3, 3, 2], [6, 6, 5]]
    assert moved([0.5, 0], fill_mode="constant") == [[0, 0, 0], [1, 2, 3]]
    assert moved([0.5, 0], fill_mode="constant", fill_value=9.0) == [[9, 9, 9], [1, 2, 3]]
    np.testing.assert_allclose(moved([0, 1 / 6]), [[1, 1.5, 2.5], [4, 4.5, 5.5]])
    assert moved([0, 0.1], interpolation="nearest") == [[1, 2, 3], [4, 5, 6]]


def test_contrast_and_brightness_worked_by_hand() -> None:
    assert told({"RandomBrightness": {"factor": 0.5, "value_range": [0, 6]}}, [0.5]) == [[4, 5, 6], [6, 6, 6]]
    assert told({"RandomContrast": {"factor": 0.5, "value_range": [0, 6]}}, [2.0]) == [[0, 0.5, 2.5], [4.5, 6, 6]]


@pytest.mark.parametrize("spec", LAYERS, ids=lambda spec: next(iter(spec)))
def test_pictures_are_left_alone_outside_of_training(spec: dict[str, Any]) -> None:
    layer = alone(spec, (4, 5, 1))
    assert layer.forward(PICTURE, Context())[0] is PICTURE
    y, _ = layer.forward(PICTURE, Context(True, seeds.generator(0, "dropout")))
    assert not np.array_equal(y, PICTURE)
    assert y.dtype == PICTURE.dtype


@pytest.mark.parametrize("spec", LAYERS, ids=lambda spec: next(iter(spec)))
def test_channels_first_is_the_same_with_its_axes_moved(spec: dict[str, Any]) -> None:
    x = np.random.default_rng(0).normal(size=(3, 4, 5, 2))
    name, options = next(iter(spec.items()))
    first = next(iter(create("layer", name if name == "RandomFlip" else spec).fields))
    options = options if isinstance(options, dict) else {first: options}
    last, front = (
        alone({name: {**options, "data_format": f"channels_{where}"}}, shape)
        for where, shape in (("last", (4, 5, 2)), ("first", (2, 4, 5)))
    )
    for layer, data in ((last, x), (front, np.moveaxis(x, -1, 1))):
        layer.result = layer.forward(data, Context(True, seeds.generator(3, "dropout")))[0]
    np.testing.assert_array_equal(np.moveaxis(front.result, 1, -1), last.result)


def test_draws_fill_the_span_that_the_factors_give() -> None:
    random, shape = seeds.generator(0, "dropout"), (20_000, 4, 5, 1)
    drawn = create("layer", {"RandomTranslation": {"height_factor": 0.3, "width_factor": [0.1, 0.2]}}).draw(
        shape, random
    )
    np.testing.assert_allclose(drawn.min(axis=0), [-0.3, 0.1], atol=1e-3)
    np.testing.assert_allclose(drawn.max(axis=0), [0.3, 0.2], atol=1e-3)
    zoom = create("layer", {"RandomZoom": 0.3}).draw(shape, random)
    np.testing.assert_array_equal(zoom[:, 0], zoom[:, 1])  # one draw for both ways: the picture keeps its shape
    assert abs(create("layer", "RandomFlip").draw(shape, random).mean() - 0.5) < 0.02
    contrast = create("layer", {"RandomContrast": 0.3}).draw(shape, random)
    assert (contrast >= 1).all()  # of one number, Keras 3 draws upwards alone


def test_one_row_or_one_column_is_enough() -> None:
    for mode in ("reflect", "wrap", "constant", "nearest"):
        layer = create("layer", {"RandomTranslation": {"height_factor": 1, "width_factor": 1, "fill_mode": mode}})
        y = layer.transform(np.full((1, 1, 1, 1), 5.0), np.array([[0.0, 0.0]]))[0]
        assert y.item() == 5


def test_wrong_factors_are_refused() -> None:
    for spec in (
        {"RandomZoom": -1},
        {"RandomTranslation": {"height_factor": 2, "width_factor": 0}},
        {"RandomRotation": [1]},
    ):
        with pytest.raises(ConfigError, match="factor"):
            create("layer", spec)
    with pytest.raises(ConfigError, match="takes inputs of 3 dimensions"):
        Sequential([create("layer", "RandomFlip")]).build((28, 28))


def test_training_goes_on_to_the_same_bits() -> None:
    """What was drawn is a function of the seed and of the step, through save and restore (RELIABILITY C)."""
    x = np.random.default_rng(1).normal(size=(8, 4, 5, 1)).astype("float32")
    y = np.arange(8.0)[:, None]

    def trainer(epochs: int) -> Trainer:
        from nnctl.data import Batches, Rows

        specs: list[Any] = [*LAYERS[:4], "Flatten", {"Dense": 1}]
        model = Sequential([create("layer", spec) for spec in specs], seed=5)
        model.build(x.shape[1:])
        model.compile("sgd", "mse")
        return Trainer(model, Batches(Rows(x, y.astype("float32")), 4), epochs=epochs)

    whole = trainer(2)
    whole.run()
    first = trainer(1)
    first.run()
    rest = trainer(2)
    rest.restore(first.state())
    rest.run()
    np.testing.assert_array_equal(rest.model.parameters.values, whole.model.parameters.values)
