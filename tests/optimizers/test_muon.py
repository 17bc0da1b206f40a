"""Muon: which weights go by which rule, worked by hand; Keras' numbers are in tests/golden."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from nnctl.errors import ConfigError
from nnctl.layers.dense import Dense
from nnctl.layers.embedding import Embedding
from nnctl.layers.shaping import Flatten
from nnctl.model import Sequential
from nnctl.optimizers.muon import Muon


def by_adam(**options: Any) -> list[str]:
    """Return the paths of the weights of a small net that go by Adam."""
    layers = [Embedding(9, 4), Flatten(), Dense(6, name="hidden"), Dense(3, name="output")]
    model = Sequential(layers, dtype="float64")
    model.build((5,))
    optimizer = Muon(**options)
    optimizer.prepare(model.parameters)
    velocities = optimizer.views("velocity")
    return [w.path for w, v in zip(model.parameters.weights, velocities, strict=True) if v is not None]


def test_matrices_go_by_muon_and_the_rest_by_adam() -> None:
    assert by_adam() == ["embedding/embeddings", "hidden/bias", "output/bias"]
    assert by_adam(exclude_embeddings=False) == ["hidden/bias", "output/bias"]
    assert by_adam(exclude_layers=["output/"]) == [
        "embedding/embeddings",
        "hidden/bias",
        "output/kernel",
        "output/bias",
    ]


def test_a_step_is_nearly_orthogonal() -> None:
    """Singular values far apart come out near 1, as large as the iteration's constants let them."""
    random = np.random.default_rng(0)
    u, _ = np.linalg.qr(random.normal(size=(6, 3)))
    v, _ = np.linalg.qr(random.normal(size=(3, 3)))
    step = Muon(ns_steps=8).orthogonal(u * [5.0, 1.0, 0.1] @ v.T)
    assert np.abs(np.linalg.svd(step)[1] - 1).max() < 0.35
    np.testing.assert_allclose(Muon(ns_steps=8).orthogonal(np.zeros((2, 3))), 0)


@pytest.mark.parametrize("part", ["(a+)+$", ".*.*", "^output", ""])
def test_exclude_layers_takes_no_expression_that_could_run_for_ever(part: str) -> None:
    with pytest.raises(ConfigError, match="exclude_layers: expected parts of paths, and no regular expressions"):
        Muon(exclude_layers=[part])
