"""The inputs of arrays, scaled: each feature by itself in a table of numbers, all together in images."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from nnctl.data import Array, Arrays, scaling
from nnctl.errors import DataError


@dataclass
class ArrayFeatures:
    """x of shape (N, *input_shape); `center` and `spread` are single numbers or one for each feature."""

    input_shape: tuple[int, ...]
    scale: str
    center: list[float]
    spread: list[float]

    @property
    def names(self) -> list[str]:
        return [str(i) for i in range(self.input_shape[0])] if len(self.input_shape) == 1 else []

    def apply(self, data: Arrays, dtype: str) -> Array:
        x = data.x
        if x.shape[1:] != self.input_shape:
            raise DataError(f"{data.name}: rows of shape {x.shape[1:]}, expected {self.input_shape} as in training")
        _check_finite(data, dtype)
        if self.scale == "none":
            # Word indices of an Embedding stay whole numbers; bytes are pixels.
            return x.astype(np.int32) if x.dtype.kind in "iu" and x.dtype.itemsize > 1 else x.astype(dtype, copy=False)
        if self.scale == "l2":
            return scaling.unit_rows(x.reshape(len(x), -1).astype(np.float64)).reshape(x.shape).astype(dtype)
        if x.dtype == np.uint8 and len(self.center) == 1:
            table = (np.arange(256) - self.center[0]) / self.spread[0]
            return table.astype(dtype)[x]
        out = np.empty(x.shape, dtype)
        step = max(1, (1 << 18) // max(1, int(np.prod(x.shape[1:]))))
        for start in range(0, len(x), step):
            out[start : start + step] = (x[start : start + step] - np.array(self.center)) / np.array(self.spread)
        return out

    def to_dict(self) -> dict[str, Any]:
        return {"form": "arrays", **asdict(self), "input_shape": list(self.input_shape)}

    @classmethod
    def from_dict(cls, saved: dict[str, Any]) -> ArrayFeatures:
        return cls(tuple(saved["input_shape"]), saved["scale"], saved["center"], saved["spread"])

    def describe(self) -> list[str]:
        single = len(self.center) == 1 and self.scale in ("standard", "minmax")
        formula = f" ((x - {self.center[0]:g}) / {self.spread[0]:g})" if single else ""
        return [f"arrays of shape {self.input_shape}, scale {self.scale}{formula}"]


def fit_arrays(data: Arrays, scale: str) -> tuple[ArrayFeatures, list[str]]:
    """Fit on training rows: standard feature by feature for 2-D data, all else over the whole."""
    x, shape = data.x, data.x.shape[1:]
    if x.dtype.kind not in "biuf":
        raise DataError(f"{data.name}: inputs of type {x.dtype} are not numbers; object arrays are never loaded")
    _check_finite(data, "float64")
    if scale in ("none", "l2"):
        return ArrayFeatures(shape, scale, [0.0], [1.0]), []
    if scale == "minmax" and x.dtype == np.uint8:
        return ArrayFeatures(shape, scale, [0.0], [255.0]), []
    if len(shape) == 1:
        fitted = [scaling.fit(x[:, i].astype(np.float64), scale) for i in range(shape[0])]
        remarks = [f"feature {i} {remark}" for i, (_, _, remark) in enumerate(fitted) if remark]
        return ArrayFeatures(shape, scale, [f[0] for f in fitted], [f[1] for f in fitted]), remarks
    center, spread, remark = scaling.fit(x, scale)
    return ArrayFeatures(shape, scale, [center], [spread]), [f"{data.name} {remark}"] if remark else []


def _check_finite(data: Arrays, dtype: str) -> None:
    if data.x.dtype.kind != "f" or not data.x.size:
        return
    limit = np.finfo(dtype).max
    low, high = data.x.min(), data.x.max()
    if not (low >= -limit and high <= limit):
        flat = data.x.reshape(len(data.x), -1)
        wrong = np.flatnonzero(~(np.abs(flat) <= limit).all(axis=1))
        value = flat[wrong[0]][~(np.abs(flat[wrong[0]]) <= limit)][0]
        raise DataError(
            f"{data.name}: row {wrong[0]}: {value} is not a finite number of {dtype}; {len(wrong)} rows are like this"
        )
