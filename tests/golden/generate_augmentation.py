"""What Keras' augmentation makes of a picture when it is told what to draw: tests/layers/golden_augmentation.json.

Run with real Keras:  python tests/golden/generate_augmentation.py
The picture is `np.arange(40.0).reshape(2, 4, 5, 1) ** 2 / 100`: no two pixels of it are alike.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

OUT = Path(__file__).parents[1] / "layers" / "golden_augmentation.json"
PICTURE = np.arange(40.0).reshape(2, 4, 5, 1) ** 2 / 100
FILLS = [{"fill_mode": mode} for mode in ("reflect", "wrap", "nearest")]
FILLS += [{"fill_mode": "constant", "fill_value": -1.0}]

# Name, options, and what is drawn for the two pictures.
CASES: list[tuple[str, dict[str, Any], Any]] = [
    *(("RandomFlip", {"mode": mode}, [True, False]) for mode in ("horizontal", "vertical", "horizontal_and_vertical")),
    *(
        ("RandomTranslation", {"height_factor": 1.0, "width_factor": 1.0, **fill, "interpolation": way}, drawn)
        for fill in FILLS
        for way in ("bilinear", "nearest")
        for drawn in ([[0.25, -0.2], [-0.3125, 0.45]], [[1.0, -1.0], [-0.75, 0.85]])
    ),
    *(
        ("RandomZoom", {"height_factor": 0.9, "width_factor": 0.9, **fill}, [[0.75, 1.5], [1.9, 0.35]])
        for fill in FILLS
    ),
    *(("RandomRotation", {"factor": 0.9, **fill}, [0.7, -2.5]) for fill in FILLS),
    ("RandomBrightness", {"factor": 0.9, "value_range": [0.0, 12.0]}, [0.25, -0.125]),
    ("RandomContrast", {"factor": [0.9, 0.9], "value_range": [0.0, 12.0]}, [1.5, 0.25]),
]
# Factors and the ends of what Keras draws from.
SPANS: list[tuple[str, dict[str, Any]]] = [
    ("RandomBrightness", {"factor": 0.2}),
    ("RandomBrightness", {"factor": [-0.1, 0.3]}),
    ("RandomContrast", {"factor": 0.2}),
    ("RandomContrast", {"factor": [0.1, 0.3]}),
    ("RandomRotation", {"factor": -0.2}),
    ("RandomRotation", {"factor": [0.1, 0.3]}),
]


def told(layer: Any, name: str, drawn: Any) -> dict[str, Any]:
    """Return what is drawn in the form that Keras' layer has it."""
    drawn = np.array(drawn)
    height, width = PICTURE.shape[1:3]
    if name == "RandomFlip":
        return {"flips": drawn[:, None, None, None]}
    if name == "RandomTranslation":
        return {"translations": (drawn * (height, width))[:, ::-1].astype("float32")}
    if name == "RandomZoom":
        return {"height_zoom": drawn[:, :1], "width_zoom": drawn[:, 1:]}
    if name == "RandomRotation":
        none = np.zeros(2, "float32")
        matrix = layer._compute_affine_matrix(
            0.5, 0.5, np.degrees(drawn).astype("float32"), none, none, none + 1, none, none, height, width
        )
        return {"rotation_matrix": matrix}
    if name == "RandomBrightness":
        return {"rgb_delta": drawn[:, None, None, None] * 12}
    return {"contrast_factor": drawn[:, None, None, None]}


def main() -> None:
    import keras

    results = []
    for name, options, drawn in CASES:
        layer = getattr(keras.layers, name)(**options, dtype="float64")
        y = np.asarray(layer.transform_images(PICTURE, told(layer, name, drawn), training=True))
        results.append({"name": name, "options": options, "drawn": drawn, "y": y.ravel().round(9).tolist()})
    spans = [
        {"name": name, "options": options, "factor": getattr(keras.layers, name)(**options).factor}
        for name, options in SPANS
    ]
    lines = ",\n".join(json.dumps(result) for result in results)
    ends = ",\n".join(json.dumps(span) for span in spans)
    version = json.dumps(keras.__version__)
    OUT.write_text(f'{{"keras": {version}, "cases": [\n{lines}\n], "spans": [\n{ends}\n]}}\n')


if __name__ == "__main__":
    main()
