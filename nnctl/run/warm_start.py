"""Where training starts when the spec says `initial_weights`."""

from __future__ import annotations

import math
from typing import Any

from nnctl.checkpoint import go_on_from, load_weights
from nnctl.errors import ConfigError
from nnctl.model import Sequential
from nnctl.spec import Spec


def warm_start(spec: Spec, model: Sequential) -> str:
    """Set the weights, and the optimizer's state where that is asked for; return what to tell of it."""
    start, optimizer = spec.initial_weights, model.optimizer
    assert start is not None
    assert optimizer is not None
    path = spec.base_dir / start.file
    if not start.optimizer:
        filled = load_weights(path, model, by=start.by)
        return f"initial weights from {start.file}: {', '.join(filled)}"
    try:
        filled, theirs = go_on_from(path, model, by=start.by)
    except ConfigError as error:
        spec.raise_for(ConfigError(f"initial_weights.optimizer: {error}"))
        raise
    told = f"initial weights from {start.file}: {', '.join(filled)}; {optimizer.title()} goes on after step "
    return f"{told}{optimizer.iterations:,}{_changed_rate(theirs.learning_rate, optimizer.learning_rate)}"


def _changed_rate(there: Any, here: Any) -> str:
    """Say so where the spec has another learning rate than the file: the spec's counts."""
    are_numbers = isinstance(there, float) and isinstance(here, float)
    if math.isclose(there, here, rel_tol=1e-6) if are_numbers else repr(there) == repr(here):  # Keras writes float32
        return ""
    return f" (learning rate there {there!r}, here {here!r})"
