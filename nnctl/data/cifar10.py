"""CIFAR-10: small photographs of ten kinds of things."""

from __future__ import annotations

from typing import ClassVar

from nnctl.data.cifar import Batch, CifarSet
from nnctl.registry import register


@register("data source")
class Cifar10(CifarSet):
    """60,000 small colour photographs of 10 kinds of things, 50,000 of them to train on.

    Shapes  x (N, 32, 32, 3) bytes 0 to 255  y (N, 1) 0 to 9, or names
    Raises  DataError for missing or damaged batches, MissingInputError offline without any
    Source  Krizhevsky 2009, "Learning Multiple Layers of Features from Tiny Images"; keras.datasets.cifar10
    """

    set_name = "cifar10"
    folder = "cifar-10-batches-py"
    archive = "cifar-10-python.tar.gz"
    train = tuple(Batch(f"data_batch_{number}", 10_000) for number in range(1, 6))
    test = Batch("test_batch", 10_000)
    meta = "batches.meta"
    examples: ClassVar = ({}, {"partial": True, "names": True})
