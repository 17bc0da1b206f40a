"""Metrics of the table of true and predicted classes: ConfusionMatrix, MatthewsCorrelation, CohenKappa."""

from __future__ import annotations

from typing import Literal

import numpy as np

from nnctl.fields import field
from nnctl.metrics import Array, Sums, ratio, spread, table
from nnctl.registry import register
from nnctl.rules import Probability


class Table(Sums):
    """matrix[i, j] = sum of the weights of the samples of class i that were taken for class j"""

    better = "max"
    sums = ("matrix",)

    threshold: Probability = field(0.5, doc="With one output: above it means class 1; with more the highest counts.")

    def update(self, t: Array, y: Array, weight: Array | None = None) -> None:
        classes = max(y.shape[-1], 2)
        share = np.ones(y.shape[:-1]) if weight is None else spread(weight, y[..., 0])
        if y.shape[-1] == 1:
            said, truth = y[..., 0] > self.threshold, t.reshape(y.shape[:-1]) > 0.5
        else:
            said = y.argmax(axis=-1)
            truth = t.argmax(axis=-1) if t.shape == y.shape else t.reshape(y.shape[:-1])
        self.add(table(truth.ravel().astype(np.int64), said.ravel().astype(np.int64), share.ravel(), classes))

    def result(self) -> float:
        matrix = np.asarray(self.matrix)
        return self.score(matrix) if matrix.ndim else 0.0

    def score(self, matrix: Array) -> float:
        raise NotImplementedError


@register("metric")
class ConfusionMatrix(Table):
    """matrix[i, j] = samples of class i taken for class j; its column in the history is the share on the diagonal

    `matrix` is there for reports.
    Source  sklearn.metrics.confusion_matrix
    """

    def score(self, matrix: Array) -> float:
        return float(ratio(np.trace(matrix), matrix.sum()))


@register("metric")
class MatthewsCorrelation(Table):
    """result = (c s - sum_k p_k t_k) / sqrt((s^2 - sum p_k^2)(s^2 - sum t_k^2)): 1 right, 0 chance

    c: right samples, s: all, p_k: taken for class k, t_k: of class k.
    Source  Matthews 1975, Gorodkin 2004; keras (1) metrics.matthews_correlation
    """

    def score(self, matrix: Array) -> float:
        s, truth, said = matrix.sum(), matrix.sum(axis=1), matrix.sum(axis=0)
        scale = np.sqrt((s * s - said @ said) * (s * s - truth @ truth))
        return float(ratio(np.trace(matrix) * s - said @ truth, scale))


@register("metric")
class CohenKappa(Table):
    """result = 1 - sum w matrix / sum w expected, where expected_ij = t_i p_j / s: 1 right, 0 chance

    w_ij is 1 off the diagonal, |i - j| (linear) or (i - j)^2 (quadratic).
    Source  Cohen 1960, 1968; tensorflow_addons.metrics.CohenKappa
    """

    weightage: Literal["linear", "quadratic"] | None = field(None, doc="How far off counts, for classes in an order.")

    examples = ({}, {"weightage": "linear"}, {"weightage": "quadratic"})

    def score(self, matrix: Array) -> float:
        row, column = np.indices(matrix.shape)
        power = {None: 0, "linear": 1, "quadratic": 2}[self.weightage]
        weights = np.abs(row - column) ** power * (row != column)
        expected = np.outer(matrix.sum(axis=1), matrix.sum(axis=0)) / max(float(matrix.sum()), 1e-300)
        chance = np.sum(weights * expected)
        return float(1 - np.sum(weights * matrix) / chance) if chance else 0.0
