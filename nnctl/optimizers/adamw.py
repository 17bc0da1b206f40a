"""AdamW: Adam with decay of the weights."""

from __future__ import annotations

from nnctl.fields import field
from nnctl.optimizers import RATE_DOC
from nnctl.optimizers.adam import Adam
from nnctl.registry import register
from nnctl.rules import NonNegativeFloat
from nnctl.schedules import ARate


@register("optimizer")
class AdamW(Adam):
    """w <- w - lr weight_decay w, then Adam

    The decay is apart from the gradient, so that it is not divided by its root mean square.
    Source  Loshchilov & Hutter 2019, algorithm 2; keras.optimizers.AdamW
    """

    learning_rate: ARate = field(0.001, doc=RATE_DOC, legacy=("lr",))
    weight_decay: NonNegativeFloat = field(0.004, doc="Share of every weight that a step takes away, times the rate.")
