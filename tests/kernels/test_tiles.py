"""Products in tiles are the products, however the factors lie in memory."""

from __future__ import annotations

import numpy as np
import pytest

from nnctl import kernels, threads
from nnctl.kernels import tiles


@pytest.fixture(autouse=True)
def small_kernels(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tiles are right on every processor, fast on some."""
    monkeypatch.setattr(tiles, "has_small_kernels", lambda: True)


def lying(random: np.random.Generator, shape: tuple[int, int], how: str) -> np.ndarray:
    """Return a matrix by rows, transposed, or as columns of a larger one."""
    rows, columns = shape
    if how == "transposed":
        return random.random((columns, rows), "f4").T
    return random.random((rows, columns + 7), "f4")[:, :columns] if how == "part" else random.random(shape, "f4")


@pytest.mark.parametrize("shape", [(128, 300, 272), (33, 300, 77), (16, 900, 130), (40, 20, 16), (5, 300, 64)])
@pytest.mark.parametrize("left", ["rows", "transposed", "part"])
@pytest.mark.parametrize("right", ["rows", "transposed", "part"])
def test_a_product_in_tiles_is_the_product(shape: tuple[int, int, int], left: str, right: str) -> None:
    random = np.random.default_rng(0)
    m, k, n = shape
    a, b = lying(random, (m, k), left), lying(random, (k, n), right)
    out = np.full((m, 2 * n), np.nan, "f4")
    tiles.multiply(a, b, out[:, :n])
    np.testing.assert_allclose(out[:, :n], a.astype("f8") @ b, rtol=1e-5)
    assert np.isnan(out[:, n:]).all()


def test_what_has_no_tiles_stays_whole() -> None:
    random = np.random.default_rng(0)
    a, b = random.random((64, 300)), random.random((300, 64))
    out = np.empty((64, 128))[:, ::2]
    for left, right, place in ((a, b, out), (a.astype("f4"), b.astype("f4"), out.astype("f4")[:, ::1])):
        tiles.multiply(left, right, place)
        np.testing.assert_allclose(place, a @ b, rtol=1e-5)


@pytest.mark.parametrize("shape", [(4, 6, 3), (128, 512, 300)])
@pytest.mark.parametrize("count", [1, 2, 3])
def test_both_gradients_of_a_product(shape: tuple[int, int, int], count: int) -> None:
    m, k, n = shape
    random = np.random.default_rng(0)
    x, kernel, dy = random.random((m, k), "f4"), random.random((k, n), "f4"), random.random((m, n), "f4")
    dkernel = np.full_like(kernel, np.nan)
    before = threads.current()
    threads.set_threads(count)
    try:
        dx = kernels.product_gradients(x, kernel, dy, dkernel, True)
        np.testing.assert_allclose(dkernel, x.astype("f8").T @ dy, rtol=1e-5)
        np.testing.assert_allclose(dx, dy.astype("f8") @ kernel.T, rtol=1e-5)
        dkernel.fill(np.nan)
        assert kernels.product_gradients(x, kernel, dy, dkernel, False) is None
        np.testing.assert_allclose(dkernel, x.astype("f8").T @ dy, rtol=1e-5)
    finally:
        threads.set_threads(before)
