"""Nothing registered goes without Keras' numbers, and no case is left lying about."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from nnctl.registry import find, known

from . import store
from .cases import Case, TrajectoryCase, cases_of, families
from .compare import KINDS, problems

# What no golden case can hold, and why.
EXCEPTIONS: dict[tuple[str, str], str] = {
    ("layer", "Input"): "computes nothing",
    ("layer", "AdaptiveMaxPooling3D"): "TensorFlow on a CPU refuses it; held by an example worked by hand",
    ("layer", "AdaptiveAveragePooling3D"): "TensorFlow on a CPU refuses it; held by an example worked by hand",
    ("layer", "MaxoutDense"): "Keras 1's; held by an example worked by hand",
    ("layer", "StochasticPooling1D"): "no Keras has it; held by examples of the paper",
    ("layer", "StochasticPooling2D"): "no Keras has it; held by examples of the paper",
    ("metric", "accuracy"): "a choice between metrics that have cases; the trajectories use it",
    ("metric", "CohenKappa"): "TensorFlow Addons'; held by an example worked by hand",
    ("metric", "MatthewsCorrelation"): "Keras 1's; held by an example worked by hand",
    ("metric", "ConfusionMatrix"): "a table for reports",
    ("metric", "Mean"): "has no targets; held by an example worked by hand",
    ("metric", "Sum"): "has no targets; held by an example worked by hand",
}
# Initializers that draw; tests of their distributions hold them.
RANDOM = {"GlorotUniform", "GlorotNormal", "HeUniform", "HeNormal", "LecunUniform", "LecunNormal", "RandomUniform",
          "RandomNormal", "TruncatedNormal", "VarianceScaling", "Orthogonal"}  # fmt: skip
OWN_TESTS = {"callback", "data source"}  # kinds whose effects are files and words, not numbers

ALL = [(family, case) for family in families() for case in cases_of(family)]


def named(family: str, case: Case) -> Iterator[tuple[str, str]]:
    """Yield (kind, name) of every thing that a case uses, nested ones too."""
    if not isinstance(case, TrajectoryCase):
        yield KINDS.get(family, "layer"), case.name
        yield from nested(case.config)
        return
    for kind, values in (("layer", case.layers), ("loss", [case.loss]), ("optimizer", [case.optimizer]),
                         ("metric", case.metrics), ("callback", case.callbacks)):  # fmt: skip
        for value in values:
            yield kind, value if isinstance(value, str) else next(iter(value))
            yield from nested(value)


def nested(value: Any) -> Iterator[tuple[str, str]]:
    """Yield every key or text that might name a thing, under each kind that knows it."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from nested(key)
            yield from nested(inner)
    elif isinstance(value, str):
        for kind in ("activation", "constraint", "initializer", "layer", "regularizer", "schedule"):
            yield kind, value


def test_everything_registered_has_a_golden_case() -> None:
    held = set()
    for kind, name in set(itertools.chain.from_iterable(named(family, case) for family, case in ALL)):
        if found := find(kind, name):
            held.add((kind, found[0].registered_name))  # type: ignore[attr-defined]  # every registered class has it
    kinds = {*KINDS.values(), "layer"} - OWN_TESTS
    missing = [
        f"{kind} {name}"
        for kind in sorted(kinds)
        for name in known(kind)
        if (kind, name) not in held and (kind, name) not in EXCEPTIONS and name not in RANDOM
    ]
    assert not missing, f"add a case to tests/golden/cases for: {', '.join(missing)}"


@pytest.mark.parametrize("family", families())
def test_every_case_has_an_answer(family: str) -> None:
    answers, versions = store.load(family)
    cases = cases_of(family)
    stale = [case.id for case in cases if answers.get(case.id, ("",))[0] != case.fingerprint]
    assert not stale, f"run  python -m tests.golden.generate {family}  with Keras for: {stale[:5]}"
    assert set(answers) == {case.id for case in cases}, "the file holds answers that nobody asks for"
    assert versions["keras"].startswith("3.")


def test_the_files_are_small() -> None:
    assert sum(path.stat().st_size for path in store.FOLDER.glob("*.npz")) < 3_000_000


def test_no_case_is_left_out() -> None:
    left = sorted({text for family, case in ALL for text in problems(family, case)})
    assert not left, "nnctl does not know:\n" + "\n".join(left)
