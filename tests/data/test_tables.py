"""The specs on real tables: what is set aside, dropped and filled in is what their comments say."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from nnctl.data import Preprocessing, prepare
from nnctl.spec import load

SPECS = Path(__file__).parents[2] / "specs"
TABLES = {
    "adult": (29305, 3256, 16281, "2466 of 16281 test rows are equal to training rows, target included"),
    "titanic": (713, 0, 178, "filled in missing cells: age 177 (28), embarked 2 (S)"),
    "california_housing": (14448, 2064, 4128, "filled in missing cells: total_bedrooms 207 (436)"),
    "penguins": (274, 0, 68, "dropped 2 of 344 rows with missing cells"),
    "auto_mpg": (318, 0, 80, "filled in missing cells: 3 6 (95)"),
    "horse_colic": (240, 0, 60, "split: test 0.2: at random, seed 1"),
    "airline_passengers": (84, 0, 48, "windows: 84 training, 48 test"),
    "creditcard_fraud": (1378, 0, 344, "6 of 344 test rows are equal to training rows, target included"),
}


@pytest.mark.parametrize("name", TABLES)
def test_real_tables_are_read_as_their_specs_say(name: str, real_data: Path) -> None:
    spec = load(SPECS / f"{name}.yaml")
    assert spec.loss is not None
    targets = spec.loss.targets
    prepared = prepare(spec.data, seed=spec.seed, targets=targets, base_dir=SPECS, data_dir=real_data)
    *counts, note = TABLES[name]
    parts = (prepared.train, prepared.validation, prepared.test)
    assert [0 if part is None else len(part) for part in parts] == counts
    assert note in prepared.notes
    for part in parts:
        assert part is None or (np.isfinite(part.x).all() and part.x.shape[1:] == prepared.preprocessing.input_shape)
    saved = prepared.preprocessing.to_dict()
    assert Preprocessing.from_dict(saved).to_dict() == saved
    assert prepared.preprocessing.describe() == Preprocessing.from_dict(saved).describe()


def test_adult_labels_of_the_test_file_lose_their_full_stop(real_data: Path) -> None:
    spec = load(SPECS / "adult.yaml")
    prepared = prepare(spec.data, seed=1, targets="binary", base_dir=SPECS, data_dir=real_data)
    assert prepared.preprocessing.labels == ["<=50K", ">50K"]
    assert prepared.test is not None
    assert prepared.test.y is not None
    assert int(prepared.test.y.sum()) == 3846  # as adult.names says: 23.62 % of 16,281
    names = prepared.preprocessing.feature_names
    assert len(set(names)) == len(names)
    assert {"1=?", "1=(other)"} <= set(names)
