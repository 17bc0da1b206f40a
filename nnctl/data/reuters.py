"""Reuters: news wires as word numbers, to be sorted by topic."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from nnctl.data import Places
from nnctl.data.words import Part, WordSequences
from nnctl.errors import ConfigError
from nnctl.fields import field
from nnctl.findings import Problem
from nnctl.registry import register
from nnctl.rules import Probability

TOPICS = (
    *("cocoa", "grain", "veg-oil", "earn", "acq", "wheat", "copper", "housing", "money-supply", "coffee"),
    *("sugar", "trade", "reserves", "ship", "cotton", "carcass", "crude", "nat-gas", "cpi", "money-fx"),
    *("interest", "gnp", "meal-feed", "alum", "oilseed", "gold", "tin", "strategic-metal", "livestock", "retail"),
    *("ipi", "iron-steel", "rubber", "heat", "jobs", "lei", "bop", "zinc", "orange", "pet-chem"),
    *("dlr", "gas", "silver", "wpi", "hog", "lead"),
)


class ReutersForm(WordSequences):
    """News wires in one part, of which a share is kept for the test."""

    class_names: ClassVar[tuple[str, ...]] = TOPICS
    classes = len(TOPICS)
    vocabulary = 30_979
    examples: ClassVar[tuple[Any, ...]] = ({"num_words": 1000, "multi_hot": True}, {"num_words": 5000, "pad_to": 100})

    test_split: Probability = field(0.2, doc="Share of the rows that are kept for the test.")

    def split(self, parts: list[Part]) -> tuple[Part, Part]:
        (whole,) = parts
        cut = int(len(whole.x) * (1 - self.test_split))
        if cut == 0:
            message = f"test_split {self.test_split:g} leaves no row to train on"
            raise ConfigError(f"data.source: {message}", (Problem(("data", "source"), message),))
        rows = np.arange(len(whole.x))
        return Part(whole.x.take(rows[:cut]), whole.y[:cut]), Part(whole.x.take(rows[cut:]), whole.y[cut:])


@register("data source")
class Reuters(ReutersForm):
    """11,228 news wires as word numbers, sorted into 46 topics.

    Shapes  x (N, pad_to) word numbers, or (N, num_words) 0 and 1  y (N,) 0 to 45
    Raises  DataError for a file with another checksum, MissingInputError offline without one
    Source  Lewis, "Reuters-21578"; keras.datasets.reuters
    """

    set_name = "reuters"

    path: str | None = field(None, doc="Another .npz file of the same form.")

    def raw(self, places: Places, digest: Any) -> list[Part]:
        title, arrays = self.published(places, digest, self.path)
        return [self.part(arrays, "x", "y", title)]
