"""The nnctl side: which cases it can build, and how near to Keras its numbers must be."""

from __future__ import annotations

from functools import cache
from inspect import signature
from typing import Any

import numpy as np

from nnctl.api import Sequential
from nnctl.fields import create
from nnctl.findings import Findings

from . import store
from .cases import Case, TrajectoryCase, cases_of

KINDS = {
    "activations": "activation",
    "constraints": "constraint",
    "initializers": "initializer",
    "losses": "loss",
    "metrics": "metric",
    "optimizers": "optimizer",
    "regularizers": "regularizer",
    "schedules": "schedule",
}  # every other family but the trajectories holds layers


def problems(family: str, case: Case) -> list[str]:
    """Return why nnctl cannot build what a case names: something in it is not known, or has no such field."""
    found = Findings()
    if isinstance(case, TrajectoryCase):
        for layer in case.layers:
            create("layer", layer, found)
        for kind in ("loss", "optimizer"):
            create(kind, getattr(case, kind), found)
        for metric in (*case.metrics, *case.weighted_metrics):
            create("metric", metric, found)
        for callback in case.callbacks:
            create("callback", callback, found)
        accepted = {*signature(Sequential.compile).parameters, *signature(Sequential.fit).parameters}
        wanted = {*case.fit, *(["weighted_metrics"] if case.weighted_metrics else [])}
        for option in sorted(wanted - accepted):
            found.error((), f"Sequential has no field {option!r}")
    else:
        create(KINDS.get(family, "layer"), case.spec, found)
    unknown = (str(problem) for problem in found.errors)
    return [text for text in unknown if " is called " in text or " has no field " in text]


def collected(family: str) -> list[Any]:
    return [case for case in cases_of(family) if not problems(family, case)]


@cache
def golden(family: str) -> dict[str, tuple[str, store.Numbers]]:
    return store.load(family)[0]


def keras_numbers(family: str, case: Case) -> store.Numbers:
    """Return Keras' answer to a case, which must be the answer to this very form of it."""
    fingerprint, numbers = golden(family).get(case.id, ("", {}))
    assert fingerprint == case.fingerprint, f"run  python -m tests.golden.generate {family}  with Keras: a new case"
    return numbers


def check(case: Case, got: store.Numbers, want: store.Numbers) -> None:
    """Compare every quantity; elements near zero are held to the size of their array."""
    tolerance, near_zero = (1e-5, 1e-6) if case.float32 else (1e-9, 1e-11)
    assert set(got) == set(want), f"{case.id}: nnctl gives {sorted(got)}, Keras {sorted(want)}"
    for quantity, expected in want.items():
        actual = np.asarray(got[quantity], dtype=np.float64)
        assert actual.shape == expected.shape, f"{case.id}: {quantity} is {actual.shape}, Keras' {expected.shape}"
        size = np.abs(expected[np.isfinite(expected)]).max(initial=0.0)
        np.testing.assert_allclose(
            actual, expected, rtol=tolerance, atol=near_zero * size, err_msg=f"{case.id}: {quantity}"
        )
