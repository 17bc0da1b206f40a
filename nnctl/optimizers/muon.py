"""Muon: momentum made orthogonal, for the matrices in the middle of a network; Adam for everything else."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from nnctl import kernels
from nnctl.fields import field
from nnctl.optimizers import EPSILON_DOC, MEAN_DOC, RATE_DOC, SQUARE_DOC, Array, Optimizer
from nnctl.registry import register
from nnctl.rules import Fraction, NonNegativeFloat, PositiveInt
from nnctl.schedules import ARate

NORM_EPSILON = 1e-7
SPECIAL = set("^$*+?()[]{}|\\")  # Keras takes a regular expression; one that comes in a file could run for ever


@register("optimizer")
class Muon(Optimizer):
    """m <- momentum m + g,  w <- w - lr rms_rate sqrt(max(rows, columns)) O(g + momentum m)

    O(x) nears the orthogonal matrix U V' of x = U S V': x / |x|, and then ns_steps times
    x <- muon_a x + (muon_b A + muon_c A A) x with A = x x', of x or its transpose, whichever is wide.
    So every matrix but those of embeddings and of excluded layers; any other weight goes by Adam.
    Source  Jordan et al. 2024 (Muon), Liu et al. 2025, eq. 4 (rms_rate); keras.optimizers.Muon
    """

    slot_names = ("momentum", "velocity")
    temporaries = 2
    whole_weights = True

    learning_rate: ARate = field(0.001, doc=RATE_DOC, legacy=("lr",))
    adam_beta_1: Fraction = field(0.9, doc=MEAN_DOC)
    adam_beta_2: Fraction = field(0.999, doc=SQUARE_DOC)
    adam_weight_decay: NonNegativeFloat | None = field(
        0.004, doc="Share of a weight of Adam's that a step takes away, times the rate."
    )
    epsilon: NonNegativeFloat = field(1e-7, doc=EPSILON_DOC)
    weight_decay: NonNegativeFloat | None = field(
        0.004, doc="Share of a weight of Muon's that a step takes away, times the rate."
    )
    exclude_layers: tuple[str, ...] | None = field(
        None, doc="Parts of paths, such as dense_2 or output/kernel; a weight with one in its path goes by Adam."
    )
    exclude_embeddings: bool = field(True, doc="Leave weights with 'embedding' in their path to Adam.")
    muon_a: float = field(3.4445, doc="Factor of x in the iteration.")
    muon_b: float = field(-4.775, doc="Factor of A x in the iteration.")
    muon_c: float = field(2.0315, doc="Factor of A A x in the iteration.")
    adam_lr_ratio: NonNegativeFloat = field(1.0, doc="Adam's rate, as a multiple of learning_rate.")
    momentum: Fraction = field(0.95, doc="Share of the sum of earlier gradients that a step keeps.")
    ns_steps: PositiveInt = field(5, doc="How often the iteration runs.")
    nesterov: bool = field(True, doc="Go by g + momentum m; without it by m.")
    rms_rate: NonNegativeFloat | None = field(
        0.2, doc="Root mean square of a step of rate 1, as Adam's has it; null leaves the step orthogonal."
    )

    def conflicts(self) -> Iterator[tuple[str, str]]:
        yield from super().conflicts()
        for part in self.exclude_layers or ():
            if not part or SPECIAL & set(part):
                yield "exclude_layers", f"expected parts of paths, and no regular expressions, got {part!r}"

    def goes_by_adam(self, weight: Any) -> bool:
        """Whether a weight is no matrix, or one that is left to Adam."""
        if len(weight.shape) != 2 or (self.exclude_embeddings and "embedding" in weight.path.lower()):
            return True
        return any(part in weight.path for part in self.exclude_layers or ())

    def slot_shape(self, name: str, weight: Any) -> tuple[int, ...] | None:
        return None if name == "velocity" and not self.goes_by_adam(weight) else weight.shape

    def decay_weights(self, lr: float) -> None:
        for weight in self.parameters.weights:
            share = self.adam_weight_decay if self.goes_by_adam(weight) else self.weight_decay
            weight.value *= 1 - lr * (share or 0)

    def update(self, w: Array, g: Array, slots: list[Array], scratch: list[Array], lr: float) -> None:
        m, v = slots
        if v is not None:
            rate = lr * self.adam_lr_ratio
            rate *= math.sqrt(1 - self.adam_beta_2**self.t) / (1 - self.adam_beta_1**self.t)
            w, g, m, v, *spare = (part.reshape(-1) for part in (w, g, m, v, *scratch))
            shares = 1 - self.adam_beta_1, 1 - self.adam_beta_2
            kernels.adam(w, g, m, v, None, *shares, rate, self.epsilon, spare)
            return
        m *= self.momentum
        m += g
        step = self.orthogonal(g + self.momentum * m if self.nesterov else m)
        if self.rms_rate is not None:
            lr *= self.rms_rate * math.sqrt(max(w.shape))
        w -= lr * step

    def orthogonal(self, x: Array) -> Array:
        """Return about U V' of x = U S V', by Newton and Schulz's iteration of the fifth degree."""
        if x.shape[0] > x.shape[1]:
            return self.orthogonal(x.T).T
        x = x / (np.linalg.norm(x) + NORM_EPSILON)
        for _ in range(self.ns_steps):
            a = x @ x.T
            x = self.muon_a * x + (self.muon_b * a + self.muon_c * (a @ a)) @ x
        return x
