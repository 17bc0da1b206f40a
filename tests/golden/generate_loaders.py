"""Checksums of what Keras' data loaders return, written to tests/data/golden_loaders.json.

Run with real Keras:  python tests/golden/generate_loaders.py FOLDER_OF_THE_DATA_SETS
Sequences of different length are summed as their lengths and all their numbers, both as int64.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

OUT = Path(__file__).parents[1] / "data" / "golden_loaders.json"

OPTIONS: dict[str, list[dict[str, Any]]] = {
    "imdb": [
        {},
        {"num_words": 20000},
        {"num_words": 5000, "skip_top": 20, "maxlen": 100, "seed": 7},
        {"num_words": 1000, "oov_char": None, "start_char": None, "index_from": 0},
        {"skip_top": 10, "start_char": 5, "oov_char": 0, "index_from": 6, "maxlen": 60},
    ],
    "reuters": [
        {},
        {"num_words": 1000},
        {"num_words": 5000, "skip_top": 20, "maxlen": 100, "seed": 7, "test_split": 0.35},
        {"num_words": 800, "oov_char": None, "start_char": None, "index_from": 0},
        {"skip_top": 10, "start_char": None, "oov_char": 0, "index_from": 4, "test_split": 0.0},
    ],
}
PADDED: dict[str, Any] = {"maxlen": 80, "padding": "post", "truncating": "pre"}


def array_sum(array: np.ndarray) -> str:
    """Return the sha256 of shape, type and content."""
    header = f"{array.shape} {array.dtype.str} ".encode()
    return hashlib.sha256(header + np.ascontiguousarray(array).tobytes()).hexdigest()


def sequences_sum(rows: np.ndarray) -> str:
    lengths = np.array([len(row) for row in rows], np.int64)
    values = np.array([number for row in rows for number in row], np.int64)
    return hashlib.sha256(array_sum(lengths).encode() + array_sum(values).encode()).hexdigest()


def main(folder: Path) -> None:
    home = Path(tempfile.mkdtemp())
    os.environ["KERAS_HOME"] = str(home)
    (home / "datasets").mkdir()
    for name in ("mnist.npz", "imdb.npz", "reuters.npz"):
        (home / "datasets" / name).symlink_to(folder / name)

    import keras
    from keras.src.datasets.cifar import load_batch

    golden: dict[str, Any] = {"keras": keras.__version__}
    for name, sets in OPTIONS.items():
        golden[name] = []
        for options in sets:
            (x, y), (x_test, y_test) = getattr(keras.datasets, name).load_data(**options)
            sums = {
                "x": sequences_sum(x),
                "y": array_sum(y),
                "x_test": sequences_sum(x_test),
                "y_test": array_sum(y_test),
            }
            golden[name].append({"options": options, **sums})
    (x, _), _ = keras.datasets.reuters.load_data(num_words=1000)
    golden["pad_sequences"] = {"options": PADDED, "x": array_sum(keras.utils.pad_sequences(x, **PADDED))}
    (x, y), (x_test, y_test) = keras.datasets.mnist.load_data()
    golden["mnist"] = [array_sum(array) for array in (x, y, x_test, y_test)]

    # What load_data of the two sets does with each batch; the archives themselves are not needed.
    def batch(path: str, key: str) -> list[str]:
        data, labels = load_batch(folder / path, label_key=key)
        return [array_sum(data.transpose(0, 2, 3, 1)), array_sum(np.reshape(labels, (len(labels), 1)).astype("uint8"))]

    golden["cifar10"] = [
        *batch("cifar-10-batches-py/data_batch_1", "labels"),
        *batch("cifar-10-batches-py/test_batch", "labels"),
    ]
    for mode in ("fine", "coarse"):
        key = f"{mode}_labels"
        golden[f"cifar100_{mode}"] = [*batch("cifar-100-python/train", key), *batch("cifar-100-python/test", key)]
    OUT.write_text(json.dumps(golden, indent=1) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve())
