"""Adafactor: root mean squares kept for rows and columns, and steps relative to the weight."""

from __future__ import annotations

import math
from typing import Annotated, Any

import numpy as np
from annotated_types import Le

from nnctl.fields import field
from nnctl.optimizers import RATE_DOC, Array, Optimizer, follow
from nnctl.registry import register
from nnctl.rules import NonNegativeFloat, PositiveFloat
from nnctl.schedules import ARate


@register("optimizer")
class Adafactor(Optimizer):
    """w <- w - max(eps2, rms(w)) min(lr, 1 / sqrt(t)) u / max(1, rms(u) / d),  u = g / sqrt(v)

    with v = r c / mean(r) from running means r and c of g^2 + eps1 over the last and the last but one
    axis; of a vector v itself is the running mean. Their decay at step t is 1 - t^beta_2_decay.
    Source  Shazeer & Stern 2018, algorithms 4 and 5; keras.optimizers.Adafactor
    """

    slot_names = ("row", "column", "velocity")
    whole_weights = True

    learning_rate: ARate = field(0.001, doc=RATE_DOC, legacy=("lr",))
    beta_2_decay: Annotated[float, Le(0)] = field(-0.8, doc="How the decay of the running means nears 1.")
    epsilon_1: NonNegativeFloat = field(1e-30, doc="Added to the squared gradients.")
    epsilon_2: NonNegativeFloat = field(1e-3, doc="Least size of a weight that steps are relative to.")
    clip_threshold: PositiveFloat = field(1.0, doc="Largest root mean square of u.")
    relative_step: bool = field(True, doc="Accepted for Keras' sake: the rate is at most 1 / sqrt(t) in either case.")

    def slot_shape(self, name: str, weight: Any) -> tuple[int, ...]:
        shape: tuple[int, ...] = weight.shape
        if name == "velocity":
            return shape
        if len(shape) < 2:
            return ()  # Keras keeps a zero there
        return shape[:-1] if name == "row" else (*shape[:-2], shape[-1])

    def update(self, w: Array, g: Array, slots: list[Array], scratch: list[Array], lr: float) -> None:
        r, c, v = slots
        (step,) = scratch
        t = self.t
        share = float(t) ** self.beta_2_decay
        np.multiply(g, g, out=step)
        step += self.epsilon_1
        if w.ndim >= 2:
            r += share * (step.mean(axis=-1) - r)
            c += share * (step.mean(axis=-2) - c)
            np.multiply((r / r.mean(axis=-1, keepdims=True))[..., None], c[..., None, :], out=v)
        else:
            follow(v, step, share, step)
        np.sqrt(v, out=step)
        np.divide(g, step, out=step)
        alpha = max(self.epsilon_2, _rms(w)) * min(lr, 1 / math.sqrt(t))
        step *= alpha / max(1.0, _rms(step) / self.clip_threshold)
        w -= step


def _rms(x: Array) -> float:
    return math.sqrt(float(np.vdot(x, x)) / max(x.size, 1))
