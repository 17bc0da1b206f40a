"""TerminateOnNaN: what to do when the loss is no longer a finite number."""

from __future__ import annotations

from nnctl.callbacks import Callback
from nnctl.fields import field
from nnctl.registry import register


@register("callback")
class TerminateOnNaN(Callback):
    """stop at the first batch whose loss is not finite

    Every run of nnctl does so, before the bad gradient reaches the weights, and ends with exit
    status 3 and the batch, the learning rate and the largest gradient. The name is accepted so
    that Keras' specs run; it changes nothing.
    Source  keras.callbacks.TerminateOnNaN
    """

    raise_error: bool = field(False, doc="Accepted for Keras' sake: nnctl ends with an error in either case.")
