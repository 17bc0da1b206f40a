"""Prediction from model files: one row's result hangs on that row alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from nnctl.checkpoint import save_model
from nnctl.errors import DataError, UsageError
from nnctl.layers.dense import Dense
from nnctl.losses import CategoricalCrossentropy
from nnctl.metrics.accuracy import CategoricalAccuracy
from nnctl.model import Sequential
from nnctl.optimizers.sgd import SGD
from nnctl.prediction import evaluate_file, open_model, predict_file
from nnctl.run import train
from nnctl.spec import loads

SPEC = """
data: {source: t.csv, target: kind, columns: {size: {scale: standard}, colour: {type: categorical}}}
layers: [{Dense: {units: 9, activation: relu}}, {Dense: {units: 3, activation: softmax}}]
loss: sparse_categorical_crossentropy
metrics: [accuracy]
fit: {epochs: 2}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("prediction")
    draw = np.random.default_rng(0)
    lines = [f"{draw.normal():.3f},{draw.choice(['red', 'blue'])},{draw.choice([-1, 2, 5])}" for _ in range(300)]
    (folder / "t.csv").write_text("size,colour,kind\n" + "\n".join(lines) + "\n")
    train(loads(SPEC, base_dir=folder), out=folder / "run", say=lambda text: None)
    return folder


def column(path: Path, source: Path, name: str, **options: int) -> list[float]:
    blocks = predict_file(path, str(source), **options)  # type: ignore[arg-type]
    return [value for block in blocks for value in block.columns[name]]


def test_a_row_is_predicted_the_same_in_any_company(folder: Path) -> None:
    """D12: alone, shuffled, without its label: the same bits; other batch sizes: to rounding."""
    header, *lines = (folder / "t.csv").read_text().splitlines()
    together = column(folder / "run", folder / "t.csv", "p(5)")
    order = np.random.default_rng(1).permutation(len(lines))
    (folder / "shuffled.csv").write_text("\n".join([header, *(lines[i] for i in order)]) + "\n")
    assert column(folder / "run", folder / "shuffled.csv", "p(5)") == [together[i] for i in order]
    for i in (0, 7, 299):
        (folder / "one.csv").write_text(f"size,colour\n{lines[i].rpartition(',')[0]}\n")
        assert column(folder / "run", folder / "one.csv", "p(5)") == [together[i]]
    for size in (1, 7, 64):
        np.testing.assert_allclose(
            column(folder / "run", folder / "t.csv", "p(5)", batch_size=size), together, rtol=1e-5
        )


def test_predictions_carry_the_labels_of_the_data(folder: Path) -> None:
    """D09: -1 is a label like any other."""
    predictions = predict_file(folder / "run", str(folder / "t.csv"), keep=["colour"])
    assert predictions.names == ["colour", "prediction", "p(-1)", "p(2)", "p(5)"]
    block = next(iter(predictions))
    best = np.argmax(block.outputs, axis=1)
    assert [str(label) for label in block.columns["prediction"]] == [("-1", "2", "5")[i] for i in best]


def test_several_labels_a_row_are_told_as_they_stand_in_the_data(tmp_path: Path) -> None:
    """D09: True and False, 1 and 0, a probability for each; shades between stay numbers."""
    lines = [f"{i},{i < 30},{int(i > 20)}" for i in range(60)]
    (tmp_path / "t.csv").write_text("a,low,high\n" + "\n".join(lines) + "\n")
    spec = """
data: {source: t.csv, target: [low, high], scale: standard}
layers: [{Dense: {units: 2, activation: sigmoid}}]
loss: binary_crossentropy
optimizer: {Adam: 0.1}
fit: {epochs: 30}
"""
    train(loads(spec, base_dir=tmp_path), out=tmp_path / "run", say=lambda text: None)
    predictions = predict_file(tmp_path / "run", str(tmp_path / "t.csv"))
    assert predictions.names == ["prediction(low)", "prediction(high)", "p(low)", "p(high)"]
    (block,) = predictions
    assert (block.columns["prediction(low)"][0], block.columns["prediction(high)"][0]) == (True, 0)
    assert (block.columns["prediction(low)"][-1], block.columns["prediction(high)"][-1]) == (False, 1)
    assert [p > 0.5 for p in block.columns["p(high)"]] == [label == 1 for label in block.columns["prediction(high)"]]
    assert predict_file(tmp_path / "run", str(tmp_path / "t.csv"), what="labels").names == predictions.names[:2]
    assert predict_file(tmp_path / "run", str(tmp_path / "t.csv"), what="raw").names == ["raw(low)", "raw(high)"]
    (tmp_path / "t.csv").write_text("a,low,high\n1,0.5,1\n2,0,1\n3,1,0\n")
    train(loads(spec, base_dir=tmp_path), out=tmp_path / "soft", say=lambda text: None)
    soft = predict_file(tmp_path / "soft", str(tmp_path / "t.csv"))
    assert soft.names == ["prediction(low)", "prediction(high)"]
    with pytest.raises(UsageError, match="predicts numbers"):
        predict_file(tmp_path / "soft", str(tmp_path / "t.csv"), what="labels")


def test_evaluation_does_not_hang_on_the_batch_size(folder: Path) -> None:
    """N06"""
    values = [evaluate_file(folder / "run", str(folder / "t.csv"), batch_size=size).values for size in (1, 7, 300)]
    for other in values[1:]:
        assert other == pytest.approx(values[0], rel=1e-6)


def test_no_test_rows(folder: Path) -> None:
    with pytest.raises(UsageError, match="sets no test rows aside"):
        evaluate_file(folder / "run")


def test_a_model_without_preprocessing_takes_arrays(tmp_path: Path) -> None:
    """What Keras saved holds the network alone."""
    model = Sequential([Dense(4, activation="softmax")])
    model.build((3,))
    model.compile(SGD(), CategoricalCrossentropy(), [CategoricalAccuracy()])
    save_model(tmp_path / "model.h5", model)
    x = np.random.default_rng(0).normal(size=(11, 3)).astype("float32")
    np.save(tmp_path / "x.npy", x)
    np.savez(tmp_path / "both.npz", x=x, y=np.eye(4, dtype="float32")[np.arange(11) % 4])
    predictions = predict_file(tmp_path / "model.h5", str(tmp_path / "x.npy"))
    assert predictions.names == ["prediction", "p(0)", "p(1)", "p(2)", "p(3)"]
    np.testing.assert_allclose(next(iter(predictions)).outputs, model.predict_batch(x), rtol=1e-5)
    assert set(evaluate_file(tmp_path / "model.h5", str(tmp_path / "both.npz")).values) == {
        "loss",
        "categorical_accuracy",
    }
    (tmp_path / "t.csv").write_text("a,b,c\n1,2,3\n")
    with pytest.raises(DataError, match="is a table"):
        predict_file(tmp_path / "model.h5", str(tmp_path / "t.csv"))
    assert open_model(tmp_path / "model.h5").labels == [0, 1, 2, 3]
