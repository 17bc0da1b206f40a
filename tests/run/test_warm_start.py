"""initial_weights: weights alone, matched by order or name; and going on with the optimizer of what Keras saved."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nnctl.checkpoint import load_model
from nnctl.errors import MissingInputError, ModelFileError, NnctlError, SpecError
from nnctl.run import train
from nnctl.spec import load

MODELS = Path(__file__).parents[1] / "golden" / "keras_models"
KERAS = np.load(MODELS / "going_on.npz")
SCHEDULE = "{ExponentialDecay: {initial_learning_rate: 0.05, decay_steps: 4, decay_rate: 0.8}}"
ADAM = f"{{Adam: {{learning_rate: {SCHEDULE}, amsgrad: true}}}}"
OPTIMIZERS = {
    "keras3.h5": ADAM,
    "keras3.keras": ADAM,
    "keras2.h5": ADAM,
    "keras2_old.h5": "{SGD: {learning_rate: 0.05, momentum: 0.9, nesterov: true}}",
    "keras2_old_adam.h5": "{Adam: {learning_rate: 0.02, amsgrad: true}}",
}
SPEC = """\
data: {source: points.npz}
layers:
  - Dense: {units: 5, activation: tanh, trainable: false, name: frozen}
  - BatchNormalization: {name: moments}
  - Dense: {units: 4, activation: relu, name: hidden}
  - Dense: {units: 3, activation: softmax, name: out}
loss: sparse_categorical_crossentropy
fit: {epochs: 3, batch_size: 4, shuffle: false}
"""


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    np.savez(tmp_path / "points.npz", x=KERAS["x"], y=KERAS["t"])
    (tmp_path / "s.yaml").write_text(SPEC)
    return tmp_path / "s.yaml"


def run(spec: Path, *overrides: str, out: str = "run", **options: Any) -> Any:
    return train(load(spec, overrides), out=spec.parent / out, **{"say": lambda text: None, **options})


def starting(file: Path | str, **more: Any) -> str:
    return f"initial_weights={dict(file=str(file), **more)}".replace("True", "true")


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_goes_on_as_keras_did(spec: Path, name: str) -> None:
    """Three epochs of Keras, then three here, against six of Keras: steps, slots, frozen weights, the rate."""
    said: list[str] = []
    start = starting(MODELS / f"going_on_{name}", optimizer=True)
    result = run(spec, start, f"optimizer={OPTIMIZERS[name]}", say=said.append)
    assert "frozen, moments, hidden, out; " in said[0]
    assert said[0].endswith("goes on after step 12")
    key = name.partition(".")[0]
    np.testing.assert_allclose(result.history["loss"], KERAS[f"{key} loss"], rtol=1e-5)
    for number, value in enumerate(result.model.get_weights()):
        np.testing.assert_allclose(value, KERAS[f"{key} weight {number}"], atol=1e-6, rtol=1e-5)
    np.testing.assert_allclose(result.model.predict_batch(KERAS["x"]), KERAS[f"{key} y"], atol=1e-6)


@pytest.mark.parametrize("optimizer", ["{Adam: {amsgrad: true}}", "Nadam", "{RMSprop: {momentum: 0.5}}", "Adafactor"])
def test_two_runs_of_three_epochs_make_the_weights_of_one_of_six(spec: Path, optimizer: str) -> None:
    """nnctl's own model.h5, to the last bit; without the optimizer's state the numbers are others."""
    optimizer = f"optimizer={optimizer}"
    whole = run(spec, "fit.epochs=6", optimizer, out="whole").model.parameters.values
    first = run(spec, optimizer, out="first").directory / "model.h5"
    assert np.array_equal(run(spec, starting(first, optimizer=True), optimizer).model.parameters.values, whole)
    fresh = run(spec, f"initial_weights={first}", optimizer, out="fresh").model.parameters.values
    assert not np.array_equal(fresh, whole)


def test_another_learning_rate_is_said(spec: Path) -> None:
    first = run(spec, "optimizer={SGD: 0.1}", out="first").directory / "model.h5"
    said: list[str] = []
    run(spec, "optimizer={SGD: 0.2}", starting(first, optimizer=True), say=said.append)
    assert said[0].endswith("SGD goes on after step 12 (learning rate there 0.1, here 0.2)")


@pytest.mark.parametrize(
    ("override", "sentence"),
    [
        ("optimizer=Nadam", "was trained with Adam, this is Nadam; begin with a fresh optimizer"),
        ("optimizer=Adam", "with other slots than Adam"),
        ("layers.0.trainable=true", "frozen/kernel was not trained there, and is here"),
        ("layers.2.trainable=false", "hidden/kernel was trained there, and is not here"),
    ],
)
def test_another_optimizer_is_refused_at_its_place(spec: Path, override: str, sentence: str) -> None:
    text = spec.read_text() + f"initial_weights:\n  file: {MODELS / 'going_on_keras3.h5'}\n  optimizer: true\n"
    spec.write_text(text)
    with pytest.raises(SpecError, match=r"s\.yaml:\d+:\d+: initial_weights\.optimizer: ") as caught:
        run(spec, f"optimizer={ADAM}", override)
    assert sentence in str(caught.value)
    assert not (spec.parent / "run").exists()


@pytest.mark.parametrize("file", ["weights_only.h5", "keras3.weights.h5"])
def test_weights_alone_have_no_optimizer(spec: Path, file: str) -> None:
    with pytest.raises(ModelFileError, match="weights only"):
        run(spec, starting(MODELS / file, optimizer=True))


def test_layers_by_name(spec: Path) -> None:
    """by: name leaves other layers as they are; auto goes by name where the names are the same."""
    first = run(spec, out="first").directory / "model.h5"
    said: list[str] = []
    hidden, new, out = ({"units": 4, "name": "hidden"}, {"units": 5, "name": "new"}, {"units": 3, "name": "out"})
    net = f"layers={[{'Dense': fields} for fields in (hidden, new, {**out, 'activation': 'softmax'})]}"
    with pytest.raises(ModelFileError, match="expected weights of 3 layers"):
        run(spec, starting(first), net)
    with pytest.raises(ModelFileError, match="hidden/kernel: expected shape"):
        run(spec, starting(first, by="name"), net)
    with pytest.raises(ModelFileError, match="none of its layers has a name of this network"):
        run(spec, starting(first, by="name"), "layers=[{Dense: {units: 3, activation: softmax, name: x}}]")
    net = "layers=[{Dense: {units: 5, name: frozen}}, {Dense: {units: 3, activation: softmax, name: new}}]"
    run(spec, starting(first, by="name"), net, say=said.append)
    assert said[0].endswith("model.h5: frozen")


def test_a_missing_file_leaves_no_directory(spec: Path) -> None:
    with pytest.raises(MissingInputError, match=r"nothing\.h5"):
        run(spec, "initial_weights=nothing.h5")
    assert not (spec.parent / "run").exists()


def test_a_run_that_goes_on_does_not_need_the_file_it_began_with(spec: Path) -> None:
    first = run(spec, out="first").directory / "model.h5"
    start = starting(first, optimizer=True)
    whole = run(spec, start, "fit.epochs=5", out="whole")
    run(spec, start)
    first.unlink()
    again = run(spec, start, "fit.epochs=5", resume=True)
    assert np.array_equal(again.model.parameters.values, whole.model.parameters.values)
    assert load_model(again.directory / "model.h5").model.optimizer.iterations == 32  # type: ignore[union-attr]
    with pytest.raises(NnctlError):
        run(spec, start, out="new")
