"""A plugin with one small thing of every kind, for test_plugins_of_every_kind.py; nothing else loads it."""

from __future__ import annotations

import numpy as np

from nnctl.activations import Elementwise
from nnctl.callbacks import Callback
from nnctl.constraints import Constraint
from nnctl.fields import field
from nnctl.initializers import Initializer
from nnctl.losses import Loss
from nnctl.metrics import MeanMetric
from nnctl.optimizers import Optimizer
from nnctl.registry import register
from nnctl.regularizers import Regularizer
from nnctl.schedules import Schedule


@register("loss")
class Quartic(Loss):
    """value = mean((y - t)^4)"""

    targets = "binary"
    factor: float = field(1.0, doc="What it is multiplied by.")

    def forward(self, y, t):
        return self.factor * ((y - t) ** 4).mean(axis=-1), y - t

    def backward(self, scale, cache):
        return self.factor * scale * 4 * cache**3 / cache.shape[-1]


@register("metric")
class Closeness(MeanMetric):
    """value = 1 - |y - t|"""

    better = "max"

    def values(self, t, y):
        return 1 - np.abs(y - t).mean(axis=-1)


@register("callback")
class Diary(Callback):
    """writes a line an epoch"""

    filename: str = field("diary.txt", doc="Its file in the run directory.")

    def on_epoch_end(self, epoch, logs):
        with self.path(self.filename).open("a") as file:
            file.write(f"{epoch} {' '.join(sorted(logs))}\n")


@register("initializer")
class Sevenths(Initializer):
    """value ~ U(-1/7, 1/7)"""

    def draw(self, shape, random):
        return random.uniform(-1, 1, shape) / 7


@register("regularizer")
class Cubic(Regularizer):
    """penalty = l3 * sum |w|^3"""

    l3: float = field(0.001, doc="Factor.")

    def penalty(self, w):
        return self.l3 * float((np.abs(w) ** 3).sum())

    def gradient(self, w):
        return 3 * self.l3 * w * np.abs(w)


@register("constraint")
class AtMost(Constraint):
    """w <- min(w, most)"""

    most: float = field(0.5, doc="Largest value.")

    def project(self, w):
        np.minimum(w, self.most, out=w)


@register("activation", name="cube")
class Cube(Elementwise):
    """y = z^3"""

    def curve(self, z):
        return z**3

    def slope(self, z):
        return 3 * z**2


@register("optimizer")
class SignDescent(Optimizer):
    """w <- w - lr sign(g)"""

    def update(self, w, g, slots, scratch, lr):
        w -= lr * np.sign(g)


@register("schedule")
class Harmonic(Schedule):
    """lr = start / (1 + step)"""

    start: float = field(0.01, doc="First rate.")

    def __call__(self, step):
        return self.start / (1 + step)
