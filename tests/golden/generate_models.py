"""Make the golden model files: run with an interpreter that has Keras 3 and tf_keras (Keras 2).

    python tests/golden/generate_models.py

The files here were made with Keras 3.15.1 and tf_keras 2.21.0 on TensorFlow's CPU backend. Beside
each NAME.h5, NAME.npz holds inputs `x`, targets `t`, the predictions `y`, the `loss` that Keras
evaluates, and `next`: the predictions after one more training step on the whole batch (where no
dropout makes that step random). The models of model_families.py, trained for a few steps, are there as
.h5 of both and as .keras of Keras 3 and, for one family, Keras 2; their answers share families_*.npz.
The files going_on_* were saved in the middle of a training; going_on.npz says how Keras went on.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import h5py
import keras
import numpy as np
import tf_keras
from keras.src.legacy.saving.legacy_h5_format import save_weights_to_hdf5_group

sys.path.insert(0, str(Path(__file__).parent))
from model_families import FAMILIES

HERE = Path(__file__).parent / "keras_models"


def adam(k: Any) -> tuple[Any, Any, Any]:
    """Schedule, regularizer, constraint; class numbers as targets."""
    model = k.Sequential(
        [
            k.layers.Input((4,)),
            k.layers.Dense(6, activation="relu", kernel_regularizer="l2", name="hidden"),
            k.layers.Dense(3, activation="softmax", kernel_constraint=k.constraints.MaxNorm(2.0)),
        ]
    )
    schedule = k.optimizers.schedules.ExponentialDecay(0.01, decay_steps=2, decay_rate=0.9)
    model.compile(k.optimizers.Adam(schedule, amsgrad=True), "sparse_categorical_crossentropy", metrics=["accuracy"])
    random = np.random.default_rng(0)
    return model, random.normal(size=(16, 4)), random.integers(0, 3, 16)


def shaping(k: Any) -> tuple[Any, Any, Any]:
    """Every layer without weights; a loss object; dropout."""
    model = k.Sequential(
        [
            k.layers.Input((4, 3)),
            k.layers.Reshape((2, 6)),
            k.layers.Dense(5, use_bias=False, kernel_initializer=k.initializers.RandomUniform(-0.2, 0.2)),
            k.layers.Activation("tanh"),
            k.layers.Flatten(),
            k.layers.Dropout(0.25),
            k.layers.Dense(1, activation="sigmoid"),
        ]
    )
    loss, metric = k.losses.BinaryCrossentropy(label_smoothing=0.1), k.metrics.BinaryAccuracy(threshold=0.4)
    model.compile(k.optimizers.RMSprop(momentum=0.5, centered=True), loss, metrics=[metric])
    random = np.random.default_rng(1)
    return model, random.normal(size=(16, 4, 3)), random.integers(0, 2, (16, 1)).astype("float32")


def double(k: Any) -> tuple[Any, Any, Any]:
    """float64, Nesterov momentum, clipping."""
    _compute_in(k, "float64")
    model = k.Sequential([k.layers.Input((2,)), k.layers.Dense(4, activation="tanh"), k.layers.Dense(2)])
    optimizer = k.optimizers.SGD(0.05, momentum=0.9, nesterov=True, clipnorm=0.5)
    model.compile(optimizer, "mean_squared_error", metrics=["mean_absolute_error"])
    random = np.random.default_rng(2)
    return model, random.normal(size=(16, 2)), random.normal(size=(16, 2))


def _compute_in(k: Any, dtype: str) -> None:
    k.backend.set_floatx(dtype)
    if k is keras:
        keras.config.set_dtype_policy(dtype)


def make(k: Any, build: Any, name: str) -> None:
    k.utils.set_random_seed(3)
    _compute_in(k, "float32")
    model, x, t = build(k)
    x = x.astype(model.dtype if k is tf_keras else model.compute_dtype)
    model.fit(x, t, epochs=3, batch_size=16, shuffle=False, verbose=0)
    model.save(HERE / f"{name}.h5")
    expected = {"x": x, "t": t, "y": model.predict(x, verbose=0), "loss": model.evaluate(x, t, verbose=0)[0]}
    if build is adam and k is keras:
        with h5py.File(HERE / "weights_only.h5", "w") as file:
            save_weights_to_hdf5_group(file, model)
        model.save_weights(HERE / "keras3.weights.h5")
    if build is not shaping:
        model.fit(x, t, epochs=1, batch_size=16, shuffle=False, verbose=0)
        expected["next"] = model.predict(x, verbose=0)
    np.savez(HERE / f"{name}.npz", **expected)


def make_families(k: Any, prefix: str) -> None:
    """One model a family, two steps of SGD without slots; inputs `x NAME` and predictions `y NAME`."""
    answers = {}
    for family in FAMILIES:
        name = family.__name__
        k.utils.set_random_seed(4)
        _compute_in(k, "float32")
        model = k.Sequential(family(k, k is keras), name=name)
        model.compile(k.optimizers.SGD(0.01), "mse", metrics=["mae"])
        shape, random = model.input_shape[1:], np.random.default_rng(5)
        x = random.integers(0, 9, (5, *shape)) if name == "recurrent" else random.normal(size=(5, *shape))
        x = x.astype("float32")
        model.fit(x, random.normal(size=(5, 2)), epochs=2, verbose=0)
        if name == "recurrent":  # ten layers deep, little would be left of the inputs
            model.set_weights([2 * weight + 0.1 for weight in model.get_weights()])
        if k is keras or name == "recurrent":
            model.save(HERE / f"{prefix}_{name}.keras")  # before the .h5, which makes Keras 3 forget the optimizer
        model.save(HERE / f"{prefix}_{name}.h5")
        if k is keras and name == "recurrent":
            model.save_weights(HERE / f"{prefix}_{name}.weights.h5")
        answers |= {f"x {name}": x, f"y {name}": model.predict(x, verbose=0)}
    np.savez_compressed(HERE / f"families_{prefix}.npz", **answers)


def going_on(k: Any, optimizer: Any) -> Any:
    """A frozen layer, moving averages, two layers that train."""
    layers = [
        k.layers.Input((4,)),
        k.layers.Dense(5, activation="tanh", trainable=False, name="frozen"),
        k.layers.BatchNormalization(name="moments"),
        k.layers.Dense(4, activation="relu", name="hidden"),
        k.layers.Dense(3, activation="softmax", name="out"),
    ]
    model = k.Sequential(layers)
    model.compile(optimizer, "sparse_categorical_crossentropy")
    return model


def make_going_on() -> None:
    """Three epochs of four batches in order, a file, three epochs more: their losses and the last weights."""
    random = np.random.default_rng(6)
    x, t = random.normal(size=(16, 4)).astype("float32"), random.integers(0, 3, 16)
    answers = {"x": x, "t": t}

    def adam(k: Any) -> Any:
        rate = k.optimizers.schedules.ExponentialDecay(0.05, decay_steps=4, decay_rate=0.8)
        return k.optimizers.Adam(rate, amsgrad=True)

    for name, k, optimizer in (
        ("keras3", keras, adam(keras)),
        ("keras2", tf_keras, adam(tf_keras)),
        ("keras2_old", tf_keras, tf_keras.optimizers.legacy.SGD(0.05, momentum=0.9, nesterov=True)),
        ("keras2_old_adam", tf_keras, tf_keras.optimizers.legacy.Adam(0.02, amsgrad=True)),
    ):
        k.utils.set_random_seed(3)
        _compute_in(k, "float32")
        model = going_on(k, optimizer)
        model.fit(x, t, epochs=3, batch_size=4, shuffle=False, verbose=0)
        if k is keras:
            model.save(HERE / f"going_on_{name}.keras")  # before the .h5, which makes Keras 3 forget the optimizer
        model.save(HERE / f"going_on_{name}.h5")
        history = model.fit(x, t, epochs=3, batch_size=4, shuffle=False, verbose=0)
        answers[f"{name} loss"] = history.history["loss"]
        answers[f"{name} y"] = model.predict(x, verbose=0)
        answers |= {f"{name} weight {i}": value for i, value in enumerate(model.get_weights())}
    np.savez_compressed(HERE / "going_on.npz", **answers)


if __name__ == "__main__":
    HERE.mkdir(exist_ok=True)
    for build in (adam, shaping, double):
        make(keras, build, f"keras3_{build.__name__}")
        make(tf_keras, build, f"keras2_{build.__name__}")
    make_families(keras, "keras3")
    make_families(tf_keras, "keras2")
    make_going_on()
