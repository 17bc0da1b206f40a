"""Texts made by code, for machines without network: forms and options of IMDB and Reuters.

Word numbers fall off as in real texts (the n-th commonest is drawn about 1/n as often); some words
belong to a class and stand more often in its rows. Never the real sets, and never called so.
"""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from nnctl.data import Array, Places
from nnctl.data.ragged import Ragged
from nnctl.data.reuters import TOPICS, ReutersForm
from nnctl.data.synthetic import made_by_code
from nnctl.data.words import Part, WordSequences
from nnctl.fields import field
from nnctl.registry import register
from nnctl.rules import NonNegativeInt, PositiveInt


def texts(
    y: Array, own: Array, vocabulary: int, length: float, share: float, truth: float, random: np.random.Generator
) -> Ragged:
    """Return a text for every class number.

    `own` (classes, words) are the words of each class. A share of every text is such words: of its
    own class with probability `truth`, else of any.
    """
    lengths = np.maximum(random.lognormal(np.log(length), 0.6, len(y)).astype(np.int64), 5)
    total = int(lengths.sum())
    values = np.exp(random.uniform(0, np.log(vocabulary), total)).astype(np.int64)
    telling = np.flatnonzero(random.random(total) < share)
    classes = np.repeat(y, lengths)[telling]
    wrong = random.random(len(telling)) >= truth
    classes[wrong] = random.integers(0, len(own), wrong.sum())
    values[telling] = own[classes, random.integers(0, own.shape[1], len(telling))]
    return Ragged(values, lengths)


def words_of_classes(classes: int, each: int, first: int, last: int, random: np.random.Generator) -> Array:
    return random.permutation(np.arange(first, last))[: classes * each].reshape(classes, each)


@register("data source", aliases=("synthetic-imdb",))
class SyntheticImdb(WordSequences):
    """Rows of word numbers that lean to one of two sides: in the form of IMDB, but synthetic.

    Known figure: a single unit on 3,000 words (multi_hot) reaches 95 % of the test rows in 4 epochs of 8,000 rows.
    Shapes  x (N, pad_to) word numbers, or (N, num_words) 0 and 1  y (N,) 0 or 1
    Source  nnctl/data/synthetic_words.py
    """

    set_name = "synthetic-imdb"
    classes = 2
    vocabulary = 88_584
    examples: ClassVar = ({"rows": 50, "test_rows": 20, "num_words": 500, "pad_to": 20},)

    rows: PositiveInt = field(25_000, doc="Number of training rows.")
    test_rows: PositiveInt = field(25_000, doc="Number of test rows.")
    data_seed: NonNegativeInt = field(0, doc="Seed that the rows are made from.")

    def raw(self, places: Places, digest: Any) -> list[Part]:
        random = np.random.default_rng(self.data_seed)
        own = words_of_classes(2, 300, 30, 3000, random)
        parts = []
        for rows in (self.rows, self.test_rows):
            y = np.arange(rows) % 2
            parts.append(Part(texts(y, own, self.vocabulary, 190, 0.08, 0.6, random), y))
        return parts

    def notes(self) -> list[str]:
        return [made_by_code(self)]

    def words(self, places: Places) -> list[str]:
        return ["", *(f"word{number}" for number in range(1, self.vocabulary))]


@register("data source", aliases=("synthetic-reuters",))
class SyntheticReuters(ReutersForm):
    """Rows of word numbers on 46 topics of uneven size: in the form of Reuters, but synthetic.

    Known figure: the net of specs/reuters_dense.yaml reaches 97 % of the test rows.
    Shapes  x (N, pad_to) word numbers, or (N, num_words) 0 and 1  y (N,) 0 to 45
    Source  nnctl/data/synthetic_words.py
    """

    set_name = "synthetic-reuters"
    class_names = ()
    examples: ClassVar = ({"rows": 400, "num_words": 500, "multi_hot": True},)

    rows: PositiveInt = field(11_228, doc="Number of rows, training and test together.")
    data_seed: NonNegativeInt = field(0, doc="Seed that the rows are made from.")

    def raw(self, places: Places, digest: Any) -> list[Part]:
        random = np.random.default_rng(self.data_seed)
        own = words_of_classes(len(TOPICS), 15, 30, 950, random)
        sizes = 1 / np.arange(1, len(TOPICS) + 1)
        y = random.choice(len(TOPICS), self.rows, p=sizes / sizes.sum())
        return [Part(texts(y, own, self.vocabulary, 110, 0.12, 0.8, random), y)]

    def notes(self) -> list[str]:
        return [made_by_code(self)]

    def words(self, places: Places) -> list[str]:
        return ["", *(f"word{number}" for number in range(1, self.vocabulary))]
