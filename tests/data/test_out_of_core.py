"""D11: tables larger than memory. The same rows and numbers, wherever the cells are kept."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nnctl import cgroups
from nnctl.data import Batches, DataSettings, Prepared, Rows, memory, prepare, row_cache, shelves
from nnctl.errors import ConfigError, DataError

ROWS = 1200
PARTS = ("train", "validation", "test")


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Rows are kept in a folder of the test, and cells written in groups so small that there are many."""
    monkeypatch.setenv("NNCTL_CACHE_DIR", str(tmp_path / "kept"))
    monkeypatch.setattr(shelves, "GROUP", 1 << 13)
    return tmp_path / "kept"


@pytest.fixture
def mixed(tmp_path: Path) -> Path:
    """A table with numbers, gaps, categories, text, dates, days, groups, a weight and a label."""
    rng = np.random.default_rng(5)
    words = ["dog bites man", "man bites dog", "no news today", "a quiet day", ""]
    lines = ["a,b,pixel,city,late,words,day,who,weight,y"]
    for row in range(ROWS):
        a = f"{rng.normal(1000, 3):.4f}"
        b = "" if row % 7 == 0 else f"{rng.exponential():.5g}"
        who = f"p{rng.integers(40)}"
        cells = [a, b, rng.integers(256), rng.choice(["Rome", "Bonn", "Oslo", "?"]), rng.integers(3), rng.choice(words)]
        cells += [f"2024-{row % 12 + 1:02d}-{row % 28 + 1:02d}", who, row % 5 / 4, rng.choice(["no", "yes", "maybe"])]
        lines.append(",".join(map(str, cells)))
    path = tmp_path / "mixed.csv"
    path.write_text("\n".join(lines) + "\n")
    return path


COLUMNS = {
    "a": {"scale": "robust"},
    "b": {"missing": "median", "indicator": True, "scale": ("log1p", "standard")},
    "city": {"missing": "most_frequent"},
    "words": {"type": "text", "encode": "tfidf", "missing": "constant", "fill": "nothing"},
    "day": {"type": "date", "parts": ("month", "timestamp"), "scale": "minmax"},
}


def read(path: Path, how: str, seed: int = 3, validation_split: float = 0.0, **settings: Any) -> Prepared:
    given = {"source": str(path), "target": "y", "sample_weight": "weight", "scale": "standard", "columns": COLUMNS}
    made = DataSettings(**(given | settings), cache=how)
    return prepare(made, seed=seed, targets="one_hot", validation_split=validation_split)


def assert_same(one: Prepared, other: Prepared) -> None:
    """Every number is the same to the last bit, and so is all that is told and saved."""
    assert json.dumps(one.preprocessing.to_dict()) == json.dumps(other.preprocessing.to_dict())
    assert (one.fingerprint, one.filled, one.dropped) == (other.fingerprint, other.filled, other.dropped)
    told = [
        [note for note in each.notes if not note.startswith("rows: ") or "training" in note] for each in (one, other)
    ]
    assert told[0] == told[1]
    assert (one.split is None) == (other.split is None)
    assert one.split is None or one.split.digest() == other.split.digest()
    for part in PARTS:
        assert_same_rows(getattr(one, part), getattr(other, part))


def assert_same_rows(one: Rows | None, other: Rows | None) -> None:
    assert (one is None) == (other is None)
    if one is None:
        return
    for kind in ("x", "y", "weight"):
        mine, theirs = getattr(one, kind), getattr(other, kind)
        assert (mine is None) == (theirs is None)
        if mine is not None:
            assert mine.shape == theirs.shape
            assert mine.dtype == theirs.dtype
            assert mine[:].tobytes() == theirs[:].tobytes()


SPLITS: list[dict[str, Any]] = [
    {},
    {"split": {"validation": 0.2, "test": 100}},
    {"split": {"validation": 0.1, "test": 0.1, "shuffle": False}},
    {"split": {"validation": 0.2, "group": "who"}},
    {"split": {"validation": "100:300", "test": "1000:"}},
    {"columns": COLUMNS | {"b": {"missing": "drop"}}, "split": {"test": 0.3}},
    {"scale": "l2", "exclude": "a", "encode": "index"},
    {"target": "late", "features": ["city"], "columns": {}, "missing": "most_frequent", "split": {"test": 0.2}},
    {"target": "a", "features": ["pixel", "late"], "labels": None},
]


@pytest.mark.parametrize("how", ["disk", "none"])
@pytest.mark.parametrize("settings", SPLITS, ids=range(len(SPLITS)))
def test_d11_rows_that_are_not_in_memory_are_the_same_rows(mixed: Path, how: str, settings: dict[str, Any]) -> None:
    if settings.get("target") == "a":
        memory, kept = (
            prepare(DataSettings(source=str(mixed), cache=each, **settings), targets="values")
            for each in ("memory", how)
        )
    else:
        memory, kept = read(mixed, "memory", **settings), read(mixed, how, **settings)
    assert_same(memory, kept)
    assert (memory.kept, kept.kept) == ("memory", how)
    if settings.get("target") == "late":
        assert any("rows are equal to training rows" in note for note in kept.notes)


def test_d11_a_split_by_time_puts_the_rows_on_disk_in_another_order(mixed: Path) -> None:
    split = {"split": {"validation": 0.2, "test": 0.1, "time": "day"}}
    assert_same(read(mixed, "memory", **split), read(mixed, "disk", **split))
    with pytest.raises(ConfigError, match=r"data\.cache: none reads the rows in the order of the file.*cache: disk"):
        read(mixed, "none", **split)


@pytest.mark.parametrize("how", ["disk", "none"])
def test_d11_windows_of_a_series(mixed: Path, how: str) -> None:
    series = {"sequence": {"steps": 7, "stride": 3, "horizon": 2}, "split": {"test": 0.2, "shuffle": False}}
    assert_same(read(mixed, "memory", **series), read(mixed, how, **series))


@pytest.mark.parametrize("how", ["disk", "none"])
def test_d11_the_last_rows_and_files_of_their_own(mixed: Path, tmp_path: Path, how: str) -> None:
    other = tmp_path / "other.csv"
    other.write_text("".join(mixed.read_text().splitlines(keepends=True)[:500]))
    assert_same(*(read(mixed, each, test=str(other), validation_split=0.1) for each in ("memory", how)))


@pytest.mark.parametrize("how", ["disk", "none"])
def test_d11_packed_files_and_shards(mixed: Path, tmp_path: Path, how: str) -> None:
    lines = mixed.read_text().splitlines(keepends=True)
    for shard in range(3):
        part = lines[:1] + lines[1 + shard * 400 : 1 + (shard + 1) * 400]
        (tmp_path / f"part-{shard}.csv.gz").write_bytes(gzip.compress("".join(part).encode()))
    shards = tmp_path / "part-*.csv.gz"
    kept = read(shards, how)
    assert_same(read(shards, "memory"), kept)
    assert_same_rows(read(mixed, "memory").train, kept.train)


@pytest.mark.parametrize("how", ["disk", "none"])
def test_d11_parquet_and_json_lines(mixed: Path, tmp_path: Path, how: str) -> None:
    pytest.importorskip("pyarrow")
    pandas = pytest.importorskip("pandas")
    frame = pandas.read_csv(mixed)
    frame.to_parquet(tmp_path / "t.parquet")
    frame.to_json(tmp_path / "t.jsonl", orient="records", lines=True)
    for name in ("t.parquet", "t.jsonl"):
        assert_same(
            *(read(tmp_path / name, each, exclude="day", columns={**COLUMNS, "day": {}}) for each in ("memory", how))
        )


def test_pixels_stay_bytes_on_disk(tmp_path: Path, cache: Path) -> None:
    rng = np.random.default_rng(1)
    table = rng.integers(0, 256, (500, 20))
    path = tmp_path / "pixels.csv"
    path.write_text(
        ",".join(f"p{i}" for i in range(20))
        + ",y\n"
        + "".join(",".join(map(str, [*row, row[0] % 3])) + "\n" for row in table.tolist())
    )
    for scale in ("minmax", "none", "standard"):
        given = {"source": str(path), "target": "y", "scale": scale, "split": {"validation": 0.2}}
        memory, disk = (prepare(DataSettings(**given, cache=how), targets="index") for how in ("memory", "disk"))
        assert_same(memory, disk)
        sizes = {file.stat().st_size for file in cache.glob("*/training.x")}
        assert sizes == {400 * 20}


# --- batches ------------------------------------------------------------------------------------


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nnctl.data.batches.BLOCK", 1 << 9)
    monkeypatch.setattr("nnctl.data.batches.BLOCKS", 4)
    monkeypatch.setattr("nnctl.data.batches.READ", 1 << 11)


def flat(batches: Any) -> list[bytes]:
    return [b"".join(part.tobytes() for part in batch if part is not None) for batch in batches]


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize("how", ["disk", "none"])
@pytest.mark.parametrize("shuffle", [False, True])
@pytest.mark.parametrize("size", [1, 32, 700])
def test_r05_every_row_once_and_on_from_any_batch(mixed: Path, how: str, shuffle: bool, size: int) -> None:
    memory, kept = read(mixed, "memory").train, read(mixed, how).train
    batches = Batches(kept, size, shuffle, seed=9)
    order = batches.order(4)
    assert sorted(order.tolist()) == list(range(ROWS))
    whole = flat(batches.epoch(4))
    assert len(whole) == len(batches)
    expected = [memory.take(order[start : start + size]) for start in range(0, ROWS, size)]
    assert whole == flat([(rows.x, rows.y, rows.weight) for rows in expected])
    for start in (1, len(batches) // 2, len(batches)):
        assert flat(batches.epoch(4, start)) == whole[start:]
    if shuffle:
        assert order.tolist() != batches.order(5).tolist()
    else:
        assert whole == flat(Batches(memory, size).epoch(4))


@pytest.mark.usefixtures("small_blocks")
def test_blocks_are_read_in_runs_and_mixed_in_windows(mixed: Path) -> None:
    rows = read(mixed, "disk").train
    block = max(1, (1 << 9) // (rows.x.nbytes // len(rows)))
    order = Batches(rows, 32, True, seed=1).order(0)
    window = order[: 4 * block]
    assert len({row // block for row in window.tolist()}) == 4
    assert window.tolist() != sorted(window.tolist())


# --- the cache ----------------------------------------------------------------------------------


def folders(cache: Path) -> list[Path]:
    return sorted(path for path in cache.iterdir() if not path.name.startswith("."))


def test_what_is_kept_is_used_again_and_nothing_else_is_left(mixed: Path, cache: Path) -> None:
    first = read(mixed, "disk", split={"test": 0.1})
    (mixed.parent / "elsewhere").mkdir()
    mixed = mixed.rename(mixed.parent / "elsewhere" / "renamed.csv")
    [folder] = folders(cache)
    assert {path.name for path in cache.iterdir()} == {folder.name, ".lock"}
    written = (folder / "training.x").stat().st_mtime_ns
    again = read(mixed, "disk", split={"test": 0.1})
    assert again.notes[-1] == f"rows: as kept in {folder}"
    assert (folder / "training.x").stat().st_mtime_ns == written
    assert_same(first, again)
    assert_same(read(mixed, "memory", split={"test": 0.1}), again)


def test_other_data_settings_or_seeds_have_rows_of_their_own(mixed: Path, cache: Path) -> None:
    read(mixed, "disk")
    read(mixed, "disk", seed=4)
    read(mixed, "disk", scale="minmax")
    assert len(folders(cache)) == 3
    mixed.write_text(mixed.read_text().replace("Rome", "Bern", 1))
    assert "Bern" in json.dumps(read(mixed, "disk").preprocessing.to_dict())
    assert len(folders(cache)) == 4


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


DAMAGES: dict[str, Callable[[Path], object]] = {
    "a bit": lambda folder: flip(folder / "training.x"),
    "a bit of the description": lambda folder: flip(folder / "rows.json"),
    "cut": lambda folder: (folder / "training.y").write_bytes((folder / "training.y").read_bytes()[:-1]),
    "gone": lambda folder: (folder / "training.x").unlink(),
    "empty": lambda folder: (folder / "rows.json").write_bytes(b""),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_damage_is_noticed_and_mended(mixed: Path, cache: Path, damage: str, caplog: Any) -> None:
    read(mixed, "disk")
    DAMAGES[damage](folders(cache)[0])
    caplog.set_level("INFO", "nnctl.data")
    assert_same(read(mixed, "memory"), read(mixed, "disk"))
    assert "are damaged" in caplog.text
    assert read(mixed, "disk").notes[-1].startswith("rows: as kept in ")


def test_rows_can_be_read_on_when_the_cache_is_removed(mixed: Path, cache: Path) -> None:
    rows, memory = read(mixed, "disk").train, read(mixed, "memory").train
    assert [path.name for path in row_cache.remove(cache, [folder.name for folder in folders(cache)])]
    assert folders(cache) == []
    assert_same_rows(rows, memory)


def test_what_a_killed_run_left_is_swept_and_what_is_in_use_is_not(mixed: Path, cache: Path) -> None:
    working = row_cache.RowCache(cache, 0)
    left = cache / ".0123456789abcdef.nnctl-tmp"
    left.mkdir()
    (left / "training.x").write_bytes(b"123")
    read(mixed, "disk")
    assert working.path.is_dir()
    assert not left.exists()
    working.close()


def test_two_runs_may_make_the_same_rows(mixed: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(row_cache, "find", lambda *_: None)  # as if both had begun at the same time
    assert_same(read(mixed, "disk"), read(mixed, "disk"))
    assert len(list(cache.iterdir())) == 2


def test_an_error_in_the_data_leaves_nothing(mixed: Path, cache: Path) -> None:
    mixed.write_text(mixed.read_text() + "what?,1,2,Rome,1,x,2024-01-01,p1,1,no\n")
    for how in ("memory", "disk", "none"):
        with pytest.raises(DataError, match=r"mixed\.csv:1202: feature 'a': 'what\?' is not a number"):
            read(mixed, how)
    assert [path.name for path in cache.iterdir()] == [".lock"]


def test_texts_that_do_not_fit_are_named(mixed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nnctl.data.backed.TEXT", 1 << 40)
    with pytest.raises(DataError, match=r"the texts of column 'city' do not fit into memory.*exclude: \[city\]"):
        read(mixed, "disk", features=["a", "city"], columns={})


def test_a_file_that_changes_between_two_readings_is_noticed(mixed: Path, tmp_path: Path) -> None:
    (tmp_path / "more.csv").write_bytes(mixed.read_bytes())
    rows = read(tmp_path / "m*.csv", "none").train
    mixed.write_text(mixed.read_text() + "1,1,2,Rome,1,x,2024-01-01,p1,1,no\n")
    with pytest.raises(DataError, match="has changed while it was in use"):
        list(Batches(rows, 32).epoch())


def test_d11_the_limit_of_a_batch_job_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if not any(line.startswith("0::") for line in Path("/proc/self/cgroup").read_text().splitlines()):
        pytest.skip("this system has no cgroups of version 2")
    for name, content in (
        ("memory.max", "1000000000\n"),
        ("memory.current", "700000000\n"),
        ("memory.stat", "anon 300000000\ninactive_file 400000000\n"),
    ):
        (tmp_path / name).write_text(content)
    monkeypatch.setattr(cgroups, "MOUNTED", tmp_path)
    assert memory.available() <= 700_000_000
    (tmp_path / "memory.max").write_text("max\n")
    assert memory.available() != 700_000_000
