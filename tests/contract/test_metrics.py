"""What every metric must do: not depend on how rows are cut into batches, and go on from a saved state."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from nnctl.fields import create
from tests.contract.walk import examples

METRICS = examples("metric")
ROWS, CLASSES = 11, 4


def prepared(name: str, config: dict[str, Any]) -> tuple[Any, Any, Any]:
    """Return the metric ready to run, targets that it can take, and predictions."""
    random = np.random.default_rng(8)
    y = random.dirichlet(np.ones(CLASSES), ROWS).astype("float32")
    metric = create("metric", {name: config})
    loss = create("loss", name) if hasattr(metric, "_loss") else create("loss", "categorical_crossentropy")
    metric = metric.resolve(loss, (CLASSES,))
    metric.reset()
    indices = random.integers(0, CLASSES, ROWS)
    if getattr(metric, "sparse_y_pred", False):
        y = random.integers(0, 2, (ROWS, 1)).astype("float32")
    if loss.targets == "index" or name.startswith("Sparse"):
        return metric, indices, y
    if getattr(metric, "sparse_y_true", False):
        return metric, (indices % 2)[:, None].astype("float32"), y
    return metric, np.eye(CLASSES, dtype="float32")[indices], y


def fed(metric: Any, t: Any, y: Any, weight: Any, sizes: list[int]) -> Any:
    metric.reset()
    for rows in np.split(np.arange(ROWS), np.cumsum(sizes)[:-1]):
        metric.update(t[rows], y[rows], None if weight is None else weight[rows])
    return metric.result()


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize(("name", "config"), METRICS)
def test_batches_do_not_matter(name: str, config: dict[str, Any], weighted: bool, recwarn: Any) -> None:
    """RELIABILITY N06. An empty batch is among them; inputs are read only."""
    metric, t, y = prepared(name, config)
    weight = np.random.default_rng(9).random(ROWS) if weighted else None
    for array in (t, y):
        array.setflags(write=False)
    whole = fed(metric, t, y, weight, [ROWS])
    for sizes in ([4, 4, 3], [1] * ROWS, [7, 0, 4]):
        np.testing.assert_allclose(fed(metric, t, y, weight, sizes), whole, rtol=1e-6, atol=1e-9)
    assert isinstance(metric.number(), float)
    assert not [w for w in recwarn if issubclass(w.category, RuntimeWarning)]


@pytest.mark.parametrize(("name", "config"), METRICS)
def test_goes_on_from_a_saved_state(name: str, config: dict[str, Any]) -> None:
    metric, t, y = prepared(name, config)
    whole = fed(metric, t, y, None, [6, 5])
    fed(metric, t, y, None, [ROWS])
    metric.reset()
    metric.update(t[:6], y[:6])
    state = metric.state()
    json.dumps({key: value.tolist() if isinstance(value, np.ndarray) else value for key, value in state.items()})
    metric.update(t, y)  # what was given out must not change
    metric.reset()
    metric.restore(state)
    metric.update(t[6:], y[6:])
    np.testing.assert_array_equal(metric.result(), whole)


@pytest.mark.parametrize(("name", "config"), METRICS)
def test_a_result_is_there_before_the_first_batch(name: str, config: dict[str, Any], recwarn: Any) -> None:
    metric, _, _ = prepared(name, config)
    assert isinstance(metric.number(), float)
    assert not [w for w in recwarn if issubclass(w.category, RuntimeWarning)]
