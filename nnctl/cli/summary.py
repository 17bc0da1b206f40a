"""A network and its preprocessing, as `check` and `info` show them."""

from __future__ import annotations

from nnctl.cli import console
from nnctl.cli.voice import VERBOSE, voice
from nnctl.data import Preprocessing
from nnctl.layers import show_shape
from nnctl.model import Sequential

LINES = 12  # of the preprocessing, unless -v


def show_data(fitted: Preprocessing) -> None:
    """Print what is done to raw data, a line a column; of many columns the first ones."""
    *columns, target = fitted.describe() if fitted.targets else [*fitted.describe(), ""]
    if len(columns) > LINES and voice.level < VERBOSE:
        columns = [*columns[: LINES - 1], f"... and {len(columns) - LINES + 1} more (-v shows all)"]
    console.text("\n".join([*columns, target] if target else columns))


def show(model: Sequential) -> None:
    """Print name, class, output shape and number of weights of every layer, and the sums."""
    rows = [("input", "", show_shape(model.input_shape), "")]
    rows += [(name, kind, shape, f"{count:,}") for name, kind, shape, count in model.summary_rows()]
    console.table(("layer", "class", "output shape", "weights"), rows, right=[3])
    trained = sum(weight.size for weight in model.weights if weight.trainable)
    total = model.count_params()
    frozen = f", {total - trained:,} of them are not trained" if total > trained else ""
    console.text(f"{total:,} weights{frozen}")
