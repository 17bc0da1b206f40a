"""What compiled scans have of their own: tanh and the logistic function, and NumPy's library for products."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytest.importorskip("numba", reason="the extra `fast` brings it")

from nnctl.kernels import compiled_scans, reference_scans

pytestmark = pytest.mark.skipif(compiled_scans.sgemm is None, reason="NumPy's library for products is another one")

SHUT = 1e-13  # what is left of a gate that is shut


def exact(x: Any) -> tuple[Any, Any]:
    """Return tanh and the logistic function in float64."""
    wide = x.astype("f8")
    return np.tanh(wide), 1 / (1 + np.exp(-wide))


def gates_of(x: Any) -> Any:
    """Return what an LSTM's gates o i f g make of the same number, each row one."""
    z = np.tile(x.reshape(1, 1, -1, 1), (4, 1, 1, 1))
    h, c, a = (np.zeros((steps, len(x), 1), "f4") for steps in (2, 2, 1))
    nothing = np.empty((0, len(x), 1), "f4")
    compiled_scans.lstm_scan(nothing, nothing, z, np.zeros((4, 1, 1), "f4"), h, c, a, np.empty((0, len(x)), bool))
    return z[:, 0, :, 0]


def test_tanh_and_the_logistic_function_are_exact_to_three_units_in_the_last_place() -> None:
    x = np.concatenate([np.linspace(-12, 12, 100_001), np.logspace(-20, 1.9, 5000), -np.logspace(-20, 1.9, 5000)])
    x = x.astype("f4")
    for y, wide in zip((gates_of(x)[3], gates_of(x)[0]), exact(x), strict=True):
        unit = np.spacing(np.abs(wide).astype("f4")).astype("f8")
        assert (np.abs(y - wide) <= np.maximum(3 * unit, SHUT * (x < -29))).all()


def test_what_is_no_number_stays_so_and_infinities_saturate() -> None:
    y = gates_of(np.array([np.nan, np.inf, -np.inf, 1e30, -1e30, 0], "f4"))
    np.testing.assert_array_equal(y[3], [np.nan, 1, -1, 1, -1, 0])
    np.testing.assert_allclose(y[0], [np.nan, 1, 0, 1, 0, 0.5], rtol=0, atol=SHUT)


@pytest.mark.parametrize("why", ["no library", "float64", "weights of float64", "gaps in the memory"])
def test_what_does_not_fit_is_the_references(why: str, monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(0)
    results = []
    if why == "no library":
        monkeypatch.setattr(compiled_scans, "sgemm", None)
    for scans in (reference_scans, compiled_scans):
        random = np.random.default_rng(0)
        dtype = "f8" if why == "float64" else "f4"
        z, h = random.normal(size=(1, 6, 3, 4)).astype(dtype), random.normal(size=(7, 3, 4)).astype(dtype)
        if why == "gaps in the memory":
            z, h = z[:, ::2], h[::2][:4]
        nothing = np.empty((0, 3, 4), dtype)
        weights = random.normal(size=(1, 4, 4)).astype("f8" if "float64" in why else "f4")
        scans.rnn_scan(nothing, nothing, z, weights, h, np.empty((0, 3), bool))
        results.append(h)
    np.testing.assert_array_equal(*results)


@pytest.mark.parametrize("units", [1, 7, 20, 128])
def test_what_was_in_the_memory_before_means_nothing(units: int) -> None:
    random = np.random.default_rng(0)
    x, w, u = (random.normal(size=size).astype("f4") / 9 for size in ((2, 5, 3), (1, 3, units), (1, units, units)))
    results = []
    for before in (0, np.nan):
        z, h = np.full((1, 2, 5, units), before, "f4"), np.full((3, 5, units), before, "f4")
        h[0] = 0
        compiled_scans.rnn_scan(x, w, z, u, h, np.empty((0, 5), bool))
        results.append(h)
    np.testing.assert_array_equal(*results)
    assert np.isfinite(h).all()
