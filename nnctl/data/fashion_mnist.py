"""Fashion-MNIST: clothes in the form of MNIST."""

from __future__ import annotations

from typing import ClassVar

from nnctl.data.mnist import IdxImages
from nnctl.registry import register


@register("data source")
class FashionMnist(IdxImages):
    """70,000 pictures of clothes: 60,000 to train on, 10,000 for the test.

    Shapes  x (N, 28, 28) bytes 0 to 255  y (N,) 0 to 9
    Raises  DataError for damaged files, MissingInputError offline without any
    Source  Xiao, Rasul & Vollgraf 2017, "Fashion-MNIST"; keras.datasets.fashion_mnist
    """

    set_name = "fashion_mnist"
    folders = ("fashion_mnist/", "fashion-mnist/")
    labels = tuple(range(10))
    class_names = (
        *("T-shirt/top", "trouser", "pullover", "dress", "coat"),
        *("sandal", "shirt", "sneaker", "bag", "ankle boot"),
    )
    examples: ClassVar = ({},)
