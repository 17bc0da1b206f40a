"""Numbers, durations and sizes as people read them."""

from __future__ import annotations

import math


def number(value: float) -> str:
    """Write a loss or metric in few characters.

    >>> [number(x) for x in (0.5, 0.00012345, 12345.678, 0.0, float("nan"))]
    ['0.5000', '1.234e-04', '1.235e+04', '0.0000', 'nan']
    """
    if value == 0 or not math.isfinite(value) or 1e-3 <= abs(value) < 1e4:
        return f"{value:.4f}"
    return f"{value:.3e}"


def duration(seconds: float) -> str:
    """Write a time span, precise where it is short.

    >>> [duration(s) for s in (0.00042, 0.0123, 0.0999, 2.34, 40.2, 75, 3725, 200000)]
    ['0.42 ms', '12 ms', '100 ms', '2.3 s', '40 s', '1:15', '1:02:05', '2 days 7:33:20']
    """
    if seconds < 1:
        return f"{seconds * 1000:.2g} ms" if seconds < 0.0995 else f"{seconds * 1000:.0f} ms"
    if seconds < 60:
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    text = f"{hours}:{minutes:02}:{rest:02}" if hours or days else f"{minutes}:{rest:02}"
    return f"{days} day{'s' if days > 1 else ''} {text}" if days else text


def size(count: float) -> str:
    """Write a number of bytes.

    >>> [size(n) for n in (12, 2048, 3_500_000)]
    ['12 bytes', '2.0 KB', '3.3 MB']
    """
    if count < 1024:
        return f"{count:.0f} bytes"
    for unit in ("KB", "MB", "GB"):
        count /= 1024
        if count < 1024:
            return f"{count:.1f} {unit}"
    return f"{count / 1024:.1f} TB"


def logs(values: dict[str, float]) -> str:
    """Write the numbers of an epoch or a test on one line."""
    return "  ".join(f"{name} {number(value)}" for name, value in values.items())


def plural(count: int, word: str) -> str:
    """Write a count with its word.

    >>> plural(1, "row"), plural(1500, "row")
    ('1 row', '1,500 rows')
    """
    return f"{count:,} {word}{'' if count == 1 else 's'}"


def filled(counts: dict[str, int]) -> str:
    """Say how many missing cells got a value.

    >>> filled({"age": 3, "sex": 1})
    'filled in missing cells: age 3, sex 1'
    """
    return "filled in missing cells: " + ", ".join(f"{name} {count:,}" for name, count in counts.items())
