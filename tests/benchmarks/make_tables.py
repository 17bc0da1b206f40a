"""usage: make_tables.py pima|card|rows|judged FILE; writes a table from a seed, as CSV.

pima  768 rows of 8 numbers and a class, no header: the shape of the Pima table
card  227,845 rows of Time, V1 ... V28, Amount and Class: the shape of the credit-card table, 130 MB
rows  1,000,000 rows of the same columns without Class, 290 MB
judged  the same with Class
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd


def pima(file: Path) -> None:
    random = np.random.default_rng(0)
    measured = random.integers(0, 200, (768, 8))
    pd.DataFrame(measured).assign(onset=(measured[:, 1] > 110).astype(int)).to_csv(file, header=False, index=False)


def transactions(rows: int) -> pd.DataFrame:
    random = np.random.default_rng(0)
    columns = {"Time": np.arange(rows) * 0.75}
    columns |= {f"V{number}": random.normal(size=rows) for number in range(1, 29)}
    return pd.DataFrame(columns | {"Amount": random.lognormal(3, 1.5, rows).round(2)})


def with_class(table: pd.DataFrame) -> pd.DataFrame:
    fraud = table["V1"] + table["V2"] + table["V3"] > 5
    return table.assign(Class=fraud.astype(int))


def card(file: Path) -> None:
    with_class(transactions(227_845)).to_csv(file, index=False)


def rows(file: Path) -> None:
    transactions(1_000_000).round(6).to_csv(file, index=False)


def judged(file: Path) -> None:
    with_class(transactions(1_000_000).round(6)).to_csv(file, index=False)


if __name__ == "__main__":
    {made.__name__: made for made in (pima, card, rows, judged)}[sys.argv[1]](Path(sys.argv[2]))
