"""A column of text as fitted: words counted, the frequent ones kept, as Keras' TextVectorization does."""

from __future__ import annotations

import math
import re
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from nnctl.data import Array
from nnctl.data.cells import Want
from nnctl.data.column_settings import ColumnRules
from nnctl.data.table import Table, Texts

PUNCTUATION = re.compile(r"""[!"#$%&()*+,\-./:;<=>?@\[\\\]^_`{|}~']""")


@dataclass
class TextFeature:
    """Words as indices (0 for none, 1 for an unknown word, then the vocabulary), or an output a word.

    multi_hot: 1 where the row has the word; tfidf: times in the row x log(1 + rows / (1 + rows with the
    word)), both over the training rows. The first output stands for all unknown words; its weight is the mean.
    scikit-learn's TfidfVectorizer means 1 + log((1 + rows) / (1 + rows with the word)), in rows of length 1,
    and by default takes words of one letter for none.
    """

    name: str
    encode: str  # sequence, multi_hot or tfidf
    words: list[str]
    weights: list[float]  # of tfidf, the unknown word's first
    length: int
    lower: bool
    punctuation: bool
    fill: str | None
    strip: str
    _places: dict[str, int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        first = 2 if self.whole else 1
        self._places = {word: place for place, word in enumerate(self.words, first)}

    @property
    def whole(self) -> bool:
        return self.encode == "sequence"

    @property
    def largest(self) -> int:
        return len(self.words) + 1

    @property
    def width(self) -> int:
        return self.length if self.whole else len(self.words) + 1

    def outputs(self) -> list[str]:
        if self.whole:
            return [f"{self.name}[{step}]" for step in range(self.length)]
        return [f"{self.name}:{word}" for word in ["(other)", *self.words]]

    def want(self, position: int, limit: float) -> Want:
        return Want(self.name, position, False, "feature", self.fill is not None, strip=self.strip)

    def look(self, table: Table) -> Array:
        """Return for every row the indices of its words."""
        column = table.columns[self.name]
        assert isinstance(column, Texts)
        unknown = 1 if self.whole else 0
        found = np.empty(len(column.names) + 1, object)  # the last one is for a missing cell, whose code is -1
        for place, text in enumerate([*column.names, self.fill or ""]):
            words = split_words(text, self.lower, self.punctuation)
            found[place] = np.array([self._places.get(word, unknown) for word in words], np.int64)
        return found[column.codes]

    def write(self, rows: Array, out: Array) -> None:
        for row, places in enumerate(rows):
            if self.whole:
                out[row, : len(places)] = places[: self.length]
            elif self.encode == "multi_hot":
                out[row, places] = 1
            else:
                found, counts = np.unique(places, return_counts=True)
                out[row, found] = counts * np.array(self.weights)[found]

    def describe(self) -> str:
        what = f"{self.encode} of {self.length} steps" if self.whole else self.encode
        text = f"{self.name}: text, {what}, {len(self.words)} words ({', '.join(self.words[:6])}, ...)"
        return text if self.fill is None else f"{text}, missing = {self.fill!r}"

    def to_dict(self) -> dict[str, Any]:
        own = {name: value for name, value in vars(self).items() if not name.startswith("_")}
        return {"type": "text", **own}

    @classmethod
    def from_dict(cls, saved: dict[str, Any]) -> TextFeature:
        return cls(**{name: value for name, value in saved.items() if name != "type"})


def split_words(text: str, lower: bool, punctuation: bool) -> list[str]:
    """Return the words of a text.

    >>> split_words("It's  HERE, now.", lower=True, punctuation=False)
    ['its', 'here', 'now']
    """
    text = text.lower() if lower else text
    return (text if punctuation else PUNCTUATION.sub("", text)).split()


def fit_text(table: Table, name: str, rules: ColumnRules) -> tuple[TextFeature, list[str]]:
    """Keep the most frequent words of the training rows; of equally frequent ones, as Keras, the last in the alphabet.

    Differs from TextVectorization in this: `max_words` counts words alone, not the places of padding and
    unknown words; all letters become lower case, not those of ASCII alone; any blank of Unicode ends a word.
    """
    column = table.columns[name]
    assert isinstance(column, Texts)
    total: Counter[str] = Counter()
    rows_with: Counter[str] = Counter()
    for text, count in zip(column.names, column.counts().tolist(), strict=True):
        words = Counter(split_words(text, rules.lower, rules.punctuation)) if count else Counter()
        for word, times in words.items():
            total[word] += times * count
            rows_with[word] += count
    frequent = sorted(total, key=lambda word: (total[word], word), reverse=True)
    kept = frequent[: rules.max_words]
    weights = [math.log(1 + len(table) / (1 + rows_with[word])) for word in kept]
    weights = [sum(weights) / max(1, len(weights)), *weights] if rules.encode == "tfidf" else []
    fill = _fill(column, rules)
    own = (name, rules.encode, kept, weights, rules.length or 0, rules.lower, rules.punctuation, fill, rules.strip)
    return TextFeature(*own), [f"column {name!r}: text, {len(kept)} of {len(frequent)} words known"]


def _fill(column: Texts, rules: ColumnRules) -> str | None:
    if rules.missing == "most_frequent":
        return column.names[int(column.counts().argmax())]
    return str(rules.fill) if rules.missing == "constant" else None
