"""Every metric over batches of 4, 4 and 3, with and without weights, each option at least once."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ..inputs import Draw, given, ints, normal, one_hot, signs, simplex, uniform
from . import MetricCase

N = 11


def on(y: Draw, prediction: Draw, name: str, *, mask: str = "", note: str = "", **config: Any) -> list[MetricCase]:
    """A metric without weights, and with them where no mask stands in the way."""
    float32 = "TopK" in name or "IoU" in name  # top-k has no float64 form in TensorFlow; Keras casts IoUs to float32
    plain = MetricCase(name=name, config=config, y=y, prediction=prediction, mask=mask, note=note, float32=float32)
    return [plain] if mask else [plain, replace(plain, weighted=True)]


BIT, BITS, STEP_BITS = ints(N, 1, high=2), ints(N, 3, high=2), ints(N, 5, 1, high=2)
CLASS, HOT, STEP_CLASS = ints(N, high=4), one_hot(N, 4), ints(N, 5, high=3)
SCORE, SCORES, ROWS = uniform(N, 1), uniform(N, 3), simplex(N, 4)
COARSE = given([[step / 4] for step in (0, 1, 2, 3, 4, 2, 2, 1, 3, 0, 4)])  # scores with ties, and on thresholds
COARSE_TRUTH = given([[bit] for bit in (0, 1, 0, 1, 1, 1, 0, 0, 1, 0, 0)])
REAL = normal(N, 3)

COUNTS = ("TruePositives", "TrueNegatives", "FalsePositives", "FalseNegatives")
AT = {
    "SensitivityAtSpecificity": "specificity",
    "SpecificityAtSensitivity": "sensitivity",
    "PrecisionAtRecall": "recall",
    "RecallAtPrecision": "precision",
}


def accuracies() -> list[MetricCase]:
    return [
        *on(ints(N, 1, high=3), ints(N, 1, high=3), "Accuracy"),
        *on(BIT, SCORE, "BinaryAccuracy"),
        *on(BITS, SCORES, "BinaryAccuracy"),
        *on(ints(N, high=2), SCORE, "BinaryAccuracy", note="flat targets"),
        *on(BIT, SCORE, "BinaryAccuracy", threshold=0.3),
        *on(COARSE_TRUTH, COARSE, "BinaryAccuracy", note="ties"),
        *on(STEP_BITS, uniform(N, 5, 1), "BinaryAccuracy", mask="right"),
        *on(HOT, ROWS, "CategoricalAccuracy"),
        *on(one_hot(N, 5, 3), simplex(N, 5, 3), "CategoricalAccuracy", mask="right"),
        *on(CLASS, ROWS, "SparseCategoricalAccuracy"),
        *on(ints(N, 1, high=4), ROWS, "SparseCategoricalAccuracy", note="targets in a column"),
        *on(STEP_CLASS, simplex(N, 5, 3), "SparseCategoricalAccuracy", mask="right"),
        *on(STEP_CLASS, simplex(N, 5, 3), "SparseCategoricalAccuracy", mask="all"),
        *on(one_hot(N, 8), simplex(N, 8), "TopKCategoricalAccuracy"),
        *on(HOT, ROWS, "TopKCategoricalAccuracy", k=2),
        *on(ints(N, high=8), simplex(N, 8), "SparseTopKCategoricalAccuracy"),
        *on(CLASS, ROWS, "SparseTopKCategoricalAccuracy", k=2),
    ]


def counts() -> list[MetricCase]:
    cases: list[MetricCase] = []
    for name in COUNTS:
        cases += on(BIT, SCORE, name)
        cases += on(BITS, SCORES, name, thresholds=[0.2, 0.5, 0.8])
    for name in ("Precision", "Recall"):
        cases += on(BIT, SCORE, name)
        cases += on(COARSE_TRUTH, COARSE, name, thresholds=0.5, note="ties")
        cases += on(BITS, SCORES, name, thresholds=[0.0, 0.3, 1.0])
        cases += on(HOT, ROWS, name, class_id=1)
        cases += on(HOT, ROWS, name, top_k=2)
        cases += on(HOT, ROWS, name, top_k=2, class_id=1)
    for name, field in AT.items():
        configs: tuple[tuple[Draw, Draw, dict[str, Any]], ...] = (
            (BIT, SCORE, {field: 0.5}),
            (BIT, SCORE, {field: 0.7, "num_thresholds": 20}),
            (HOT, ROWS, {field: 0.3, "class_id": 2}),
        )
        for y, prediction, config in configs:
            cases += on(y, prediction, name, **config)
    for average in (None, "micro", "macro", "weighted"):
        cases += on(HOT, ROWS, "F1Score", average=average)
        cases += on(BITS, SCORES, "F1Score", average=average, threshold=0.5)
        cases += on(HOT, ROWS, "FBetaScore", average=average, beta=2.0)
    return cases


def areas() -> list[MetricCase]:
    cases = [*on(BIT, SCORE, "AUC"), *on(BIT, SCORE, "AUC", curve="PR"), *on(COARSE_TRUTH, COARSE, "AUC", note="ties")]
    for method in ("interpolation", "minoring", "majoring"):
        for curve in ("ROC", "PR"):
            cases += on(BIT, SCORE, "AUC", num_thresholds=15, curve=curve, summation_method=method)
    cases += on(BIT, SCORE, "AUC", thresholds=[0.1, 0.5, 0.6])
    cases += on(BIT, SCORE, "AUC", num_thresholds=3)
    cases += on(BIT, normal(N, 1), "AUC", from_logits=True)
    cases += on(BITS, SCORES, "AUC")
    cases += on(BITS, SCORES, "AUC", multi_label=True)
    cases += on(BITS, SCORES, "AUC", multi_label=True, num_labels=3, label_weights=[0.5, 0.3, 0.2])
    cases += on(BITS, SCORES, "AUC", multi_label=True, curve="PR")
    return cases


def overlaps() -> list[MetricCase]:
    pair: tuple[Draw, Draw] = (ints(N, high=4), ints(N, high=4))
    return [
        *on(*pair, "MeanIoU", num_classes=4),
        *on(*pair, "MeanIoU", num_classes=4, ignore_class=0),
        *on(CLASS, ROWS, "MeanIoU", num_classes=4, sparse_y_pred=False),
        *on(*pair, "IoU", num_classes=4, target_class_ids=[1, 2]),
        *on(BIT, SCORE, "BinaryIoU"),
        *on(BIT, SCORE, "BinaryIoU", target_class_ids=[1], threshold=0.3),
        *on(HOT, ROWS, "OneHotIoU", num_classes=4, target_class_ids=[0, 3]),
        *on(HOT, ROWS, "OneHotMeanIoU", num_classes=4),
    ]


def regressions() -> list[MetricCase]:
    positive = uniform(N, 3, low=0.1, high=2.0)
    cases = []
    for name in (
        "MeanSquaredError",
        "MeanAbsoluteError",
        "MeanAbsolutePercentageError",
        "RootMeanSquaredError",
        "CosineSimilarity",
        "LogCoshError",
        "R2Score",
        "PearsonCorrelation",
        "ConcordanceCorrelation",
    ):
        cases += on(REAL, normal(N, 3), name)
    for name in ("MeanSquaredLogarithmicError", "Poisson"):
        cases += on(positive, positive, name)
    for name in ("MeanSquaredError", "RootMeanSquaredError", "MeanAbsoluteError"):
        cases += on(normal(N), normal(N, 1), name, note="flat targets")
        cases += on(normal(N, 5, 2), normal(N, 5, 2), name, mask="right")
    for aggregation in (None, "uniform_average", "variance_weighted_average"):
        cases += on(REAL, normal(N, 3), "R2Score", class_aggregation=aggregation, note="stated")
    cases += on(REAL, normal(N, 3), "R2Score", num_regressors=1)
    return cases


def losses() -> list[MetricCase]:
    return [
        *on(BIT, SCORE, "BinaryCrossentropy"),
        *on(BITS, normal(N, 3), "BinaryCrossentropy", from_logits=True, label_smoothing=0.1),
        *on(HOT, ROWS, "CategoricalCrossentropy"),
        *on(HOT, normal(N, 4), "CategoricalCrossentropy", from_logits=True, label_smoothing=0.1),
        *on(CLASS, ROWS, "SparseCategoricalCrossentropy"),
        *on(CLASS, normal(N, 4), "SparseCategoricalCrossentropy", from_logits=True),
        *on(CLASS, ROWS, "SparseCategoricalCrossentropy", ignore_class=1),
        *on(STEP_CLASS, simplex(N, 5, 3), "SparseCategoricalCrossentropy", mask="middle"),
        *on(ROWS, simplex(N, 4), "KLDivergence"),
        *on(signs(N, 3), REAL, "Hinge"),
        *on(signs(N, 3), REAL, "SquaredHinge"),
        *on(HOT, normal(N, 4), "CategoricalHinge"),
        *on(BIT, SCORE, "BinaryFocalCrossentropy", gamma=1.0),
        *on(HOT, ROWS, "CategoricalFocalCrossentropy"),
        *on(CLASS, ROWS, "CategoricalGeneralizedCrossEntropy"),
        *on(REAL, normal(N, 3), "Huber", delta=0.5),
        *on(REAL, normal(N, 3), "LogCosh"),
    ]


CASES = [*accuracies(), *counts(), *areas(), *overlaps(), *regressions(), *losses()]
