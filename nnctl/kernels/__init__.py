"""The few hot loops of the engine.

`reference` holds them in plain NumPy. They work on arrays alone and know nothing of layers; each
writes into memory that the caller gives. `compiled` has the same loops for numba, which the extra
`fast` brings. Their numbers are the same, so that the choice is about time alone:

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
from nnctl.kernels.reference import (
    adam,
    add_rows,
    bias_relu,
    col2im,
    depthwise,
    depthwise_gradient,
    drop,
    elements,
    im2col,
    lstm_slopes,
    lstm_state,
    max_pool,
    max_pool_gradient,
    open_gates,
    relu_gradient,
    rmsprop,
    windows,
)

__all__ = [
    "COMPILED",
    "adam",
    "add_rows",
    "bias_relu",
    "choose",
    "col2im",
    "depthwise",
    "depthwise_gradient",
    "drop",
    "elements",
    "im2col",
    "lstm_slopes",
    "lstm_state",
    "max_pool",
    "max_pool_gradient",
    "open_gates",
    "relu_gradient",
    "rmsprop",
    "windows",
]

COMPILED = (
    "adam",
    "add_rows",
    "bias_relu",
    "col2im",
    "depthwise",
    "depthwise_gradient",
    "drop",
    "lstm_slopes",
    "lstm_state",
    "max_pool",
    "max_pool_gradient",
    "open_gates",
    "relu_gradient",
    "rmsprop",
)
VARIABLE, CHOICES = "NNCTL_KERNELS", ("auto", "numpy", "compiled")

# Importing numba takes a quarter of a second, compiling one to three seconds, the first time. The
# compiled loops save about a nanosecond a number (weight or output of a layer) and step.
WORTH = 3_000_000_000


def choose(numbers: int, say: Callable[[str], None] = lambda text: None) -> None:
    """Take the compiled loops for a run over so many numbers, if that pays; what is chosen stays.

    Raises ConfigError where NNCTL_KERNELS is none of its values, or asks for numba and it is missing.
    """
    wanted = os.environ.get(VARIABLE) or "auto"
    if wanted not in CHOICES:
        raise ConfigError(f"{VARIABLE} must be one of {', '.join(CHOICES)}, got {wanted!r}")
    if wanted == "compiled":
        if find_spec("numba") is None:
            raise ConfigError(f"{VARIABLE}=compiled needs numba: pip install 'nnctl[fast]'")
        _compile(say)
    elif wanted == "auto" and numbers >= WORTH and find_spec("numba") is not None:
        try:
            _compile(say)
        except (ImportError, RuntimeError) as error:  # it does not fit this NumPy, or has no place for its cache
            say(f"numba cannot be used ({error}); going on with NumPy alone")


def _compile(say: Callable[[str], None]) -> None:
    """Put the compiled loops in the place of those of NumPy."""
    compiled = importlib.import_module("nnctl.kernels.compiled")
    compiled.listener.tell = lambda: say("compiling loops for this machine; numba keeps them for the next run")
    globals().update({name: getattr(compiled, name) for name in COMPILED})


if os.environ.get(VARIABLE) == "compiled":  # also for what is no run: predictions, single layers
    choose(0)
