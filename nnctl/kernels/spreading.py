"""Loops over rows, spread over several threads where there is enough to do; the numbers are the same."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial, wraps
from typing import Any

from nnctl import threads
from nnctl.kernels.reference import Array

PART = 1 << 18  # numbers that are worth a thread: 50 microseconds and more


def spread(loop: Callable[..., None], by_rows: tuple[int, ...]) -> Callable[..., None]:
    """Return the loop cut along the first axis of the arrays whose positions are given."""

    @wraps(loop)
    def spreading(*given: Any) -> None:
        first: Array = given[by_rows[0]]
        count = first.size // PART
        if count < 2:
            return loop(*given)
        parts = threads.ranges(len(first), min(count, threads.current()))
        threads.share([partial(loop, *_rows(given, by_rows, part)) for part in parts])

    return spreading


def _rows(given: tuple[Any, ...], by_rows: tuple[int, ...], part: slice) -> list[Any]:
    return [argument[part] if position in by_rows else argument for position, argument in enumerate(given)]
