"""Real Keras' part of test_keras_opens.py: python keras_side.py WHAT FOLDER.

WHAT is `training` (NAME.h5 and NAME.keras with data.npz: predict, evaluate, train on) or `predictions`
(NAME.h5 and NAME.keras with NAME.x.npy). Each FILE gets FILE.npz with the answers, and the folder `again` what
Keras saves of it, in both forms.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


def training(folder: Path) -> None:
    import keras
    import numpy as np

    data = np.load(folder / "data.npz")
    x, t = data["x"], data["t"]
    for path in models(folder):
        model = keras.models.load_model(path)
        steps = int(model.optimizer.iterations)
        y = model.predict(x, verbose=0)
        measured = model.evaluate(x, t, verbose=0)
        if path.suffix == ".h5":
            model.optimizer = optimizer_with_state(model, path)
        model.fit(x, t, batch_size=len(x), epochs=1, shuffle=False, verbose=0)
        np.savez(f"{path}.npz", y=y, measured=measured, steps=steps, next=model.predict(x, verbose=0))


def predictions(folder: Path) -> None:
    import keras
    import numpy as np

    (folder / "again").mkdir()
    for path in models(folder):
        x = np.load(path.with_suffix(".x.npy"))
        try:
            model = keras.models.load_model(path, compile=False)
            np.savez(f"{path}.npz", y=model.predict(x, verbose=0))
        except Exception as error:  # said by the test, which knows what Keras cannot
            Path(f"{path}.error").write_text(f"{type(error).__name__}: {error}"[:2000])
            continue
        for form in (".keras", ".h5") if path.suffix == ".keras" else ():
            try:
                model.save(folder / "again" / f"{path.stem}{form}")
            except Exception as error:
                (folder / "again" / f"{path.stem}{form}").unlink(missing_ok=True)
                Path(f"{folder / path.stem}{form}.unsaved").write_text(f"{type(error).__name__}: {error}"[:2000])


def names(folder: Path) -> None:
    """Write which of the names in names.json Keras has."""
    import keras

    places = {"layer": keras.layers, "metric": keras.metrics, "activation": keras.activations}
    places |= {kind: getattr(keras, f"{kind}s") for kind in ("initializer", "regularizer", "constraint")}
    places |= {"loss": keras.losses, "optimizer": keras.optimizers, "schedule": keras.optimizers.schedules}
    asked = json.loads((folder / "names.json").read_text())
    lacking = {kind: [name for name in asked[kind] if not hasattr(places[kind], name)] for kind in asked}
    (folder / "lacking.json").write_text(json.dumps(lacking))


def models(folder: Path) -> list[Path]:
    return sorted([*folder.glob("*.h5"), *folder.glob("*.keras")])


def optimizer_with_state(model: Any, path: Path) -> Any:
    """Return the optimizer with its slots, in the order of the file.

    Keras 3 loads its own .h5 files without: it builds the optimizer for the variables that belong
    to the model but to no layer, which are none, and `fit` then asks for a new optimizer.
    """
    import h5py

    with h5py.File(path) as file:
        group = file["optimizer_weights"]
        values = [group[name][()] for name in group.attrs["weight_names"]]
    optimizer = type(model.optimizer).from_config(model.optimizer.get_config())
    optimizer.build(model.trainable_variables)
    assert len(values) == len(optimizer.variables)
    optimizer.set_weights(values)
    return optimizer


if __name__ == "__main__":
    {"training": training, "predictions": predictions, "names": names}[sys.argv[1]](Path(sys.argv[2]))
