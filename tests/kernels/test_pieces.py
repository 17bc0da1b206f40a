"""Products in pieces are products: whatever is cut, and however the rows lie in memory."""

from __future__ import annotations

import numpy as np
import pytest

from nnctl.kernels import pieces

SHAPES = [
    (3, 20, 6, 4),  # images, rows, fields, outputs: in one piece
    (2, 700, 40, 64),  # rows of a product are cut, with some left over
    (1, 400, 160, 64),  # so are the fields of a gradient
    (2, 30, 300, 260),  # too large for pieces
]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("turned", [False, True])
def test_products_and_gradients(shape: tuple[int, ...], turned: bool) -> None:
    images, rows, fields, outputs = shape
    random = np.random.default_rng(0)
    x = random.normal(size=(images, rows, fields))
    if turned:
        x = np.ascontiguousarray(x.transpose(2, 0, 1)).transpose(1, 2, 0)
    matrix, dy = random.normal(size=(fields, outputs)), random.normal(size=(images, rows, outputs))
    np.testing.assert_allclose(pieces.multiply(x, matrix), x @ matrix, rtol=1e-10, atol=1e-10)
    out = np.full((images, rows + 5, outputs), 7.0)
    pieces.multiply(x[:, 3:], matrix, out[:, 3:rows])
    np.testing.assert_allclose(out[:, 3:rows], x[:, 3:] @ matrix, rtol=1e-10, atol=1e-10)
    assert (out[:, :3] == 7).all()
    assert (out[:, rows:] == 7).all()
    total = np.ones((fields, outputs))
    pieces.add_gradient(x[:, :-1], dy[:, 1:], total)
    np.testing.assert_allclose(total, 1 + np.einsum("nri,nro->io", x[:, :-1], dy[:, 1:]), rtol=1e-10, atol=1e-10)


def test_pieces_are_as_small_as_they_say() -> None:
    for rows in (1, 15, 182, 900, 5000):
        for numbers in (100, 10_240, 49_152, pieces.LARGEST):
            cuts = list(pieces._cut(rows, numbers))
            assert all(size * numbers <= pieces._limit() for _, size in cuts)
            assert [part.start for part, _ in cuts] + [rows] == [0] + [part.stop for part, _ in cuts]
            assert all((part.stop - part.start) % size == 0 for part, size in cuts)
