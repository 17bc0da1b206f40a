"""Convolutional LSTMs with every option, under every mask."""

from __future__ import annotations

from typing import Any

from ..inputs import Draw, normal
from . import LayerCase


def on(x: Draw, name: str, *, mask: str = "", calls: int = 1, note: str = "", **config: Any) -> LayerCase:
    config = config if "layer" in config else {"filters": 2, **config}
    return LayerCase(name=name, config=config, x=x, mask=mask, calls=calls, note=note)


MASKS = ("right", "left", "middle", "all")
LINES, IMAGES, VOLUMES = normal(3, 4, 5, 2), normal(3, 4, 4, 3, 2), normal(2, 3, 3, 2, 3, 1)
NAMES = {"ConvLSTM1D": LINES, "ConvLSTM2D": IMAGES, "ConvLSTM3D": VOLUMES}


def each(name: str, x: Draw) -> list[LayerCase]:
    two: dict[str, Any] = {"kernel_size": 2}
    return [
        on(x, name, **two),
        on(x, name, **two, return_sequences=True),
        on(x, name, **two, go_backwards=True),
        on(x, name, **two, go_backwards=True, return_sequences=True),
        on(x, name, **two, padding="same", return_sequences=True),
        on(x, name, **two, padding="same", strides=2),
        on(x, name, **two, strides=2, return_sequences=True),
        on(x, name, **two, padding="same", dilation_rate=2),
        on(x, name, kernel_size=1),
        on(x, name, **two, use_bias=False),
        on(x, name, **two, activation="relu", recurrent_activation="hard_sigmoid"),
        on(x, name, **two, unit_forget_bias=False),
        on(x, name, **two, stateful=True, calls=2),
        on(x, name, **two, stateful=True, return_sequences=True, calls=2, mask="middle"),
        on(x, name, **two, mask="right"),
        *(on(x, name, **two, mask=mask, return_sequences=True) for mask in MASKS),
        on(x, name, **two, mask="left", go_backwards=True, return_sequences=True),
        on(x, name, **two, mask="middle", return_sequences=True, zero_output_for_mask=True),
        on(x, name, **two, unroll=True),
        on(x, name, **two, dropout=0.5, recurrent_dropout=0.5, note="at rest"),
    ]


CASES = [
    *(case for name, x in NAMES.items() for case in each(name, x)),
    on(LINES, "ConvLSTM1D", kernel_size=3, padding="same", filters=3, activation="softmax"),
    on(LINES, "ConvLSTM1D", kernel_size=2, data_format="channels_first", return_sequences=True),
    on(IMAGES, "ConvLSTM2D", kernel_size=[3, 1], strides=[1, 2], return_sequences=True),
    on(IMAGES, "ConvLSTM2D", kernel_size=[1, 3], padding="same", dilation_rate=[1, 2]),
    on(IMAGES, "ConvLSTM2D", kernel_size=2, data_format="channels_first"),
    on(IMAGES, "ConvLSTM2D", kernel_size=2, data_format="channels_first", return_sequences=True, padding="same"),
    on(normal(1, 1, 2, 2, 1), "ConvLSTM2D", filters=1, kernel_size=2, return_sequences=True),
    *(
        on(IMAGES, "Bidirectional", layer={"ConvLSTM2D": {"filters": 2, "kernel_size": 2}}, merge_mode=merge)
        for merge in ("concat", "sum", "mul", "ave")
    ),
    on(
        LINES,
        "Bidirectional",
        layer={"ConvLSTM1D": {"filters": 2, "kernel_size": 2, "return_sequences": True}},
        mask="middle",
    ),
    on(normal(2, 2, 3, 4, 2), "TimeDistributed", layer={"ConvLSTM1D": {"filters": 2, "kernel_size": 2}}),
]
