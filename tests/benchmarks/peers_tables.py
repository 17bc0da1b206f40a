"""usage: peers_tables.py pima|card|pandas|read TABLE [OUT] [COLUMN ...]

What nnctl does with a table, by Keras and pandas.

pima    150 epochs in batches of 10 on the first 615 rows, judged by the others, saved
card    read with pandas, every column scaled, 20 epochs in batches of 2000, saved
pandas  read a table and write one of as many rows with the columns that are named, nothing else
read    read a table, nothing else
"""

from __future__ import annotations

import sys

import pandas as pd


def pima(table: str, out: str) -> None:
    from keras import Sequential, layers

    data = pd.read_csv(table, header=None).to_numpy("float32")
    x, y = data[:, :8], data[:, 8]
    net = [layers.Dense(12, activation="relu"), layers.Dense(8, activation="relu")]
    model = Sequential([layers.Input((8,)), *net, layers.Dense(1, activation="sigmoid")])
    model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
    model.fit(x[:615], y[:615], epochs=150, batch_size=10, verbose=0)
    model.evaluate(x[615:], y[615:], verbose=0)
    model.save(out)


def card(table: str, out: str) -> None:
    from keras import Sequential, layers

    data = pd.read_csv(table)
    y = data.pop("Class").to_numpy("float32")
    x = ((data - data.mean()) / data.std()).to_numpy("float32")
    net = [layers.Dense(10, activation="tanh"), layers.Dense(5, activation="tanh")]
    model = Sequential([layers.Input((x.shape[1],)), *net, layers.Dense(1, activation="sigmoid")])
    model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
    model.fit(x, y, epochs=20, batch_size=2000, verbose=0)
    model.save(out)


def pandas(table: str, out: str, *columns: str) -> None:
    data = pd.read_csv(table)
    first, *others = columns
    numbers = {name: data[f"V{place}"] for place, name in enumerate(others, 1)}
    pd.DataFrame({first: (data["V1"] > 0).astype(int), **numbers}).to_csv(out, index=False)


def read(table: str) -> None:
    pd.read_csv(table)


if __name__ == "__main__":
    {run.__name__: run for run in (pima, card, pandas, read)}[sys.argv[1]](*sys.argv[2:])
