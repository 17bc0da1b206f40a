"""RMSprop: the gradient divided by a running root mean square."""

from __future__ import annotations

from typing import Any

from nnctl import kernels
from nnctl.fields import field
from nnctl.optimizers import EPSILON_DOC, RATE_DOC, Array, Optimizer
from nnctl.registry import register
from nnctl.rules import Fraction, NonNegativeFloat
from nnctl.schedules import ARate


@register("optimizer")
class RMSprop(Optimizer):
    """v <- rho v + (1 - rho) g^2,  w <- w - lr g / sqrt(v + eps)

    Centered: v - a^2 instead of v, where a <- rho a + (1 - rho) g. With momentum:
    b <- momentum b + lr g / sqrt(v + eps),  w <- w - b.
    Source  Hinton 2012, lecture 6e; Graves 2013, eq. 38; keras.optimizers.RMSprop (eps inside the root)
    """

    slot_names: tuple[str, ...] = ("velocity", "momentum", "average_gradient")
    temporaries = 2

    learning_rate: ARate = field(0.001, doc=RATE_DOC, legacy=("lr",))
    rho: Fraction = field(0.9, doc="Decay of the running mean of the squared gradients.")
    momentum: Fraction = field(0.0, doc="Share of the previous step that is kept.")
    epsilon: NonNegativeFloat = field(1e-7, doc=EPSILON_DOC)
    centered: bool = field(False, doc="Subtract the squared running mean of the gradient: divide by its deviation.")

    def prepare(self, parameters: Any) -> None:
        used = {"velocity": True, "momentum": self.momentum > 0, "average_gradient": self.centered}
        self.slot_names = tuple(name for name, is_used in used.items() if is_used)
        super().prepare(parameters)

    def update(self, w: Array, g: Array, slots: list[Array], scratch: list[Array], lr: float) -> None:
        own = dict(zip(self.slot_names, slots, strict=True))
        v, b, a = own["velocity"], own.get("momentum"), own.get("average_gradient")
        kernels.rmsprop(w, g, v, a, b, self.rho, self.momentum, lr, self.epsilon, scratch)
