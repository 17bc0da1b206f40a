"""What a plain YAML scalar means: the core schema of YAML 1.2.

Unlike YAML 1.1, `1e-3` is a number, `010` is ten, and `no`, `on`, `12:30:45` and `2024-01-01` are text.
"""

from __future__ import annotations

import math
import re

INTEGER = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
WORDS: dict[str, bool | None] = {"": None, "~": None, "null": None, "Null": None, "NULL": None}
WORDS |= {word: value for value in (True, False) for word in (str(value), str(value).lower(), str(value).upper())}
INFINITE = re.compile(r"([-+]?)\.(inf|Inf|INF)")
MAX_DIGITS = 400

Scalar = str | int | float | bool | None


def resolve(text: str) -> Scalar:
    """Return the value of an unquoted scalar; raise ValueError for a number that has no place in memory.

    >>> [resolve(text) for text in ("1e-3", "010", "0x10", "no", "12:30:45", "true", "~")]
    [0.001, 10, 16, 'no', '12:30:45', True, None]
    """
    if text in WORDS:
        return WORDS[text]
    if INTEGER.fullmatch(text):
        if len(text) > MAX_DIGITS:
            raise ValueError(f"a number of {len(text)} digits is too long")
        return int(text, 0) if text[:2] in ("0o", "0x") else int(text)
    if FLOAT.fullmatch(text):
        number = float(text)
        if math.isinf(number):
            raise ValueError(f"{text[:20]} is beyond the largest number; write .inf for infinity")
        return number
    if match := INFINITE.fullmatch(text):
        return -math.inf if match[1] == "-" else math.inf
    return math.nan if text in (".nan", ".NaN", ".NAN") else text


def write_float(number: float) -> str:
    """Write a float so that YAML 1.1 and 1.2 both read the same number back.

    >>> write_float(1e-7), write_float(0.5), write_float(float("inf"))
    ('1.0e-07', '0.5', '.inf')
    """
    if math.isnan(number):
        return ".nan"
    if math.isinf(number):
        return ".inf" if number > 0 else "-.inf"
    mantissa, e, exponent = repr(number).partition("e")
    return mantissa + ("" if "." in mantissa else ".0") + e + exponent
