"""Activations, losses and metrics against Keras."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from nnctl.fields import create
from nnctl.layers import Context
from nnctl.model import Sequential

from .cases import ActivationCase, LossCase, MetricCase
from .compare import check, collected, keras_numbers
from .inputs import draw_mask, normal, uniform
from .store import Numbers

REDUCTIONS = ("sum_over_batch_size", "sum", "mean", "mean_with_sample_weight")


@pytest.mark.parametrize("case", collected("activations"), ids=lambda case: case.id)
def test_activation(case: ActivationCase) -> None:
    activation, x = create("activation", case.spec), case.x.make(case.id)
    y, cache = activation.forward(x)
    dx = activation.backward(normal(*y.shape).make(f"{case.id}/u"), cache)
    check(case, {"y": y, "dx": dx}, keras_numbers("activations", case))


@pytest.mark.parametrize("case", collected("losses"), ids=lambda case: case.id)
def test_loss(case: LossCase) -> None:
    """N02: the extreme logits and certain probabilities are among the cases."""
    x, t = case.prediction.make(f"{case.id}/p"), case.y.make(f"{case.id}/y")
    mask = draw_mask(case.mask, case.prediction.shape[:2]) if case.mask else None
    values, got = _totals(case, x, t, None, mask)
    got["values"] = values
    for label, weight in case.weights(values.shape).items():
        _, totals = _totals(case, x, t, weight, mask)
        got |= {f"{label} {name}": array for name, array in totals.items()}
    want = keras_numbers("losses", case)
    if mask is not None:  # Keras hands out masked values times total / valid; nnctl's values know no mask
        del got["values"]
        want = {name: array for name, array in want.items() if name != "values"}
    check(case, got, want)


def _totals(case: LossCase, x: Any, t: Any, weight: Any, mask: Any) -> tuple[Any, Numbers]:
    """Every reduction of a loss, and the gradient of the default one, by the route that training takes."""
    totals: Numbers = {}
    for reduction in REDUCTIONS:
        loss = create("loss", {case.name: {**case.config, "reduction": reduction}})
        model = Sequential([create("layer", {"Activation": {"activation": case.through or "linear"}})], dtype="float64")
        model.build(x.shape[1:])
        model.compile(create("optimizer", "SGD"), loss)
        targets = loss.adapt_targets(t, x.shape[1:])
        targets = targets if loss.targets == "index" else targets.astype(np.float64)
        outputs = model.forward(x, Context(mask=mask))
        values, _ = model.loss_values(outputs, targets)
        total, slope = model.loss_and_gradient(outputs, targets, weight)
        totals[reduction] = np.asarray(total)
        if reduction == "sum_over_batch_size":
            totals["gradient"] = slope
    return values, totals


@pytest.mark.parametrize("case", collected("metrics"), ids=lambda case: case.id)
def test_metric(case: MetricCase) -> None:
    metric = create("metric", case.spec)
    metric.reset()
    t, y = case.y.make(f"{case.id}/y"), case.prediction.make(f"{case.id}/p")
    weight = uniform(len(t), high=2.0).make(f"{case.id}/weight") if case.weighted else None
    if case.mask and metric.takes_mask:
        weight = draw_mask(case.mask, case.prediction.shape[:2]).astype(np.float64)
    if y.shape == (*t.shape, 1):  # the model sees to this before the first batch
        t = t[..., None]
    got: Numbers = {}
    start = 0
    for batch, size in enumerate(case.sizes):
        rows = slice(start, start := start + size)
        metric.update(t[rows], y[rows], None if weight is None else weight[rows])
        got[f"after {batch}"] = np.asarray(metric.result())
    check(case, got, keras_numbers("metrics", case))
