"""What optimizers had in Keras 1 and 2: `decay` beside the rate, and `epsilon: null` for 1e-7."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nnctl.findings import Findings, Path
from nnctl.rules import NonNegativeFloat, PositiveFloat, describe, fits, show
from nnctl.schedules import Schedule


def renewed(given: Mapping[str, Any], fields: Mapping[str, Any], findings: Findings, path: Path) -> dict[str, Any]:
    """Return an optimizer's fields as Keras 3 would have them, with a notice of each that was old."""
    given = dict(given)
    if "epsilon" in fields and given.get("epsilon", 0) is None:
        findings.notice((*path, "epsilon"), f"null is an old value: {fields['epsilon'].default:g} in Keras 3")
        del given["epsilon"]
    if "decay" in given and "decay" not in fields:
        _join_decay(given, fields["learning_rate"].default, findings, path)
    return given


def _join_decay(given: dict[str, Any], default: float, findings: Findings, path: Path) -> None:
    """Put an InverseTimeDecay in the place of the rate and its decay."""
    decay, name = given.pop("decay"), "lr" if "lr" in given else "learning_rate"
    rate, here = given.get(name, default), (*path, "decay")
    if not fits(decay, NonNegativeFloat):
        findings.error(here, f"expected {describe(NonNegativeFloat)}, got {show(decay)}")
    elif isinstance(rate, (Mapping, Schedule)):
        findings.error(here, "the learning rate is a schedule already; remove decay", at_key=True)
    else:
        findings.notice(here, "'decay' is an old name: 'learning_rate: InverseTimeDecay' in Keras 3")
        if decay and fits(rate, PositiveFloat):
            schedule = {"initial_learning_rate": rate, "decay_steps": 1, "decay_rate": decay}
            given[name] = {"InverseTimeDecay": schedule}
