"""Batches are a function of seed and epoch; class weights go by name."""

from __future__ import annotations

import numpy as np
import pytest

from nnctl.data import Batches, Rows, class_weights
from nnctl.errors import ConfigError

ROWS = Rows(np.arange(23, dtype=np.float32)[:, None], np.arange(23), np.arange(23) / 2)


def test_every_row_once_and_x_y_weight_together():
    batches = Batches(ROWS, 5, shuffle=True, seed=3)
    parts = list(batches.epoch(2))
    assert [len(x) for x, _, _ in parts] == [5, 5, 5, 5, 3]
    assert len(batches) == 5
    assert sorted(np.concatenate([y for _, y, _ in parts])) == list(range(23))
    assert all((x[:, 0] == y).all() and (weight == y / 2).all() for x, y, weight in parts)


def test_order_is_that_of_the_documented_generator():
    order = np.random.Generator(np.random.SFC64(np.random.SeedSequence((3, 2, 7)))).permutation(23)
    assert np.concatenate([y for _, y, _ in Batches(ROWS, 5, True, 3).epoch(7)]).tolist() == order.tolist()
    assert np.concatenate([y for _, y, _ in Batches(ROWS, 4, True, 3).epoch(7)]).tolist() == order.tolist()


@pytest.mark.parametrize("shuffle", [True, False])
@pytest.mark.parametrize("start", [0, 1, 4, 5])
def test_r05_an_epoch_goes_on_in_the_middle(shuffle, start):
    batches = Batches(ROWS, 5, shuffle, 1)
    whole = [y.tolist() for _, y, _ in batches.epoch(3)]
    assert [y.tolist() for _, y, _ in batches.epoch(3, start)] == whole[start:]


def test_no_copy_without_shuffling():
    x, _, _ = next(Batches(ROWS, 5).epoch())
    assert np.shares_memory(x, ROWS.x)


def test_large_rows_are_gathered_in_windows():
    rows = Rows(np.arange(40 * 30000, dtype=np.float32).reshape(40, 30000), np.arange(40))
    for x, y, weight in Batches(rows, 3, True).epoch():
        assert (x[:, 0] == y * 30000).all()
        assert weight is None


def test_class_weights_balanced_by_label_and_by_index():
    y = np.array([0, 0, 0, 1])
    assert class_weights("balanced", ["no", "yes"], y).tolist() == pytest.approx([2 / 3] * 3 + [2])
    assert class_weights({"yes": 5}, ["no", "yes"], y[:, None]).tolist() == [1, 1, 1, 5]
    assert class_weights({0: 3}, ["no", "yes"], np.eye(2)[y]).tolist() == [3, 3, 3, 1]
    assert class_weights({1: 3}, ["1", "2"], y).tolist() == [3, 3, 3, 1]
    with pytest.raises(ConfigError, match="no class is called 'yess'; did you mean 'yes'"):
        class_weights({"yess": 2}, ["no", "yes"], y)
