"""BaseLogger: a name of Keras 2 for what every run does."""

from __future__ import annotations

from nnctl.callbacks import Callback
from nnctl.fields import field
from nnctl.registry import register


@register("callback")
class BaseLogger(Callback):
    """mean of the metrics over an epoch

    Every run of nnctl computes it. The name is accepted so that Keras' specs run; it changes nothing.
    Source  keras.callbacks.BaseLogger of Keras 2
    """

    stateful_metrics: tuple[str, ...] | None = field(None, doc="Accepted for Keras' sake.")
