"""Text columns against Keras' TextVectorization (golden numbers) and scikit-learn's vectorizers."""

from __future__ import annotations

import csv
import io
import json
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer

from nnctl.data import read_for
from nnctl.data.texts import split_words

GOLDEN = json.loads((Path(__file__).parents[1] / "golden" / "text_vectorization.json").read_text())
WORDS = partial(split_words, lower=True, punctuation=False)


def as_csv(texts: list[str]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writerows([("t", "y"), *((text, number % 2) for number, text in enumerate(texts))])
    return out.getvalue()


def fitted(table, texts, **own):
    column = {"type": "text", "missing": "constant", "fill": "", **own}
    return table(as_csv(texts), columns={"t": column})


@pytest.mark.parametrize("case", GOLDEN["cases"], ids=lambda case: f"{case['encode']}-{case['max_words']}")
def test_as_keras(table, write, case):
    length = {"length": 5} if case["encode"] == "sequence" else {}
    prepared = fitted(table, GOLDEN["train"], encode=case["encode"], max_words=case["max_words"], **length)
    (column,) = prepared.preprocessing.features.columns
    assert column.words == case["words"]
    (later,) = read_for(prepared.preprocessing, str(write(as_csv(GOLDEN["later"]), "later.csv")))
    rows = np.concatenate([prepared.train.x, later.x])
    np.testing.assert_allclose(rows, np.array(case["rows"]), rtol=1e-6)


def test_as_scikit_learn(table):
    """Words that occur, and how often: the same as CountVectorizer's, given the same words."""
    texts = GOLDEN["train"] + GOLDEN["later"]
    counter = CountVectorizer(tokenizer=WORDS, token_pattern=None, lowercase=False)
    counts = counter.fit_transform(texts).toarray()
    multi_hot = fitted(table, texts, encode="multi_hot")
    words = multi_hot.preprocessing.features.columns[0].words
    assert sorted(words) == sorted(counter.vocabulary_)
    places = [counter.vocabulary_[word] for word in words]
    assert np.array_equal(multi_hot.train.x[:, 1:], np.minimum(counts, 1)[:, places])
    weighted = fitted(table, texts, encode="tfidf").train.x[:, 1:]
    ours = np.log(1 + len(texts) / (1 + (counts > 0).sum(axis=0)))
    np.testing.assert_allclose(weighted, (counts * ours)[:, places], rtol=1e-6)
    # TfidfVectorizer weighs words by another formula (see TextFeature); from its idf follows ours.
    theirs = TfidfVectorizer(tokenizer=WORDS, token_pattern=None, lowercase=False, norm=None).fit(texts).idf_
    rows, rows_with = len(texts), (1 + len(texts)) / np.exp(theirs - 1)
    np.testing.assert_allclose(weighted, (counts * np.log(1 + rows / rows_with))[:, places], rtol=1e-6)
