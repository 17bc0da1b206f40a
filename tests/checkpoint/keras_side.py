"""Real Keras' part of test_keras_opens.py: python keras_side.py FOLDER; reads NAME.h5 and data.npz, writes NAME.npz."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


def main(folder: Path) -> None:
    import keras
    import numpy as np

    data = np.load(folder / "data.npz")
    x, t = data["x"], data["t"]
    for path in sorted(folder.glob("*.h5")):
        model = keras.models.load_model(path)
        steps = int(model.optimizer.iterations)
        y = model.predict(x, verbose=0)
        measured = model.evaluate(x, t, verbose=0)
        model.optimizer = optimizer_with_state(model, path)
        model.fit(x, t, batch_size=len(x), epochs=1, shuffle=False, verbose=0)
        np.savez(path.with_suffix(".npz"), y=y, measured=measured, steps=steps, next=model.predict(x, verbose=0))


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
    main(Path(sys.argv[1]))
