"""What Keras makes of pictures, written to tests/data/golden_pictures.json: the order of files, and their pixels.

Run with real Keras and Pillow:  python tests/golden/generate_pictures.py
The pictures are made by code and saved without loss, so that the test makes the same ones.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

OUT = Path(__file__).parents[1] / "data" / "golden_pictures.json"

# Files of a folder as they are written, not as they are sorted.
FILES = [
    "dog/b.png", "dog/B.png", "dog/10.png", "dog/9.PNG", "dog/sub/a.png", "dog/a.gif", "Cat/z.bmp",
    "Cat/sub/deep/1.png", "Cat/sub/2.png", "Cat/sub.png", "bird/1.jpeg", ".hidden/1.png",
]  # fmt: skip
KINDS = ("rgb", "grey", "palette", "alpha", "wide", "one_bit")
OPTIONS: list[dict[str, Any]] = [
    {"color_mode": mode, "size": size, "interpolation": way, "crop": crop}
    for mode, (size, way, crop) in itertools.product(
        ("rgb", "grayscale", "rgba"),
        [
            (None, "bilinear", False),
            ([20, 30], "bilinear", False),
            ([9, 9], "bilinear", True),
            ([50, 40], "bicubic", False),
            ([7, 13], "lanczos", True),
            ([16, 16], "nearest", False),
            ([11, 8], "box", False),
            ([8, 11], "hamming", False),
        ],
    )
]


def picture(kind: str) -> Any:
    """Make a picture of a kind: waves with noise upon them."""
    from PIL import Image

    height, width = (12, 61) if kind == "wide" else (33, 24)
    random = np.random.default_rng(5)
    waves = np.sin(np.arange(height)[:, None] / 3) + np.cos(np.arange(width) / 5)
    colours = (
        np.stack([waves, -waves, waves**2, 1 - waves], axis=-1) * 60 + 100 + random.normal(0, 20, (height, width, 4))
    )
    pixels = colours.clip(0, 255).astype(np.uint8)
    if kind == "grey":
        return Image.fromarray(pixels[..., 0].copy())
    if kind == "alpha":
        return Image.fromarray(pixels)
    made = Image.fromarray(pixels[..., :3].copy())
    if kind == "palette":
        indexed = Image.fromarray((pixels[..., 0] // 16).copy(), "P")
        indexed.putpalette([(37 * number) % 256 for number in range(48)])
        return indexed
    return Image.fromarray(pixels[..., 0] > 120) if kind == "one_bit" else made


def checksum(pixels: np.ndarray) -> str:
    """Return the sha256 of shape and bytes."""
    return hashlib.sha256(f"{pixels.shape} ".encode() + pixels.astype(np.uint8).tobytes()).hexdigest()[:16]


def write_files(folder: Path) -> None:
    """Write the folder whose order is recorded."""
    for name in FILES:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        picture("rgb").save(path)


def main() -> None:
    import keras
    import PIL

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_files(folder / "order")
        data = keras.utils.image_dataset_from_directory(folder / "order", shuffle=False, verbose=False)
        order = [str(Path(path).relative_to(folder / "order")) for path in data.file_paths]
        pixels = {}
        for kind in KINDS:
            path = folder / f"{kind}.png"
            picture(kind).save(path)
            pixels[kind] = [
                checksum(keras.utils.img_to_array(keras.utils.load_img(path, **load_img(options))))
                for options in OPTIONS
            ]
    found = {"keras": keras.__version__, "pillow": PIL.__version__, "order": order, "classes": data.class_names}
    OUT.write_text(json.dumps({**found, "pixels": pixels}, indent=1) + "\n")
    print(f"{OUT.name}: {OUT.stat().st_size:,} bytes", file=sys.stderr)


def load_img(options: dict[str, Any]) -> dict[str, Any]:
    """Return options in the words of Keras' function."""
    size = options["size"] and tuple(options["size"])
    return {
        "color_mode": options["color_mode"],
        "target_size": size,
        "interpolation": options["interpolation"],
        "keep_aspect_ratio": options["crop"],
    }


if __name__ == "__main__":
    main()
