"""Pickles of data sets: the few names that rebuild an array, called as NumPy calls them, and nothing else: A01."""

from __future__ import annotations

import pytest

from nnctl.data.unpickling import unpickle
from nnctl.errors import DataError

REBUILD = b"cnumpy.core.multiarray\n_reconstruct\n"


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"cos\nsystem\n(Vtouch marker\ntR.", "it names os.system"),
        (REBUILD + b"(cnumpy\nndarray\n(I5\ntVb\ntR.", "rebuilt in a way that NumPy never writes"),
        (REBUILD + b"(cnumpy\ndtype\n(I0\ntVb\ntR.", "rebuilt in a way that NumPy never writes"),
        (b"cnumpy\ndtype\n(I5\ntR.", "arrays of type 5 are no plain data"),
        (b"cnumpy\ndtype\n(VM8\ntR.", "arrays of type 'M8' are no plain data"),
        (b"c_codecs\nencode\n(Vx\nVutf-8\ntR.", "bytes are written as 'utf-8'"),
        (b"Pa\n.", "it refers to objects outside of the file"),
    ],
)
def test_a01_other_names_and_other_calls(content: bytes, sentence: str) -> None:
    with pytest.raises(DataError, match=f"x: refuses to load a pickle that can run code: .*{sentence}"):
        unpickle(content, "x")
