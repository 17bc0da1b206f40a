"""A sine wave as input and its cosine as target, cut for a stateful network."""

from __future__ import annotations

from typing import Any

import numpy as np

from nnctl.data import Arrays, DataSource, Glance, Opened, Places
from nnctl.data.settings import DataSettings
from nnctl.fields import field
from nnctl.registry import register
from nnctl.rules import PositiveFloat, PositiveInt


@register("data source")
class SineCosine(DataSource):
    """x = sin(s), y = cos(s), at s = 0, 1, 2, ... times `step`

    A batch holds `batch_size` stretches of `steps` points, one behind the other on the wave; the
    next batch lies `steps` points further on, so that row i of a batch goes on where row i of the
    batch before ended: what a stateful network needs. Train without shuffling.
    Shapes  x (batches * batch_size, steps, 1)  y (the same)
    Source  this project; the regression example of many tutorials on recurrent networks
    """

    steps: PositiveInt = field(20, doc="Points of one row.")
    batch_size: PositiveInt = field(50, doc="Rows of a batch; fit.batch_size must be the same.")
    batches: PositiveInt = field(501, doc="Number of batches.")
    step: PositiveFloat = field(0.1 / np.pi, doc="Distance of two points on the wave, in radians.")

    def open(self, settings: DataSettings, places: Places, digest: Any) -> Opened:
        if digest is not None:
            digest.update(repr(self.config()).encode())
        starts = self.steps * (np.arange(self.batches)[:, None] + np.arange(self.batch_size)).reshape(-1, 1)
        s = self.step * (starts + np.arange(self.steps))[..., None]
        return Opened(Arrays(np.sin(s), np.cos(s), "sine_cosine"))

    def glance(self, settings: DataSettings, places: Places) -> Glance:
        return Glance((self.steps, 1))
