"""Targets as a loss wants them: numbers, 0/1, the index of the class, or one-hot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from nnctl.data import Array, Arrays, Form
from nnctl.data.cells import INFINITE, Troubles
from nnctl.data.table import Numbers, Table, Texts
from nnctl.data.vocabulary import Vocabulary, number
from nnctl.errors import ConfigError, DataError

TRUTHS = ("False", "True")


class Targets:
    """Fitted on the labels of a source; encodes the labels of any other."""

    def __init__(
        self,
        form: str,
        names: Sequence[str],
        labels: Sequence[Any] | None = None,
        *,
        words: Mapping[str, Sequence[str]] = {},
        hard: bool = False,
        strip: str = "",
    ) -> None:
        self.form, self.names = form, list(names)
        self.words = {name: list(pair) for name, pair in words.items()}  # of several columns: what no and yes are
        self.hard = hard  # each of several columns says yes or no: a row may have any number of these labels
        self.strip = strip  # characters removed from the ends of labels
        self.vocabulary = Vocabulary(labels) if labels is not None else None

    @property
    def labels(self) -> list[Any] | None:
        return self.vocabulary.labels if self.vocabulary else None

    @property
    def answers(self) -> list[tuple[Any, Any]]:
        """What no and yes are in each of several columns that say the one or the other; else nothing."""
        said = [self.words.get(name, (0, 1)) for name in self.names] if self.hard else []
        return [(False, True) if is_truth(str(yes)) else (no, yes) for no, yes in said]

    def numeric(self, name: str) -> bool:
        """Whether a column of a table is read as numbers."""
        return self.vocabulary is None and name not in self.words

    def encode(self, data: Table | Arrays, dtype: str) -> Array:
        """Return y: (N, k) numbers, (N, 1) of 0 and 1, (N,) indices, or (N, classes) one-hot."""
        if self.vocabulary is None:
            return self._values(data, dtype)
        index = self._index(data, self.vocabulary)
        if self.form == "index":
            return index
        if self.form == "binary":
            return index.astype(dtype)[:, None]
        return np.eye(len(self.vocabulary), dtype=dtype)[index]

    def classes(self, data: Table | Arrays) -> Array | None:
        """Return the place of every row's label among the classes; None where the targets are numbers."""
        return None if self.vocabulary is None else self._index(data, self.vocabulary)

    def _values(self, data: Table | Arrays, dtype: str) -> Array:
        if isinstance(data, Table):
            y = np.stack([self._yes(data, n) if n in self.words else data.numbers(n) for n in self.names], axis=1)
        else:
            assert data.y is not None
            y = data.y if data.y.ndim > 1 else data.y[:, None]
        if self.form == "binary" and not ((y >= 0) & (y <= 1)).all():
            raise DataError(
                f"targets {', '.join(self.names)}: a binary loss needs values from 0 to 1, "
                f"got {y.min():g} to {y.max():g}"
            )
        return y.astype(dtype)

    def _yes(self, table: Table, name: str) -> Array:
        """Return 1 for yes and 0 for no, in one of several columns of words."""
        column, (no, yes) = table.columns[name], self.words[name]
        assert isinstance(column, Texts)
        lower = is_truth(yes)  # True, TRUE and true are one
        said = [text.strip().lower() if lower else text for text in column.names]
        no, yes = (no.lower(), yes.lower()) if lower else (no, yes)
        troubles = Troubles()
        for row in np.flatnonzero(~np.array([*(text in (no, yes) for text in said), False])[column.codes]).tolist():
            what = f"label {name!r}: {column.names[column.codes[row]]!r} is neither {self.words[name][1]} nor "
            troubles.add(table.where(row), what + self.words[name][0], "mend the label, or remove the row")
        troubles.finish()
        return np.array([float(text == yes) for text in said])[column.codes]

    def _index(self, data: Table | Arrays, vocabulary: Vocabulary) -> Array:
        if isinstance(data, Arrays):
            assert data.y is not None
            found, codes = np.unique(data.y.reshape(-1), return_inverse=True)
            names = [str(label) for label in found.tolist()]
        else:
            column = data.columns[self.names[0]]
            assert isinstance(column, Texts)
            names, codes = column.names, column.codes
        index = vocabulary.find_all(names).astype(np.int32)[codes]
        troubles = Troubles()
        for row in np.flatnonzero(index < 0).tolist():
            troubles.add(
                data.where(row),
                f"label {names[codes[row]]!r} of {self.names[0]!r} is none of the classes",
                "the classes are " + ", ".join(map(str, vocabulary.labels[:20])),
            )
        troubles.finish()
        return index

    def to_dict(self) -> dict[str, Any]:
        own = {"form": self.form, "names": self.names, "labels": self.labels}
        return {**own, "words": self.words, "hard": self.hard, "strip": self.strip}

    @classmethod
    def from_dict(cls, saved: dict[str, Any]) -> Targets:
        own = {name: saved[name] for name in ("words", "hard", "strip") if name in saved}
        if saved.get("truths"):  # as nnctl wrote it before there were other words
            own["words"] = dict.fromkeys(saved["truths"], TRUTHS)
        return cls(saved["form"], saved["names"], saved["labels"], **own)


def is_truth(text: str) -> bool:
    """Whether a cell says True or False."""
    return text.strip().lower() in ("true", "false")


def fit_targets(
    data: Table | Arrays, names: list[str], form: Form, labels: Sequence[Any] | None, strip: str = ""
) -> Targets:
    """Find the classes, where the form has any; convert columns of a table to numbers where not."""
    if isinstance(data, Arrays):
        return _fit_arrays(data, names, form, labels or data.labels)
    columns = [data.columns[name] for name in names]
    if form == "index" and (len(names) > 1 or isinstance(columns[0], Numbers)):
        raise ConfigError(f"target: this loss needs one column of classes, got {len(names)}: {', '.join(names)}")
    texts = {name: column for name, column in zip(names, columns, strict=True) if isinstance(column, Texts)}
    if len(names) > 1 and texts:
        words = {name: _no_and_yes(name, column) for name, column in texts.items()}
        return Targets("values" if form == "auto" else form, names, words=words, hard=_hard(data, names, form))
    if not texts:
        return Targets("values" if form == "auto" else form, names, hard=_hard(data, names, form))
    column = columns[0]
    assert isinstance(column, Texts)
    _refuse_infinite(data, names[0], column)
    used = [name for name, count in zip(column.names, column.counts(), strict=True) if count]
    if form == "auto":
        values = [number(text) for text in column.names]
        if None not in values and not all(text.lstrip("+-").isdigit() for text in column.names):
            data.to_numbers(names[0], values)  # type: ignore[arg-type]
            return Targets("values", names)
        form = "index"
    targets = _fit_classes(form, names, labels, Vocabulary.of(used).labels)
    targets.strip = strip
    return targets


def _no_and_yes(name: str, column: Texts) -> Sequence[str]:
    """Return the two words of one of several target columns, in the order of the alphabet."""
    used = [text for text, count in zip(column.names, column.counts(), strict=True) if count]
    if all(map(is_truth, used)):
        return TRUTHS
    if len(used) != 2:
        shown = ", ".join(map(repr, sorted(used)[:5])) + (", ..." if len(used) > 5 else "")
        raise DataError(
            f"target {name!r} holds {len(used)} different texts ({shown}), and each of several targets is a number "
            "or says yes or no, in two words of its own; for one column of classes, name that alone"
        )
    return sorted(used)


def _hard(table: Table, names: list[str], form: Form) -> bool:
    """Whether each of several columns for a binary loss holds 0 and 1, or True and False, and nothing between."""
    if form != "binary" or len(names) < 2:
        return False
    columns = (table.columns[name] for name in names)
    return all(isinstance(column, Texts) or bool(np.isin(column.values, (0, 1)).all()) for column in columns)


def _refuse_infinite(table: Table, name: str, column: Texts) -> None:
    wrong = {text for text in column.names if INFINITE.fullmatch(text.strip()) or _overflows(text)}
    if wrong:
        troubles = Troubles()
        for row, code in enumerate(column.codes):
            if column.names[code] in wrong:
                what = f"label {name!r}: {column.names[code]!r} is not finite"
                troubles.add(table.where(row), what, "mend or remove the row")
        troubles.finish()


def _overflows(text: str) -> bool:
    try:
        return not np.isfinite(float(text))
    except ValueError:
        return False


def _fit_arrays(data: Arrays, names: list[str], form: Form, labels: Sequence[Any] | None) -> Targets:
    y = data.y
    assert y is not None
    if y.dtype.kind == "f" and not np.isfinite(y).all():
        row = int(np.flatnonzero(~np.isfinite(y.reshape(len(y), -1)).all(axis=1))[0])
        raise DataError(f"{data.name}: row {row}: the target is not finite; mend or remove the row")
    if y.dtype.kind not in "biufUS":
        raise DataError(f"{data.name}: targets of type {y.dtype} are not supported; use numbers or texts")
    single = y.ndim == 1 or (y.ndim == 2 and y.shape[1] == 1)
    names = names if single else [str(i) for i in range(y.shape[-1])]
    if form == "auto":
        fractional = y.dtype.kind == "f" and bool((y != np.trunc(y)).any())
        form = "values" if fractional or not single else "index"
    # Not classes but shades, as of an autoencoder's pixels.
    soft = form == "binary" and y.dtype.kind == "f" and len(np.unique(y[:1000])) > 2
    if form == "values" or (not single and form != "index") or soft:
        return Targets(form, names)
    if not single:
        raise DataError(f"{data.name}: targets of shape {y.shape}, expected one class a row: shape ({len(y)},)")
    return _fit_classes(form, names, labels, np.unique(y).tolist())


def _fit_classes(form: str, names: list[str], labels: Sequence[Any] | None, found: list[Any]) -> Targets:
    classes = list(labels) if labels is not None else found
    if len(classes) < 2:
        raise DataError(f"column {names[0]!r} has one class {str(classes[0])!r}; training needs at least 2")
    if form == "binary" and len(classes) != 2:
        shown = ", ".join(map(str, classes[:8])) + (", ..." if len(classes) > 8 else "")
        raise DataError(
            f"target {names[0]!r} has {len(classes)} classes ({shown}), a binary loss needs exactly 2; "
            f"for more, end in Dense: {{units: {len(classes)}, activation: softmax}} "
            "with categorical_crossentropy"
        )
    return Targets(form, names, classes)
