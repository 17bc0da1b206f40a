"""Numbers made comparable: x -> (x - center) / spread, fitted on training rows in double precision."""

from __future__ import annotations

import numpy as np

from nnctl.data.table import Floats


def fit(values: Floats, scale: str | None) -> tuple[float, float, str | None]:
    """Return center, spread and a remark, for one column or a whole array of numbers.

    A constant column has no spread: it is only centered, and the remark says so.
    """
    if scale not in ("standard", "minmax", "robust"):
        return 0.0, 1.0, None
    low, high = float(values.min()), float(values.max())
    if low == high:
        return low, 1.0, f"is constant ({low:g}): scaled to 0"
    if scale == "minmax":
        return low, high - low, None
    if scale == "robust":
        first, middle, third = np.quantile(values, [0.25, 0.5, 0.75]).tolist()
        if first == third:
            return middle, 1.0, f"has equal quartiles ({first:g}): only its median was taken away"
        return middle, third - first, None
    center = values.mean(dtype=np.float64)
    # Two passes: the mean of the squares would lose all digits where the mean is large.
    return float(center), float(np.sqrt(np.mean(np.square(values - center), dtype=np.float64))), None


def unit_rows(x: Floats) -> Floats:
    """Divide every row by its length; a row of zeros stays as it is."""
    length = np.sqrt(np.square(x, dtype=np.float64).sum(axis=1, keepdims=True))
    return x / np.where(length == 0, 1.0, length)
