"""Every loss, plain and with its options; extreme predictions and logits; masks over steps."""

from __future__ import annotations

from typing import Any

from ..inputs import Draw, given, ints, normal, one_hot, signs, simplex, uniform
from . import LossCase


def on(
    y: Draw, prediction: Draw, name: str, *, mask: str = "", through: str = "", note: str = "", **config: Any
) -> LossCase:
    return LossCase(name=name, config=config, y=y, prediction=prediction, mask=mask, through=through, note=note)


BIT, BITS, STEP_BITS = ints(6, 1, high=2), ints(4, 3, high=2), ints(4, 5, 1, high=2)
CLASS, STEP_CLASS = ints(6, high=4), ints(4, 5, high=3)
# Logits of +-1e4 make probabilities of exactly 0 and 1.
EXTREME_ROWS = given(
    [[1e4, -1e4, 0.0], [-1e4, 1e4, 0.0], [30.0, -30.0, 0.0], [0.0, 1e-9, -1e-9], [500.0, 499.0, 501.0]]
)
EXTREME_BITS = given([[1e4], [-1e4], [1e4], [-1e4], [30.0], [1e-9], [0.0]])
EXTREME_TRUTH = given([[1], [0], [0], [1], [0], [1], [1]])
SURE_BITS = given([[1.0], [0.0], [1.0], [0.0], [1e-9], [1 - 1e-9], [0.5]])
SURE_ROWS = given([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 0.0], [0.5, 0.25, 0.25], [1e-12, 0.5, 0.5]])
FIRST = given([[1.0, 0.0, 0.0]] * 5)
ZEROTH = given([0, 0, 0, 0, 0])

REGRESSION = (
    "MeanSquaredError",
    "MeanAbsoluteError",
    "MeanAbsolutePercentageError",
    "MeanSquaredLogarithmicError",
    "Huber",
    "LogCosh",
    "CosineSimilarity",
    "Poisson",
    "KLDivergence",
)
HINGES = ("Hinge", "SquaredHinge")
POSITIVE = ("Poisson", "KLDivergence", "MeanSquaredLogarithmicError")  # these clip or take the logarithm

CASES = [
    *(
        on(normal(4, 3), uniform(4, 3, low=0.1, high=1.0) if name in POSITIVE else normal(4, 3), name)
        for name in REGRESSION
    ),
    *(on(normal(4, 5, 2), normal(4, 5, 2), name, mask="right") for name in REGRESSION if name not in POSITIVE),
    *(on(simplex(4, 5, 2), simplex(4, 5, 2), name, mask="middle") for name in POSITIVE),
    *(on(simplex(4, 3), simplex(4, 3), name, note="probabilities") for name in REGRESSION),
    *(on(normal(5), normal(5, 1), name) for name in ("MeanSquaredError", "LogCosh")),
    *(on(normal(2, 3), normal(2, 3, scale=100.0), name, note="far off") for name in ("Huber", "LogCosh")),
    on(given([[0.0, 1.0], [0.0, 0.0]]), given([[0.0, 1.0], [2.0, 0.0]]), "MeanAbsoluteError", note="ties"),
    on(given([[0.0, 1.0], [0.0, 0.0]]), given([[0.0, 1.0], [2.0, 0.0]]), "MeanAbsolutePercentageError", note="zeros"),
    on(
        given([[0.0, 1.0], [-2.0, 0.0]]),
        given([[0.0, 1.0], [2.0, -3.0]]),
        "MeanSquaredLogarithmicError",
        note="clipped",
    ),
    on(given([[0.0, 1.0], [-2.0, 0.0]]), given([[0.0, 1.0], [2.0, 0.0]]), "Poisson", note="zeros"),
    on(given([[0.0, 1.0], [1.0, 0.0]]), given([[0.0, 1.0], [0.0, 1.0]]), "KLDivergence", note="clipped"),
    on(given([[0.0, 0.0], [1.0, 0.0]]), given([[0.0, 1.0], [0.0, 0.0]]), "CosineSimilarity", note="zeros"),
    on(normal(4, 3), normal(4, 3), "Huber", delta=0.3),
    on(normal(4, 3, 2), normal(4, 3, 2), "CosineSimilarity", axis=1),
    *(on(normal(4, 5, 2), normal(4, 5, 2), "MeanSquaredError", mask=mask) for mask in ("left", "middle", "all")),
    *(on(signs(4, 3), normal(4, 3), name) for name in HINGES),
    *(on(BITS, normal(4, 3), name, note="labels 0 and 1") for name in HINGES),
    on(one_hot(4, 3), normal(4, 3), "CategoricalHinge"),
    on(one_hot(4, 5, 3), normal(4, 5, 3), "CategoricalHinge", mask="right"),
    on(BIT, uniform(6, 1), "BinaryCrossentropy"),
    on(ints(6, high=2), uniform(6, 1), "BinaryCrossentropy", note="flat targets"),
    on(BITS, uniform(4, 3), "BinaryCrossentropy"),
    on(BITS, normal(4, 3), "BinaryCrossentropy", from_logits=True),
    on(BITS, uniform(4, 3), "BinaryCrossentropy", label_smoothing=0.1),
    on(BITS, normal(4, 3), "BinaryCrossentropy", from_logits=True, label_smoothing=0.2),
    on(ints(4, 3, 2, high=2), uniform(4, 3, 2), "BinaryCrossentropy", axis=1),
    on(STEP_BITS, uniform(4, 5, 1), "BinaryCrossentropy", mask="right"),
    on(EXTREME_TRUTH, SURE_BITS, "BinaryCrossentropy", note="certain"),
    on(EXTREME_TRUTH, EXTREME_BITS, "BinaryCrossentropy", from_logits=True, note="extreme"),
    on(EXTREME_TRUTH, EXTREME_BITS, "BinaryCrossentropy", through="sigmoid", note="extreme"),
    on(BIT, normal(6, 1), "BinaryCrossentropy", through="sigmoid"),
    on(BITS, normal(4, 3), "BinaryCrossentropy", through="sigmoid", label_smoothing=0.1),
    on(STEP_BITS, normal(4, 5, 1), "BinaryCrossentropy", through="sigmoid", mask="middle"),
    on(BIT, uniform(6, 1), "BinaryFocalCrossentropy"),
    on(BITS, uniform(4, 3), "BinaryFocalCrossentropy", apply_class_balancing=True),
    on(BITS, uniform(4, 3), "BinaryFocalCrossentropy", apply_class_balancing=True, alpha=0.6, gamma=1.5),
    on(BITS, normal(4, 3), "BinaryFocalCrossentropy", from_logits=True, gamma=3.0),
    on(BITS, uniform(4, 3), "BinaryFocalCrossentropy", label_smoothing=0.1),
    on(BITS, normal(4, 3), "BinaryFocalCrossentropy", through="sigmoid"),
    on(BITS, normal(4, 3), "BinaryFocalCrossentropy", through="softmax"),
    on(EXTREME_TRUTH, SURE_BITS, "BinaryFocalCrossentropy", note="certain"),
    on(one_hot(6, 4), simplex(6, 4), "CategoricalCrossentropy"),
    on(one_hot(6, 4), uniform(6, 4), "CategoricalCrossentropy", note="unnormalised"),
    on(simplex(6, 4), simplex(6, 4), "CategoricalCrossentropy", note="soft targets"),
    on(one_hot(6, 4), normal(6, 4), "CategoricalCrossentropy", from_logits=True),
    on(one_hot(6, 4), simplex(6, 4), "CategoricalCrossentropy", label_smoothing=0.1),
    on(one_hot(6, 4), normal(6, 4), "CategoricalCrossentropy", from_logits=True, label_smoothing=0.1),
    on(one_hot(4, 3, 2), simplex(4, 3, 2), "CategoricalCrossentropy", axis=1),
    on(one_hot(4, 3, 2), normal(4, 3, 2), "CategoricalCrossentropy", axis=1, from_logits=True),
    on(one_hot(4, 5, 3), simplex(4, 5, 3), "CategoricalCrossentropy", mask="right"),
    on(one_hot(6, 4), normal(6, 4), "CategoricalCrossentropy", through="softmax"),
    on(one_hot(6, 4), normal(6, 4), "CategoricalCrossentropy", through="softmax", label_smoothing=0.1),
    # Keras takes the logits of either activation for its own: a sigmoid under this loss counts as a softmax.
    on(BITS, normal(4, 3), "CategoricalCrossentropy", through="sigmoid"),
    on(BITS, normal(4, 3), "BinaryCrossentropy", through="softmax"),
    # What another activation makes are logits where the loss says so.
    on(BITS, normal(4, 3), "BinaryCrossentropy", through="tanh", from_logits=True),
    on(one_hot(6, 4), normal(6, 4), "CategoricalCrossentropy", through="tanh", from_logits=True),
    on(CLASS, normal(6, 4), "SparseCategoricalCrossentropy", through="relu", from_logits=True),
    on(CLASS, normal(6, 4), "SparseCategoricalCrossentropy", through="softmax", from_logits=True),
    on(one_hot(4, 5, 3), normal(4, 5, 3), "CategoricalCrossentropy", through="softmax", mask="left"),
    on(FIRST, SURE_ROWS, "CategoricalCrossentropy", note="certain"),
    on(FIRST, EXTREME_ROWS, "CategoricalCrossentropy", from_logits=True, note="extreme"),
    on(FIRST, EXTREME_ROWS, "CategoricalCrossentropy", through="softmax", note="extreme"),
    on(one_hot(6, 4), simplex(6, 4), "CategoricalFocalCrossentropy"),
    on(one_hot(6, 4), uniform(6, 4), "CategoricalFocalCrossentropy", note="unnormalised"),
    on(one_hot(6, 4), simplex(6, 4), "CategoricalFocalCrossentropy", alpha=0.5, gamma=1.0),
    on(one_hot(6, 4), normal(6, 4), "CategoricalFocalCrossentropy", from_logits=True),
    on(one_hot(6, 4), simplex(6, 4), "CategoricalFocalCrossentropy", label_smoothing=0.1),
    on(one_hot(6, 4), normal(6, 4), "CategoricalFocalCrossentropy", through="softmax"),
    on(CLASS, simplex(6, 4), "SparseCategoricalCrossentropy"),
    on(ints(6, 1, high=4), simplex(6, 4), "SparseCategoricalCrossentropy", note="targets in a column"),
    on(CLASS, uniform(6, 4), "SparseCategoricalCrossentropy", note="unnormalised"),
    on(CLASS, normal(6, 4), "SparseCategoricalCrossentropy", from_logits=True),
    on(CLASS, simplex(6, 4), "SparseCategoricalCrossentropy", ignore_class=1),
    on(CLASS, normal(6, 4), "SparseCategoricalCrossentropy", ignore_class=0, from_logits=True),
    on(given([0, -1, 2, 3, -1, 1]), simplex(6, 4), "SparseCategoricalCrossentropy", ignore_class=-1),
    on(STEP_CLASS, simplex(4, 5, 3), "SparseCategoricalCrossentropy"),
    on(STEP_CLASS, simplex(4, 5, 3), "SparseCategoricalCrossentropy", mask="right"),
    on(STEP_CLASS, simplex(4, 5, 3), "SparseCategoricalCrossentropy", mask="right", ignore_class=1),
    on(CLASS, normal(6, 4), "SparseCategoricalCrossentropy", through="softmax"),
    on(STEP_CLASS, normal(4, 5, 3), "SparseCategoricalCrossentropy", through="softmax", mask="middle"),
    on(ZEROTH, SURE_ROWS, "SparseCategoricalCrossentropy", note="certain"),
    on(ZEROTH, EXTREME_ROWS, "SparseCategoricalCrossentropy", from_logits=True, note="extreme"),
    on(ZEROTH, EXTREME_ROWS, "SparseCategoricalCrossentropy", through="softmax", note="extreme"),
    on(CLASS, simplex(6, 4), "CategoricalGeneralizedCrossEntropy"),
    on(CLASS, simplex(6, 4), "CategoricalGeneralizedCrossEntropy", q=0.2),
    on(BITS, uniform(4, 3), "Tversky"),
    on(BITS, uniform(4, 3), "Tversky", alpha=0.3, beta=0.7),
    on(ints(2, 3, 3, 2, high=2), uniform(2, 3, 3, 2), "Tversky", axis=[1, 2, 3]),
    on(ints(2, 3, 3, 2, high=2), uniform(2, 3, 3, 2), "Tversky", axis=[1, 2]),
    on(BITS, uniform(4, 3), "Dice"),
    on(ints(2, 3, 3, 2, high=2), uniform(2, 3, 3, 2), "Dice", axis=[1, 2, 3]),
    on(CLASS, normal(6, 4), "Circle"),
    on(CLASS, normal(6, 4), "Circle", gamma=10.0, margin=0.2),
]
