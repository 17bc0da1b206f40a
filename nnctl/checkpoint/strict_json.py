"""JSON from a file that anyone may have written: read within limits, or refused with a sentence.

Python's reader takes NaN, keeps the last of two equal keys, converts integers of any length and
recurses as deep as the text says. A model file has no use for any of these.
"""

from __future__ import annotations

import json
import math
from typing import Any

from nnctl.errors import ModelFileError

MAX_CHARACTERS = 64 * 2**20
MAX_DEPTH = 100
MAX_DIGITS = 400  # enough for the state of a random generator


def loads(text: str, where: str) -> Any:
    """Return the value of a JSON text; raises ModelFileError that begins with `where`."""
    if len(text) > MAX_CHARACTERS:
        raise ModelFileError(f"{where}: {len(text):,} characters of JSON, at most {MAX_CHARACTERS:,} are read")
    try:
        value = json.loads(
            text, object_pairs_hook=_unique_keys, parse_constant=_no_constant, parse_int=_short_int, parse_float=_finite
        )
    except RecursionError:
        raise ModelFileError(f"{where}: JSON nested deeper than {MAX_DEPTH} levels") from None
    except ValueError as error:
        raise ModelFileError(f"{where}: JSON is damaged: {error}") from None
    if _deeper_than(value, MAX_DEPTH):
        raise ModelFileError(f"{where}: JSON nested deeper than {MAX_DEPTH} levels")
    return value


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for key, value in pairs:
        if key in result:
            raise ValueError(f"the key {key[:60]!r} is there twice")
        result[key] = value
    return result


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not a number of JSON")


def _short_int(digits: str) -> int:
    if len(digits) > MAX_DIGITS:
        raise ValueError(f"an integer of {len(digits):,} digits")
    return int(digits)


def _finite(digits: str) -> float:
    if math.isinf(number := float(digits)):
        raise ValueError(f"{digits[:30]} is beyond the range of a float")
    return number


def _deeper_than(value: Any, limit: int) -> bool:
    """Whether containers are nested deeper than `limit`; level by level, without recursion."""
    level = [value]
    for _ in range(limit + 1):
        level = [
            inner
            for outer in level
            if isinstance(outer, (dict, list))
            for inner in (outer.values() if isinstance(outer, dict) else outer)
        ]
        if not level:
            return False
    return True
