"""Data sets of word numbers: the options of Keras' loaders, then the form that a network needs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Annotated, Any, ClassVar, NamedTuple

import numpy as np
from annotated_types import Ge, Lt

from nnctl.data import Array, Arrays, Glance, Opened, Places
from nnctl.data.named import NamedSet, read
from nnctl.data.ragged import End, Ragged
from nnctl.data.settings import DataSettings
from nnctl.data.unpickling import load_npz
from nnctl.errors import ConfigError, DataError
from nnctl.fields import field
from nnctl.findings import Problem
from nnctl.rules import NonNegativeInt, PositiveInt

Seed = Annotated[int, Ge(0), Lt(1 << 32)]


class Part(NamedTuple):
    """The rows to train on, or those for the test."""

    x: Ragged
    y: Array


class WordSequences(NamedSet):
    """Rows of word numbers in the order of their frequency: 1 is the commonest word.

    `load` gives what Keras' loader of the same name gives. A network needs rows of one length:
    `pad_to`, or `multi_hot` for dense nets.
    """

    classes: ClassVar[int]
    vocabulary: ClassVar[int]  # words that the set has

    num_words: PositiveInt | None = field(
        None, doc="Numbers from here on become oov_char; default: the largest there is.", legacy=("nb_words",)
    )
    skip_top: NonNegativeInt = field(0, doc="Numbers below become oov_char: the commonest words.")
    maxlen: PositiveInt | None = field(None, doc="Rows of this length or longer are left out.")
    seed: Seed = field(113, doc="Seed of the order of the rows.")
    start_char: NonNegativeInt | None = field(1, doc="Number in front of every row; null for none.")
    oov_char: NonNegativeInt | None = field(2, doc="Number of words left out; null leaves them out without a trace.")
    index_from: NonNegativeInt = field(3, doc="Added to every number: what is below is free for 0 (padding) and marks.")
    pad_to: PositiveInt | None = field(
        None, doc="Length of every row after cutting and filling up, as maxlen of keras.utils.pad_sequences."
    )
    padding: End = field("pre", doc="Where short rows are filled up with 0.")
    truncating: End = field("pre", doc="Where long rows are cut.")
    multi_hot: bool = field(False, doc="One input a word, 1 where it occurs in the row; needs num_words.")

    def conflicts(self) -> Iterator[tuple[str, str]]:
        if self.multi_hot and self.pad_to is not None:
            yield "multi_hot", "a row is either padded to a length or one input a word: remove pad_to or multi_hot"
        if self.multi_hot and self.num_words is None:
            yield "multi_hot", "needs num_words, which is the number of inputs"
        if self.num_words is not None and self.skip_top >= self.num_words:
            yield "skip_top", f"must be below num_words ({self.num_words}), got {self.skip_top}"

    def raw(self, places: Places, digest: Any) -> list[Part]:
        """Return the rows as they are published: the training part and the test part, or all in one."""
        raise NotImplementedError

    def load(self, places: Places, digest: Any = None) -> tuple[Part, Part]:
        """Return the training and the test part as Keras' loader returns them."""
        draw = np.random.RandomState(self.seed)  # one stream for both parts, the training rows first
        parts = [self._short_enough(self._shuffled(part, draw)) for part in self.raw(places, digest)]
        limit = self.num_words or max(int(x.values.max(initial=0)) for x, _ in parts)
        return self.split([Part(x.limited(self.skip_top, limit, self.oov_char), y) for x, y in parts])

    def split(self, parts: list[Part]) -> tuple[Part, Part]:
        train, test = parts
        return train, test

    def open(self, settings: DataSettings, places: Places, digest: Any) -> Opened:
        self._need_form()
        parts = self.load(places, digest)
        if digest is not None:
            digest.update(json.dumps(self.config(), sort_keys=True).encode())
        train, test = (self._arrays(part, name) for part, name in zip(parts, ("train", "test"), strict=True))
        return Opened(train, test, self.notes())

    def notes(self) -> list[str]:
        """What should be known of the set."""
        return []

    def glance(self, settings: DataSettings, places: Places) -> Glance | None:
        width = self.num_words if self.multi_hot else self.pad_to
        return Glance((width,) if width else None, self.classes, largest=self._largest())

    def _largest(self) -> int | None:
        """Return the largest word number that num_words lets in, where the set has as many words."""
        if self.num_words is None or self.multi_hot or getattr(self, "path", None) is not None:
            return None
        return self.num_words - 1 if self.num_words - 1 <= self.vocabulary else None

    def _need_form(self) -> None:
        if self.pad_to is None and not self.multi_hot:
            message = (
                f"{self.set_name} has rows of different length: write "
                f"{{{self.set_name}: {{num_words: 10000, pad_to: 80}}}} for rows of 80 words, "
                "or multi_hot: true for a dense net"
            )
            raise ConfigError(f"data.source: {message}", (Problem(("data", "source"), message),))

    def _arrays(self, part: Part, name: str) -> Arrays:
        title = f"{self.set_name} ({name})"
        if self.multi_hot:
            x = part.x.multi_hot(self.num_words or 0, title)
        else:
            x = part.x.padded(self.pad_to or 0, self.padding, self.truncating)
        return Arrays(x, part.y, title, tuple(range(self.classes)))

    def published(self, places: Places, digest: Any, path: str | None) -> tuple[str, dict[str, Array]]:
        """Return the title of the .npz file and what is in it; `path` names another file of the same form."""
        if path is not None:
            file = places.files(path)[0]
            content = read(file)
            if digest is not None:
                digest.update(content)
        else:
            file, content = self.content(f"{self.set_name}.npz", places, digest)
        return str(file), load_npz(content, str(file))

    def part(self, arrays: dict[str, Array], x: str, y: str, title: str) -> Part:
        """Return two arrays of a file after checking that they are rows and their labels."""
        for key in (x, y):
            if key not in arrays:
                raise DataError(f"{title}: has no array {key!r}; get it again")
        rows, labels = Ragged.of(list(arrays[x]), f"{title}: {x}"), arrays[y]
        if labels.ndim != 1 or labels.dtype.kind not in "iu" or len(labels) != len(rows):
            raise DataError(f"{title}: {y} is of type {labels.dtype} and shape {labels.shape} for {len(rows)} rows")
        wrong = np.flatnonzero((labels < 0) | (labels >= self.classes))
        if len(wrong):
            raise DataError(f"{title}: {y}: row {wrong[0]}: label {labels[wrong[0]]}, expected 0 to {self.classes - 1}")
        return Part(rows, labels)

    def _shuffled(self, part: Part, draw: np.random.RandomState) -> Part:
        order = np.arange(len(part.x))
        draw.shuffle(order)
        return Part(part.x.take(order).marked(self.start_char, self.index_from), part.y[order])

    def _short_enough(self, part: Part) -> Part:
        """Leave out the rows of `maxlen` numbers and more."""
        if self.maxlen is None:
            return part
        keep = np.flatnonzero(part.x.lengths < self.maxlen)
        if not len(keep):
            message = f"no row is shorter than maxlen {self.maxlen}; increase it"
            raise ConfigError(f"data.source: {message}", (Problem(("data", "source"), message),))
        return Part(part.x.take(keep), part.y[keep])

    def words(self, places: Places) -> list[str]:
        """Return the word of every number before `index_from` is added; "" for 0."""
        path, content = self.content(f"{self.set_name}_word_index.json", places, None)
        try:
            index = json.loads(content)
            words = [""] * (max(index.values()) + 1)
            for word, number in index.items():
                words[number] = word
        except (ValueError, TypeError, AttributeError, IndexError) as error:
            raise DataError(f"{path}: is no word index ({error}); get it again") from error
        return words

    def decode(self, row: Array, words: list[str]) -> str:
        """Return a row as text; what is no word shows as [start], [?] and [0]."""
        marks = {self.start_char: "[start]", self.oov_char: "[?]"}
        texts = []
        for number in row.tolist():
            place = number - self.index_from
            known = 0 < place < len(words)
            texts.append(marks[number] if number in marks else words[place] if known else f"[{number}]")
        return " ".join(texts)
