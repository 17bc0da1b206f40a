"""IMDB: film reviews as word numbers, to be told good from bad."""

from __future__ import annotations

from typing import Any, ClassVar

from nnctl.data import Places
from nnctl.data.words import Part, WordSequences
from nnctl.fields import field
from nnctl.registry import register


@register("data source")
class Imdb(WordSequences):
    """50,000 film reviews as word numbers, 25,000 of them to train on: 0 is bad, 1 is good.

    Shapes  x (N, pad_to) word numbers, or (N, num_words) 0 and 1  y (N,) 0 or 1
    Raises  DataError for a file with another checksum, MissingInputError offline without one
    Source  Maas et al. 2011, "Learning Word Vectors for Sentiment Analysis"; keras.datasets.imdb
    """

    set_name = "imdb"
    classes = 2
    vocabulary = 88_584
    examples: ClassVar = (
        {"num_words": 20000, "pad_to": 80},
        {"num_words": 1000, "multi_hot": True},
    )

    path: str | None = field(None, doc="Another .npz file of the same form.")

    def raw(self, places: Places, digest: Any) -> list[Part]:
        title, arrays = self.published(places, digest, self.path)
        return [self.part(arrays, f"x_{name}", f"y_{name}", title) for name in ("train", "test")]
