"""The golden files: one flat vector of float64 and an index beside it, compressed, no pickles.

An .npz member per array would cost more bytes than the arrays: most of them hold a dozen numbers.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

FOLDER = Path(__file__).parent

Numbers = dict[str, np.ndarray]  # what Keras computed for one case: quantity -> array


def save(family: str, results: Mapping[str, tuple[str, Numbers]], versions: Mapping[str, str]) -> Path:
    """Write a family's results, each with the fingerprint of the case that it answers."""
    index: dict[str, Any] = {}
    parts, size = [], 0
    for case_id, (fingerprint, numbers) in results.items():
        entry = {}
        for quantity, array in numbers.items():
            entry[quantity] = [size, *np.shape(array)]
            parts.append(np.asarray(array, dtype=np.float64).ravel())
            size += parts[-1].size
        index[case_id] = [fingerprint, entry]
    text = json.dumps({"versions": dict(versions), "cases": index}, separators=(",", ":"))
    path = FOLDER / f"{family}.npz"
    np.savez_compressed(path, numbers=np.concatenate(parts), index=np.frombuffer(text.encode(), dtype=np.uint8))
    return path


def load(family: str) -> tuple[dict[str, tuple[str, Numbers]], dict[str, str]]:
    """Read a family: {case id: (fingerprint, numbers)} and the versions of what made them."""
    with np.load(FOLDER / f"{family}.npz", allow_pickle=False) as file:
        flat, text = file["numbers"], file["index"].tobytes().decode()
    content = json.loads(text)
    results = {}
    for case_id, (fingerprint, entry) in content["cases"].items():
        numbers = {}
        for quantity, (start, *shape) in entry.items():
            numbers[quantity] = flat[start : start + int(np.prod(shape))].reshape(shape)
        results[case_id] = (fingerprint, numbers)
    return results, content["versions"]
