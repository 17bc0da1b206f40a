"""The matrix product of the library that NumPy multiplies with, for compiled loops to call without the interpreter.

OpenBLAS in NumPy's wheels has C's interface with 64-bit integers, under one of the names below. LLVM is told
its address under a name of our own, by which numba's cache knows it. Other libraries are not looked for:
`sgemm` is None then, and the loops that would call it stay with NumPy.
"""

from __future__ import annotations

import ctypes
from typing import Any

import llvmlite.binding
from numba import types

from nnctl import threads

NAMES = ("scipy_cblas_sgemm64_", "cblas_sgemm64_")
OURS = "nnctl_sgemm64"
ROW_MAJOR, PLAIN = 101, 111  # CblasRowMajor, CblasNoTrans


def _address() -> int | None:
    for path in threads.blas_files():
        library = ctypes.CDLL(path)
        for name in NAMES:
            if hasattr(library, name):
                return ctypes.cast(library[name], ctypes.c_void_p).value
    return None


def _sgemm() -> Any:
    """Return for numba: sgemm(order, trans_a, trans_b, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc)"""
    if (address := _address()) is None:
        return None
    llvmlite.binding.add_symbol(OURS, address)
    choice, size, factor, pointer = types.int32, types.int64, types.float32, types.uintp
    matrix = (pointer, size)
    return types.ExternalFunction(
        OURS, types.void(choice, choice, choice, size, size, size, factor, *matrix, *matrix, factor, *matrix)
    )


sgemm = _sgemm()
