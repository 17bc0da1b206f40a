"""Augmentation, which leaves pictures alone outside of training; what it does there has golden numbers of its own."""

from __future__ import annotations

from typing import Any

from ..inputs import normal
from . import LayerCase

PICTURES = normal(2, 4, 3, 2)


def on(name: str, **config: Any) -> LayerCase:
    return LayerCase(name=name, config=config, x=PICTURES)


def resized(name: str, *shape: int, **config: Any) -> LayerCase:
    # TensorFlow resizes in float32, whatever it gets.
    return LayerCase(name=name, config=config, x=normal(2, *shape), float32=True)


CASES = [
    *(
        resized("Resizing", 4, 6, 2, height=height, width=width, interpolation=interpolation)
        for height, width in ((8, 12), (2, 3), (3, 5), (7, 4), (1, 1))
        for interpolation in ("bilinear", "nearest")
    ),
    *(
        resized("Resizing", 7, 6, 2, height=height, width=width, interpolation=interpolation, antialias=antialias)
        for height, width in ((12, 15), (3, 4))
        for interpolation in ("bilinear", "nearest", "bicubic", "lanczos3", "lanczos5")
        for antialias in (False, True)
    ),
    resized("Resizing", 2, 4, 6, height=3, width=5, data_format="channels_first"),
    *(
        resized("UpSampling2D", 4, 3, 2, size=[2, 3], interpolation=interpolation)
        for interpolation in ("bicubic", "lanczos3", "lanczos5")
    ),
    *(
        resized("Resizing", *shape, 2, height=height, width=width, crop_to_aspect_ratio=True)
        for shape, height, width in (((4, 6), 3, 3), ((6, 4), 5, 5), ((5, 7), 2, 5), ((3, 7), 7, 2), ((4, 4), 4, 4))
    ),
    *(
        resized("Resizing", *shape, 2, height=height, width=width, pad_to_aspect_ratio=True, fill_value=fill_value)
        for shape, height, width in (((4, 6), 3, 3), ((6, 3), 5, 5), ((5, 7), 2, 5), ((4, 4), 6, 6))
        for fill_value in (0.0, 0.5)
    ),
    resized("Resizing", 5, 8, 2, height=3, width=3, pad_to_aspect_ratio=True, interpolation="nearest", fill_value=-1.0),
    LayerCase(name="CenterCrop", config={"height": 2, "width": 3}, x=normal(2, 5, 4, 2)),
    LayerCase(name="CenterCrop", config={"height": 3, "width": 2}, x=normal(2, 3, 5, 2)),
    LayerCase(
        name="CenterCrop", config={"height": 2, "width": 3, "data_format": "channels_first"}, x=normal(2, 2, 5, 4)
    ),
    resized("CenterCrop", 3, 5, 2, height=4, width=2),
    resized("CenterCrop", 3, 5, 2, height=4, width=6),
    resized("CenterCrop", 6, 3, 2, height=4, width=5),
    resized("CenterCrop", 2, 6, 3, height=4, width=5, data_format="channels_first"),
    on("RandomFlip"),
    on("RandomFlip", mode="horizontal", data_format="channels_first"),
    on("RandomTranslation", height_factor=0.3, width_factor=[-0.1, 0.2]),
    on("RandomZoom", height_factor=0.3),
    on("RandomRotation", factor=0.3, fill_mode="constant"),
    on("RandomBrightness", factor=0.3),
    on("RandomContrast", factor=0.3),
]
