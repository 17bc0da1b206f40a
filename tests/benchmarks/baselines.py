"""scikit-learn's figures for the specs on real tables: the same rows, columns, scaling and split.

    NNCTL_DATA_DIR=... python tests/benchmarks/baselines.py [SPEC ...]

Prints, for every spec, what a linear model and a random forest make of the test rows.
"""

from __future__ import annotations

import sys
import warnings
from pathlib import Path

import numpy as np
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.metrics import accuracy_score, mean_absolute_error, root_mean_squared_error

from nnctl.data import Rows, prepare
from nnctl.spec import load

SPECS = Path(__file__).parents[2] / "specs"
TABLES = (
    "adult", "titanic", "california_housing", "penguins", "auto_mpg", "horse_colic", "airline_passengers",
    "creditcard_fraud",
)  # fmt: skip


def parts(path: Path) -> tuple[Rows, Rows, bool]:
    """Return what nnctl trains on and what it is judged by, and whether the targets are classes."""
    spec = load(path)
    assert spec.loss is not None
    prepared = prepare(spec.data, seed=spec.seed, targets=spec.loss.targets, base_dir=path.parent)
    assert prepared.test is not None
    return prepared.train, prepared.test, prepared.preprocessing.labels is not None


def judge(path: Path) -> None:
    train, test, classes = parts(path)
    assert train.y is not None
    assert test.y is not None
    x, y, x_test, y_test = (
        train.x.reshape(len(train), -1),
        train.y.ravel(),
        test.x.reshape(len(test), -1),
        test.y.ravel(),
    )
    models = (
        (LogisticRegression(max_iter=2000, class_weight=weights(path)), RandomForestClassifier(random_state=0))
        if classes
        else (LinearRegression(), RandomForestRegressor(random_state=0))
    )
    for model in models:
        found = model.fit(x, y).predict(x_test)
        if classes:
            figures = f"accuracy {accuracy_score(y_test, found):.4f}"
        else:
            figures = f"mae {mean_absolute_error(y_test, found):.5g} rmse {root_mean_squared_error(y_test, found):.5g}"
        print(f"{path.stem:20} {type(model).__name__:24} {figures}  ({len(y)} + {len(y_test)} rows)", flush=True)
    guess = np.full(len(y_test), np.bincount(y.astype(int)).argmax()) if classes else np.full(len(y_test), y.mean())
    kind = accuracy_score(y_test, guess) if classes else mean_absolute_error(y_test, guess)
    print(f"{path.stem:20} {'always the same':24} {'accuracy' if classes else 'mae'} {kind:.5g}")


def weights(path: Path) -> str | None:
    spec = load(path)
    return "balanced" if spec.fit.class_weight == "balanced" else None


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    for name in sys.argv[1:] or TABLES:
        judge(SPECS / f"{name}.yaml")
