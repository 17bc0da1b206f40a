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
from nnctl.kernels.products import column_sums, product
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
from nnctl.kernels.reference_steps import (
    gate_slopes,
    gru_candidate,
    gru_gates,
    gru_slopes,
    gru_state,
    lstm_slopes,
    lstm_state,
    open_gates,
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
    "gate_slopes",
    "gru_candidate",
    "gru_gates",
    "gru_slopes",
    "gru_state",
    "im2col",
    "lstm_slopes",
    "lstm_state",
    "max_pool",
    "max_pool_gradient",
    "open_gates",
    "product",
    "relu_gradient",
    "rmsprop",
    "windows",
]

COMPILED = ("compiled", "compiled_windows", "compiled_steps")  # modules whose loops take the place of those here
BY_ROWS = {"bias_relu": (0,), "drop": (0, 1, 4), "relu_gradient": (0, 1, 2)}  # positions of what is cut for threads
VARIABLE, CHOICES = "NNCTL_KERNELS", ("auto", "numpy", "compiled")

bias_relu = spread(reference.bias_relu, BY_ROWS["bias_relu"])
drop = spread(reference.drop, BY_ROWS["drop"])
relu_gradient = spread(reference.relu_gradient, BY_ROWS["relu_gradient"])

# Importing numba takes a quarter of a second, compiling one to three seconds, the first time. The
# compiled loops save about a nanosecond a number (weight or output of a layer) and step.
WORTH = 3_000_000_000


chosen = "numpy"


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
        _compile(say)
    elif wanted == "auto" and before != "numpy" and (before == "compiled" or numbers >= WORTH):
        if find_spec("numba") is None:
            if before == "compiled":
                say("note: the run began with numba's loops, and goes on without: the last bits may differ")
            return
        try:
            _compile(say)
        except (ImportError, RuntimeError) as error:  # it does not fit this NumPy, or has no place for its cache
            say(f"numba cannot be used ({error}); going on with NumPy alone")


def compiled_loops() -> dict[str, Callable[..., None]]:
    """Return the loops that numba compiles, by the names of those whose place they take; importing numba takes time."""
    found = [vars(importlib.import_module(f"{__name__}.{module}")) for module in COMPILED]
    return {name: loops[name] for loops in found for name in __all__ if name in loops}


def _compile(say: Callable[[str], None]) -> None:
    """Put the compiled loops in the place of those of NumPy."""
    numba_loops = importlib.import_module("nnctl.kernels.numba_loops")
    numba_loops.listener.tell = lambda: say("compiling loops for this machine; numba keeps them for the next run")
    for name, loop in compiled_loops().items():
        globals()[name] = spread(loop, BY_ROWS[name]) if name in BY_ROWS else loop
    globals()["chosen"] = "compiled"


if os.environ.get(VARIABLE) == "compiled":  # also for what is no run: predictions, single layers
    choose(0)
