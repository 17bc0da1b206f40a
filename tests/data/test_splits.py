"""Rows set aside by group, time, name and range; windows; rows that stand in two parts."""

from __future__ import annotations

import numpy as np
import pytest

from nnctl.data import DataSettings, Preprocessing, prepare, read_for
from nnctl.errors import ConfigError, DataError

ROWS = "g,t,part,a,y\n" + "".join(
    f"{'uvwxyz'[i % 6]},{2000 - i},{['train', 'val', 'test'][i % 3]},{i},{i % 2}\n" for i in range(60)
)


def parts(prepared):
    return [
        [] if part is None else sorted(part.x[:, 0].astype(int).tolist())
        for part in (prepared.train, prepared.validation, prepared.test)
    ]


def test_groups_stay_together_and_the_draw_is_seeded(table):
    split = {"validation": 0.2, "test": 0.2, "group": "g"}
    train, validation, test = parts(table(ROWS, features=["a"], split=split))
    groups = [{row % 6 for row in part} for part in (train, validation, test)]
    assert [len(group) for group in groups] == [4, 1, 1]
    assert sum(len(group) for group in groups) == len(set().union(*groups))
    assert parts(table(ROWS, features=["a"], split=split)) == [train, validation, test]
    drawn = {tuple(parts(table(ROWS, features=["a"], split=split, seed=seed))[2]) for seed in range(8)}
    assert len(drawn) > 1
    with pytest.raises(DataError, match="2 groups of 'g' leave 0 rows for"):
        table("g,a,y\nu,1,0\nv,2,1\nv,2,0\nv,2,1\n", split={"validation": 0.25, "test": 1, "group": "g"})


def test_time_sets_the_latest_rows_aside(table):
    prepared = table(ROWS, features=["a"], split={"test": 10, "time": "t"})
    assert parts(prepared)[2] == list(range(10))  # the years count down
    assert "column 't': the split goes by it, it is no feature" in prepared.notes
    iso = "a,t,y\n1,2024-03-01,0\n2,2023-12-31,1\n3,2024-01-31,0\n"
    assert parts(table(iso, split={"test": 1, "time": "t"}))[2] == [1]
    with pytest.raises(DataError, match="orders the rows, but holds neither numbers nor dates"):
        table(iso.replace("2024-03-01", "1/3/2024"), split={"test": 1, "time": "t"})
    dates = {"t": {"type": "date", "format": "%d/%m/%Y"}}
    text = "a,t,y\n1,01/03/2024,0\n2,31/12/2023,1\n3,31/01/2024,0\n"
    assert parts(table(text, split={"test": 1, "time": "t"}, columns=dates))[2] == [1]


def test_a_column_names_the_parts(table):
    found = parts(table(ROWS, features=["a"], split={"column": "part"}))
    assert [part[:3] for part in found] == [[0, 3, 6], [1, 4, 7], [2, 5, 8]]
    with pytest.raises(DataError, match="holds 'holdout'"):
        table(ROWS.replace("test", "holdout"), split={"column": "part"})


def test_ranges_of_rows(table):
    found = parts(table(ROWS, features=["a"], split={"validation": ":5", "test": "50:"}))
    assert found == [list(range(5, 50)), list(range(5)), list(range(50, 60))]
    for split, message in (
        ({"test": "50:70"}, "has no place in 60 rows"),
        ({"validation": "0:20", "test": "10:30"}, "overlap"),
        ({"validation": ":30", "test": "30:"}, "leave 0 of 60 rows"),
    ):
        with pytest.raises(DataError, match=message):
            table(ROWS, features=["a"], split=split)


@pytest.mark.parametrize(
    ("split", "message"),
    [
        ({"group": "g", "time": "t", "test": 1}, "a split goes by one column"),
        ({"column": "part", "test": 0.1}, "give no share"),
        ({"group": "g"}, "not how many"),
        ({"test": "5:", "time": "t"}, "a range of rows cannot be given beside time"),
        ({"test": "5:", "validation": 0.1}, "ranges of rows for both parts"),
        ({"test": "last"}, "a range of rows such as"),
    ],
)
def test_splits_that_cannot_be_meant(table, split, message):
    with pytest.raises(ConfigError, match=message):
        table(ROWS, split=split)


def test_rows_in_two_parts_are_reported(table):
    text = "a,y\n1,0\n2,1\n3,0\n1,0\n2,0\n-0.0,1\n"
    notes = table(text, split={"test": "3:"}).notes
    assert "1 of 3 test rows are equal to training rows, target included" in notes
    assert not any("equal to training" in note for note in table(text, split={"test": "5:"}).notes)


def test_rows_of_arrays_in_two_parts_are_reported_too(tmp_path):
    x = np.arange(20.0).reshape(10, 2)
    x[8] = x[3]
    np.savez(tmp_path / "t.npz", x=x, y=np.array([0, 1] * 4 + [1, 0]))
    settings = DataSettings(source=str(tmp_path / "t.npz"), split={"test": "7:"})
    prepared = prepare(settings, validation_split=0.3)
    assert "1 of 3 test rows are equal to training rows, target included" in prepared.notes
    assert prepared.split.how == "split: test 7: (rows of the file); validation_split 0.3: the last rows of the others"
    assert prepared.split.sizes() == {"training": 4, "validation": 3, "test": 3}


SERIES = "t,a,b\n" + "".join(f"{i},{i},{10 * i}\n" for i in range(20))


def test_windows_look_back_and_the_target_lies_ahead(table):
    prepared = table(
        SERIES, "values", target="b", features=["a"], sequence={"steps": 3, "stride": 2, "horizon": 2},
        split={"test": "12:"},
    )  # fmt: skip
    assert prepared.preprocessing.input_shape == (3, 1)
    assert prepared.train.x[:, :, 0].tolist() == [[0, 1, 2], [2, 3, 4], [4, 5, 6], [6, 7, 8]]
    assert prepared.train.y[:, 0].tolist() == [40, 60, 80, 100]
    assert prepared.test.x[:, :, 0].tolist() == [[8, 9, 10], [10, 11, 12], [12, 13, 14], [14, 15, 16]]
    assert prepared.test.y[:, 0].tolist() == [120, 140, 160, 180]  # the targets are rows of the test alone
    assert "windows: 4 training, 4 test" in prepared.notes


@pytest.mark.parametrize(("steps", "horizon"), [(1, 0), (3, 0), (1, 1), (3, 2), (4, 1)])
def test_every_row_set_aside_is_the_target_of_a_window(table, steps, horizon):
    """As it is when the model is in use: the rows before are known, whatever part they were in."""
    split = {"validation": 5, "test": 4, "shuffle": False}
    sequence = {"steps": steps, "horizon": horizon}
    prepared = table(SERIES, "values", target="b", features=["a"], sequence=sequence, split=split)
    last_of_training = prepared.train.y[-1, 0]
    assert last_of_training == 100
    assert (prepared.validation.y[:, 0] / 10).tolist() == [11, 12, 13, 14, 15]
    assert (prepared.test.y[:, 0] / 10).tolist() == [16, 17, 18, 19]
    for part in (prepared.validation, prepared.test):
        assert np.array_equal(part.x[:, -1, 0] + horizon, part.y[:, 0] / 10)
    ranges = {"validation": "0:5", "test": "16:"}
    prepared = table(SERIES, "values", target="b", features=["a"], sequence=sequence, split=ranges)
    assert (prepared.validation.y[:, 0] / 10).tolist() == list(range(steps - 1 + horizon, 5))  # nothing stands before
    assert (prepared.test.y[:, 0] / 10).tolist() == [16, 17, 18, 19]


@pytest.mark.parametrize("size", [3, 8, 64, 1 << 20])
def test_d12_windows_do_not_depend_on_the_pieces_that_are_read(table, write, monkeypatch, size):
    sequence = {"steps": 4, "stride": 3, "horizon": 1}
    prepared = table(SERIES, "values", target="a", features=["a"], sequence=sequence)
    fitted = Preprocessing.from_dict(prepared.preprocessing.to_dict())
    path = str(write(SERIES))
    monkeypatch.setattr("nnctl.data.blocks.read_blocks.__defaults__", (*_defaults()[:-1], size))
    judged = list(read_for(fitted, path, need_targets=True, keep=["t"]))
    assert np.array_equal(np.concatenate([chunk.x for chunk in judged]), prepared.train.x)
    assert np.array_equal(np.concatenate([chunk.y for chunk in judged]), prepared.train.y)
    ahead = list(read_for(fitted, path, keep=["t"]))
    assert [cell for chunk in ahead for cell in chunk.kept["t"]] == ["3", "6", "9", "12", "15", "18"]
    assert sum(len(chunk) for chunk in ahead) == 6


def _defaults():
    from nnctl.data.blocks import read_blocks

    return read_blocks.__defaults__


def test_windows_need_order_and_enough_rows(table, write):
    with pytest.raises(ConfigError, match="windows need rows in their order"):
        table(SERIES, target="a", sequence={"steps": 3}, split={"test": 0.2})
    with pytest.raises(ConfigError, match="missing: drop would tear the series"):
        table(SERIES, target="a", sequence={"steps": 3}, missing="drop")
    with pytest.raises(DataError, match="after row 4 the next one for train is 8"):
        table(SERIES, "values", target="a", sequence={"steps": 3}, split={"test": "5:8"})
    with pytest.raises(DataError, match="20 rows hold no window of 20 steps and a target 1 rows on"):
        table(SERIES, "values", target="a", sequence={"steps": 20})
    with pytest.raises(ConfigError, match="'a' is the target or the weight as well"):
        table(SERIES, target="a", features=["a"], sequence={"steps": 3, "horizon": 0})
    fitted = table(SERIES, "values", target="b", sequence={"steps": 5}).preprocessing
    with pytest.raises(DataError, match="3 rows for a window of 5 steps"):
        list(read_for(fitted, str(write("t,a,b\n1,1,1\n2,2,2\n3,3,3\n", "n.csv"))))


def test_windows_follow_time_where_the_file_does_not(table):
    text = "t,a\n" + "".join(f"{2000 - i},{i}\n" for i in range(10))
    split = {"test": 4, "time": "t"}
    prepared = table(text, "values", target="a", features=["a"], sequence={"steps": 2}, split=split)
    assert prepared.train.x[:, :, 0].tolist() == [[9, 8], [8, 7], [7, 6], [6, 5]]
    assert prepared.test.x[:, :, 0].tolist() == [[5, 4], [4, 3], [3, 2], [2, 1]]
    assert prepared.test.y[:, 0].tolist() == [3, 2, 1, 0]


def test_the_record_of_a_split_tells_where_every_row_of_the_file_went(table):
    text = "a,y\n" + "".join(f"{'' if i == 3 else i},{i % 2}\n" for i in range(10))
    prepared = table(text, missing="drop", split={"validation": "0:2", "test": "7:"})
    record = prepared.split
    assert record.text().split() == [
        "row,part", "0,validation", "1,validation", "2,training", "3,dropped", "4,training", "5,training",
        "6,training", "7,training", "8,test", "9,test",
    ]  # fmt: skip
    assert record.sizes() == {"training": 5, "validation": 2, "test": 2, "dropped": 1}
    assert (record.how, prepared.dropped) == ("split: validation 0:2, test 7: (rows of the file)", 1)
    same = table(text.replace("9,1", "9.5,1"), missing="drop", split={"validation": "0:2", "test": "7:"}).split
    assert same.digest() == record.digest()
    assert table(text, missing="mean", split={"test": "8:"}).filled == {"training": {"a": 1}, "test": {}}
    assert table("a,y\n1,0\n2,1\n").split is None


def test_the_record_follows_the_draw(table):
    prepared = table(ROWS, features=["a"], split={"validation": 0.2, "test": 0.2}, seed=3)
    told = [line.split(",") for line in prepared.split.text().split()[1:]]
    drawn = [[int(row) for row, part in told if part == name] for name in ("training", "validation", "test")]
    assert drawn == parts(prepared)
    assert prepared.split.digest() != table(ROWS, features=["a"], split={"validation": 0.2, "test": 0.2}).split.digest()
