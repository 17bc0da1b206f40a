"""The few hot loops of the engine.

`reference` holds them in plain NumPy. They work on arrays alone and know nothing of layers; each
writes into memory that the caller gives. `compiled` has the same loops for numba, which the extra
`fast` brings. Their numbers agree to rounding, so that the choice is about time alone:

    NNCTL_KERNELS=numpy       never compiled
    NNCTL_KERNELS=compiled    always
    NNCTL_KERNELS=auto        compiled where numba is there and the run is long enough (the default)

Callers write `kernels.max_pool(...)`, as the functions of this module are replaced when it is chosen.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable
from importlib.util import find_spec

from nnctl.errors import ConfigError
from nnctl.kernels import reference
from nnctl.kernels.products import column_sums, product, product_gradients, step_products
from nnctl.kernels.reference import (
    adam,
    add_rows,
    col2im,
    depthwise,
    depthwise_gradient,
    elements,
    im2col,
    max_pool,
    max_pool_gradient,
    rmsprop,
    windows,
)
from nnctl.kernels.reference_scans import (
    gru_scan,
    gru_scan_back,
    lstm_scan,
    lstm_scan_back,
    rnn_scan,
    rnn_scan_back,
)
from nnctl.kernels.spreading import spread

__all__ = [
    "adam",
    "add_rows",
    "bias_relu",
    "choose",
    "col2im",
    "column_sums",
    "depthwise",
    "depthwise_gradient",
    "drop",
    "elements",
    "gru_scan",
    "gru_scan_back",
    "im2col",
    "lstm_scan",
    "lstm_scan_back",
    "max_pool",
    "max_pool_gradient",
    "product",
    "product_gradients",
    "relu_gradient",
    "rmsprop",
    "rnn_scan",
    "rnn_scan_back",
    "step_products",
    "windows",
]

COMPILED = ("compiled", "compiled_windows", "compiled_scans")  # modules whose loops take the place of those here
BY_ROWS = {"bias_relu": (0,), "drop": (0, 1, 4), "relu_gradient": (0, 1, 2)}  # positions of what is cut for threads
VARIABLE, CHOICES = "NNCTL_KERNELS", ("auto", "numpy", "compiled")

bias_relu = spread(reference.bias_relu, BY_ROWS["bias_relu"])
drop = spread(reference.drop, BY_ROWS["drop"])
relu_gradient = spread(reference.relu_gradient, BY_ROWS["relu_gradient"])

# To import numba and to read its cache takes 0.2 seconds; the first time, to compile takes 0.7 for dense nets, 1.5
# for convolutions, 2 to 4 for recurrent nets. The loops save 0.6 to 1.2 nanoseconds a number (weight or output of
# a layer) and step, so that a run of so many has saved about that. What is in the cache does not matter: a run is
# to take the same loops, and come to the same bits, the first time and the second.
WORTH = 3_000_000_000


chosen = "numpy"
free_scans = False  # whether the scans of float32 run without the interpreter, so that threads do not wait for it


def choose(numbers: int, say: Callable[[str], None] = lambda text: None, before: str | None = None) -> None:
    """Take the compiled loops for a run over so many numbers, if that pays; what is chosen stays.

    A run that goes on takes those that it had `before`, whatever is left of it.
    Raises ConfigError where NNCTL_KERNELS is none of its values, or asks for numba and it is missing.
    """
    wanted = os.environ.get(VARIABLE) or "auto"
    if wanted not in CHOICES:
        raise ConfigError(f"{VARIABLE} must be one of {', '.join(CHOICES)}, got {wanted!r}")
    if wanted == "compiled":
        if find_spec("numba") is None:
            raise ConfigError(f"{VARIABLE}=compiled needs numba: pip install 'nnctl[fast]'")
        try:
            _compile(say)
        except ImportError as error:
            raise ConfigError(f"{VARIABLE}=compiled: numba cannot be used ({error})") from error
    elif wanted == "auto" and before != "numpy" and (before == "compiled" or numbers >= WORTH):
        if find_spec("numba") is None:
            if before == "compiled":
                say("note: the run began with numba's loops, and goes on without: the last bits may differ")
            return
        try:
            _compile(say)
        except ImportError as error:  # it does not fit this NumPy
            say(f"numba cannot be used ({error}); going on with NumPy alone")


def compiled_loops() -> dict[str, Callable[..., None]]:
    """Return the loops that numba compiles, by the names of those whose place they take; importing numba takes time."""
    found = [vars(importlib.import_module(f"{__name__}.{module}")) for module in COMPILED]
    return {name: loops[name] for loops in found for name in __all__ if name in loops}


def _compile(say: Callable[[str], None]) -> None:
    """Put the compiled loops in the place of those of NumPy."""
    numba_loops = importlib.import_module("nnctl.kernels.numba_loops")
    numba_loops.listener.tell = say
    for name, loop in compiled_loops().items():
        globals()[name] = spread(loop, BY_ROWS[name]) if name in BY_ROWS else loop
    globals().update(chosen="compiled", free_scans=importlib.import_module("nnctl.kernels.blas").sgemm is not None)


if os.environ.get(VARIABLE) == "compiled":  # also for what is no run: predictions, single layers
    choose(0)
