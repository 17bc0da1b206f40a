"""CIFAR-100: small photographs of a hundred kinds of things, in twenty groups."""

from __future__ import annotations

from typing import ClassVar, Literal

from nnctl.data.cifar import Batch, CifarSet
from nnctl.fields import field
from nnctl.registry import register


@register("data source")
class Cifar100(CifarSet):
    """60,000 small colour photographs of 100 kinds of things in 20 groups, 50,000 of them to train on.

    Shapes  x (N, 32, 32, 3) bytes 0 to 255  y (N, 1) 0 to 99 (coarse: 0 to 19), or names
    Raises  DataError for missing or damaged files, MissingInputError offline without any
    Source  Krizhevsky 2009, "Learning Multiple Layers of Features from Tiny Images"; keras.datasets.cifar100
    """

    set_name = "cifar100"
    folder = "cifar-100-python"
    archive = "cifar-100-python.tar.gz"
    train = (Batch("train", 50_000),)
    test = Batch("test", 10_000)
    meta = "meta"
    examples: ClassVar = ({}, {"label_mode": "coarse", "partial": True})

    label_mode: Literal["fine", "coarse"] = field("fine", doc="100 kinds of things, or the 20 groups that they are in.")

    @property
    def labels_key(self) -> str:
        return f"{self.label_mode}_labels"

    @property
    def names_key(self) -> str:
        return f"{self.label_mode}_label_names"

    @property
    def classes(self) -> int:
        return 100 if self.label_mode == "fine" else 20
