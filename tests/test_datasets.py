"""datasets/ holds what its manifest says, and what scikit-learn's copies say."""

from __future__ import annotations

import csv
import gzip
import hashlib
import json
import runpy
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[1] / "datasets"
MANIFEST = json.loads((FOLDER / "manifest.json").read_text())
MAKE = runpy.run_path(str(FOLDER / "make.py"))


def read(name: str) -> list[list[str]]:
    content = (FOLDER / name).read_bytes()
    text = gzip.decompress(content) if name.endswith(".gz") else content
    return list(csv.reader(text.decode().splitlines()))


def test_manifest_lists_every_data_file() -> None:
    files = {path.name for path in FOLDER.iterdir() if ".csv" in path.name}
    assert files == set(MANIFEST) == set(MAKE["TABLES"])


@pytest.mark.parametrize("name", MANIFEST)
def test_file_is_the_one_of_the_manifest(name: str) -> None:
    content = (FOLDER / name).read_bytes()
    said = MANIFEST[name]
    assert len(content) == said["bytes"]
    assert hashlib.sha256(content).hexdigest() == said["sha256"]
    header, *rows = read(name)
    assert (len(rows), len(header)) == (said["rows"], said["columns"])
    assert all(len(row) == len(header) for row in rows)


@pytest.mark.parametrize("name", MANIFEST)
def test_readme_says_where_it_comes_from(name: str) -> None:
    readme = (FOLDER / "README.md").read_text()
    short = name.removesuffix(".gz").removesuffix(".csv")
    table, source = readme.split("## Source and licence")
    assert f"| `{short}` | {MANIFEST[name]['rows']:,} |" in table
    assert f"`{short}`" in source


@pytest.mark.parametrize("name", MANIFEST)
def test_make_would_write_the_same_again(name: str) -> None:
    """Text is compared, not compressed bytes: those depend on the version of zlib."""
    if name in ("iris.csv", "digits.csv.gz"):
        pytest.importorskip("sklearn")
    header, rows = MAKE["TABLES"][name]()
    assert read(name) == [list(header), *([str(value) for value in row] for row in rows)]


def test_gz_holds_no_time_and_no_name() -> None:
    """RFC 1952: byte 3 are the flags (8: a name follows), bytes 4 to 7 the time."""
    start = (FOLDER / "digits.csv.gz").read_bytes()[:8]
    assert start == b"\x1f\x8b\x08\x00\x00\x00\x00\x00"


def test_ten_digits_about_equally_often() -> None:
    labels = [row[-1] for row in read("digits.csv.gz")[1:]]
    assert {label: labels.count(label) for label in sorted(set(labels))} == dict(
        zip("0123456789", (178, 182, 177, 183, 181, 182, 181, 179, 174, 180), strict=True)
    )
