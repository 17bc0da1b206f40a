"""Write every data set of this folder, and manifest.json, which describes them.

    python datasets/make.py

Needs scikit-learn, whose bundled copies of iris and the handwritten digits are written out. The
result is the same byte for byte on every run: numbers as text, no time stamps. Whatever changes a
file changes its sum in the manifest, and tests/test_datasets.py compares the two.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import json
import random
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

HERE = Path(__file__).parent

Table = tuple[Sequence[str], Iterable[Sequence[object]]]  # header, rows


def wheat_and_bread() -> Table:
    return ("wheat", "bread"), [(0.5, 5), (0.6, 5.5), (0.8, 6), (1.1, 6.8), (1.4, 7)]


def or_gate() -> Table:
    return ("x1", "x2", "one", "or"), [(0, 0, 1, 0), (0, 1, 1, 1), (1, 0, 1, 1), (1, 1, 1, 1)]


def xor() -> Table:
    return ("x1", "x2", "one", "xor"), [(0, 0, 1, 0), (0, 1, 1, 1), (1, 0, 1, 1), (1, 1, 1, 0)]


def line() -> Table:
    """200 points of y = 0.5 x + 2 with normal noise of 0.05, in random order."""
    draw = random.Random(1337)
    xs = [-1 + 2 * i / 199 for i in range(200)]
    draw.shuffle(xs)
    return ("x", "y"), [(f"{x:.4f}", f"{0.5 * x + 2 + draw.gauss(0, 0.05):.4f}") for x in xs]


def iris() -> Table:
    from sklearn.datasets import load_iris

    flowers = load_iris()
    species = [flowers.target_names[label] for label in flowers.target]
    header = ("sepal_length", "sepal_width", "petal_length", "petal_width", "species")
    return header, [(*row, name) for row, name in zip(flowers.data.tolist(), species, strict=True)]


def digits() -> Table:
    from sklearn.datasets import load_digits

    images, labels = load_digits(return_X_y=True)
    header = [f"pixel_{row}_{column}" for row in range(8) for column in range(8)]
    rows = zip(images.astype(int).tolist(), labels.tolist(), strict=True)
    return (*header, "label"), [(*pixels, label) for pixels, label in rows]


TABLES = {
    "wheat_and_bread.csv": wheat_and_bread,
    "or_gate.csv": or_gate,
    "xor.csv": xor,
    "line.csv": line,
    "iris.csv": iris,
    "digits.csv.gz": digits,
}
CC_BY = "CC BY 4.0"
LICENCES = {"iris.csv": CC_BY, "digits.csv.gz": CC_BY}  # the others are this project's own: MIT


def encode(name: str, header: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    content = text.getvalue().encode()
    return squeeze(content) if name.endswith(".gz") else content


def squeeze(content: bytes) -> bytes:
    """Compress without the time and the file's name, which gzip would put into the header."""
    packed = io.BytesIO()
    with gzip.GzipFile(filename="", mode="wb", fileobj=packed, mtime=0) as file:
        file.write(content)
    return packed.getvalue()


def write(name: str, table: Callable[[], Table]) -> dict[str, object]:
    """Write one file and return its entry in the manifest."""
    header, rows = table()
    rows = list(rows)
    content = encode(name, header, rows)
    (HERE / name).write_bytes(content)
    return {
        "sha256": hashlib.sha256(content).hexdigest(),
        "bytes": len(content),
        "rows": len(rows),
        "columns": len(header),
        "licence": LICENCES.get(name, "MIT"),
    }


if __name__ == "__main__":
    manifest = {name: write(name, table) for name, table in TABLES.items()}
    (HERE / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n")
