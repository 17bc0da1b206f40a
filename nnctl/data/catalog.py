"""The public data sets that nnctl can download: addresses, sizes, checksums, licences.

The addresses are those that Keras uses, the checksums the published ones. A file lies under its
`name` in the cache or any other data directory, and below NNCTL_MIRROR where that is set.
"""

from __future__ import annotations

from dataclasses import dataclass

KERAS = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"
TORONTO = "https://www.cs.toronto.edu/~kriz/"


@dataclass(frozen=True)
class File:
    """One file of a set: `name` is its relative path, `base` + last part of the name its address."""

    name: str
    size: int
    sha256: str
    base: str = KERAS

    @property
    def address(self) -> str:
        return self.base + self.name.rpartition("/")[2]


@dataclass(frozen=True)
class Entry:
    """A data set as published."""

    what: str
    shape: str
    licence: str
    files: tuple[File, ...]

    @property
    def size(self) -> int:
        return sum(file.size for file in self.files)

    def file(self, name: str) -> File | None:
        return next((file for file in self.files if file.name == name), None)


CATALOG = {
    "mnist": Entry(
        "70,000 handwritten digits",
        "28 x 28 bytes; 60,000 + 10,000 rows; 10 classes",
        "CC BY-SA 3.0",
        (File("mnist.npz", 11490434, "731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1"),),
    ),
    "fashion_mnist": Entry(
        "70,000 pictures of clothes",
        "28 x 28 bytes; 60,000 + 10,000 rows; 10 classes",
        "MIT",
        (
            File(
                "fashion_mnist/train-images-idx3-ubyte.gz",
                26421880,
                "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
            ),
            File(
                "fashion_mnist/train-labels-idx1-ubyte.gz",
                29515,
                "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
            ),
            File(
                "fashion_mnist/t10k-images-idx3-ubyte.gz",
                4422102,
                "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
            ),
            File(
                "fashion_mnist/t10k-labels-idx1-ubyte.gz",
                5148,
                "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
            ),
        ),
    ),
    "cifar10": Entry(
        "60,000 small colour photographs",
        "32 x 32 x 3 bytes; 50,000 + 10,000 rows; 10 classes",
        "none stated; cite Krizhevsky 2009",
        (
            File(
                "cifar-10-python.tar.gz",
                170498071,
                "6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce",
                TORONTO,
            ),
        ),
    ),
    "cifar100": Entry(
        "60,000 small colour photographs of 100 kinds",
        "32 x 32 x 3 bytes; 50,000 + 10,000 rows; 100 classes in 20 groups",
        "none stated; cite Krizhevsky 2009",
        (
            File(
                "cifar-100-python.tar.gz",
                169001437,
                "85cd44d02ba6437773c5bbd22e183051d648de2e7d6b014e1ef29b855ba677a7",
                TORONTO,
            ),
        ),
    ),
    "imdb": Entry(
        "50,000 film reviews, good or bad",
        "word numbers; 25,000 + 25,000 rows; 2 classes",
        "none stated; cite Maas et al. 2011",
        (
            File("imdb.npz", 17464789, "69664113be75683a8fe16e3ed0ab59fda8886cb3cd7ada244f7d9544e4676b9f"),
            File("imdb_word_index.json", 1641221, "027313fe9a320280f3bf0fac5baf58c4a683cf39a7ed9c3d3d3912bde4284cf6"),
        ),
    ),
    "reuters": Entry(
        "11,228 news wires by topic",
        "word numbers; 11,228 rows, 20 % of them for the test; 46 classes",
        "free for research; Reuters keeps the copyright",
        (
            File("reuters.npz", 2110848, "d6586e694ee56d7a4e65172e12b3e987c03096cb01eab99753921ef915959916"),
            File("reuters_word_index.json", 550378, "9b56000edc4b34a32e89fd5a23b2605594682c74efcf7d8f4e2a5514b771e633"),
        ),
    ),
}
