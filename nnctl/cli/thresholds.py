"""--fail-under METRIC=X: a number of the result, compared."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from nnctl.cli.options import Threshold
from nnctl.errors import ThresholdError, UsageError
from nnctl.registry import suggest


def check_name(threshold: Threshold, names: Collection[str]) -> None:
    """Raise UsageError where the metric is none that is measured."""
    if threshold.metric not in names:
        near = suggest(threshold.metric, names)
        hint = f"did you mean {near!r}?" if near else f"there are: {', '.join(names)}"
        raise UsageError(f"--fail-under: no metric is called {threshold.metric!r}; {hint}")


def check(threshold: Threshold, values: Mapping[str, float], where: str) -> None:
    """Raise ThresholdError where the metric is below the threshold, or not a number."""
    check_name(threshold, values.keys())
    value = values[threshold.metric]
    if not value >= threshold.least:
        raise ThresholdError(f"{threshold.metric} is {value:.6g} {where}, --fail-under asks for {threshold.least:g}")
