"""Recurrent layers with every option, under every mask; Bidirectional and TimeDistributed around them."""

from __future__ import annotations

from typing import Any

from ..inputs import Draw, normal
from . import LayerCase


def on(x: Draw, name: str, *, mask: str = "", calls: int = 1, note: str = "", **config: Any) -> LayerCase:
    return LayerCase(name=name, config=config, x=x, mask=mask, calls=calls, note=note)


STEPS = normal(3, 4, 2)
MASKS = ("right", "left", "middle", "all")
CELLS = ("SimpleRNN", "LSTM", "GRU")


def cell(name: str) -> list[LayerCase]:
    units: dict[str, Any] = {"units": 2}
    return [
        on(STEPS, name, **units),
        on(STEPS, name, **units, return_sequences=True),
        on(STEPS, name, **units, go_backwards=True),
        on(STEPS, name, **units, go_backwards=True, return_sequences=True),
        on(STEPS, name, **units, unroll=True),
        on(STEPS, name, **units, use_bias=False),
        on(STEPS, name, **units, activation="relu"),
        on(STEPS, name, **units, activation="linear"),
        on(normal(3, 1, 2), name, **units),
        on(normal(1, 1, 1), name, units=1, return_sequences=True),
        on(STEPS, name, **units, stateful=True, calls=2),
        on(STEPS, name, **units, stateful=True, return_sequences=True, calls=2),
        on(STEPS, name, **units, stateful=True, calls=2, mask="right"),
        *(on(STEPS, name, **units, mask=mask) for mask in MASKS),
        *(on(STEPS, name, **units, mask=mask, return_sequences=True) for mask in MASKS),
        *(on(STEPS, name, **units, mask=mask, go_backwards=True, return_sequences=True) for mask in MASKS),
        on(STEPS, name, **units, mask="middle", return_sequences=True, zero_output_for_mask=True),
        on(STEPS, name, **units, dropout=0.5, recurrent_dropout=0.5, note="at rest"),
    ]


GATES = [
    case
    for name in ("LSTM", "GRU")
    for case in (
        on(STEPS, name, units=2, recurrent_activation="hard_sigmoid"),
        on(STEPS, name, units=2, recurrent_activation="tanh", activation="softsign", return_sequences=True),
    )
] + [
    on(STEPS, "LSTM", units=2, unit_forget_bias=False),
    on(STEPS, "GRU", units=2, reset_after=False),
    on(STEPS, "GRU", units=2, reset_after=False, return_sequences=True, mask="middle"),
    on(STEPS, "GRU", units=2, reset_after=False, use_bias=False),
    on(STEPS, "GRU", units=2, reset_after=False, recurrent_activation="hard_sigmoid", go_backwards=True),
    on(STEPS, "GRU", units=2, reset_after=False, stateful=True, calls=2),
]

MERGES = ("concat", "sum", "mul", "ave")
BIDIRECTIONAL = [
    *(
        on(STEPS, "Bidirectional", layer={name: {"units": 2, "return_sequences": sequences}}, merge_mode=merge)
        for name in CELLS
        for merge in MERGES
        for sequences in (False, True)
    ),
    *(
        on(STEPS, "Bidirectional", layer={name: {"units": 2, "return_sequences": sequences}}, mask=mask)
        for name in CELLS
        for sequences in (False, True)
        for mask in MASKS
    ),
    on(STEPS, "Bidirectional", layer={"LSTM": {"units": 2, "return_sequences": True}}, merge_mode="mul", mask="middle"),
    on(
        STEPS, "Bidirectional", layer={"LSTM": {"units": 2}}, backward_layer={"GRU": {"units": 3, "go_backwards": True}}
    ),
    on(
        STEPS,
        "Bidirectional",
        layer={"SimpleRNN": {"units": 2, "return_sequences": True}},
        merge_mode="sum",
        backward_layer={
            "SimpleRNN": {"units": 2, "return_sequences": True, "go_backwards": True, "activation": "relu"}
        },
    ),
    on(STEPS, "Bidirectional", layer={"GRU": {"units": 2, "reset_after": False, "use_bias": False}}),
    on(STEPS, "Bidirectional", layer={"LSTM": {"units": 2, "stateful": True}}, calls=2),
]

DISTRIBUTED = [
    on(STEPS, "TimeDistributed", layer={"Dense": {"units": 3, "activation": "tanh"}}),
    on(STEPS, "TimeDistributed", layer={"Dense": {"units": 3}}, mask="right"),
    on(normal(2, 3, 4, 4, 2), "TimeDistributed", layer={"Conv2D": {"filters": 2, "kernel_size": 2}}),
    on(normal(2, 3, 4, 2), "TimeDistributed", layer={"MaxPooling1D": {"pool_size": 2}}),
    on(normal(2, 3, 4, 2), "TimeDistributed", layer={"Flatten": {}}),
    on(normal(2, 3, 4, 2), "TimeDistributed", layer={"LSTM": {"units": 2}}),
    LayerCase(name="TimeDistributed", config={"layer": {"BatchNormalization": {}}}, x=STEPS, training=True),
]

CASES = [*(case for name in CELLS for case in cell(name)), *GATES, *BIDIRECTIONAL, *DISTRIBUTED]
