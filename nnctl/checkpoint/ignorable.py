"""Keys of Keras' configs that nnctl has no field for, and the values with which they mean nothing here.

A key that is not in this table, or has another value, is refused: to ignore it would change numbers
in silence. `ANY` marks keys that never matter to nnctl.
"""

from __future__ import annotations

from typing import Any

ANY: tuple[Any, ...] = ("any value",)
FLOAT_TYPES = (None, "float32", "float64")

KEYS: dict[str, dict[str, tuple[Any, ...]]] = {
    "layer": {
        "activity_regularizer": (None,),
        "build_config": ANY,
        "dynamic": (False,),
        "gptq_unpacked_column_size": (None,),
        "groups": (1,),
        "kernel_constraint": (None,),
        "kernel_initializer": ANY,  # of Keras 2's depthwise layers, which have no such kernel
        "kernel_regularizer": (None,),
        "lora_alpha": (None,),
        "lora_rank": (None,),
        "noise_shape": (None,),
        "optional": (False,),
        "quantization_config": (None,),
        "ragged": (False,),
        "seed": ANY,
        "sparse": (False,),
        "synchronized": ANY,
        "time_major": (False,),
        "use_cudnn": ANY,
    },
    "initializer": {"dtype": FLOAT_TYPES, "input_axes": (None,), "output_axes": (None,), "seed": ANY},
    "schedule": {"name": ANY},
    "loss": {"axis": (-1,), "dtype": FLOAT_TYPES, "fn": ANY, "name": ANY},
    "metric": {"axis": (-1,), "dtype": FLOAT_TYPES, "from_logits": (False,), "label_smoothing": (0,)},
    "optimizer": {"decay": (0, None), "is_legacy_optimizer": ANY, "jit_compile": ANY},
}

# Values with the same meaning under an older name.
RENAMED_VALUES: dict[tuple[str, str, Any], Any] = {("loss", "reduction", "auto"): "sum_over_batch_size"}


def is_ignorable(kind: str, key: str, value: Any) -> bool:
    accepted = KEYS.get(kind, {}).get(key, ())
    return accepted is ANY or any(value == one and isinstance(value, bool) == isinstance(one, bool) for one in accepted)
