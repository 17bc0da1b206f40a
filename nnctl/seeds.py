"""One seed, many independent random streams, each saved and restored exactly.

Every purpose draws from a stream of its own, so that, say, adding a Dropout layer changes neither
the initial weights nor the order of the rows. Streams are SFC64 generators (fast, 256 bits of
state) seeded through NumPy's SeedSequence with (seed, number of the purpose, further numbers).
"""

from __future__ import annotations

from typing import Any

import numpy as np

PURPOSES = {"init": 0, "dropout": 1, "shuffle": 2, "split": 3, "search": 4, "synthetic": 5}


def generator(seed: int, purpose: str, *further: int) -> np.random.Generator:
    """Return a fresh generator; the same arguments always give the same numbers.

    Shuffling passes the epoch as `further`: the order of an epoch's rows is a function of the seed
    and the epoch alone, whatever was drawn before.
    """
    sequence = np.random.SeedSequence((seed, PURPOSES[purpose], *further))
    return np.random.Generator(np.random.SFC64(sequence))


def state_of(stream: np.random.Generator) -> dict[str, Any]:
    """Return the exact state of a stream as plain values that JSON can hold."""
    state = dict(stream.bit_generator.state)
    words = state.pop("state")["state"]
    return {**state, "words": [int(word) for word in words]}


def restore(stream: np.random.Generator, saved: dict[str, Any]) -> None:
    """Set a stream to a state that `state_of` returned."""
    rest = {key: value for key, value in saved.items() if key != "words"}
    words = np.array(saved["words"], dtype=np.uint64)
    stream.bit_generator.state = {**rest, "state": {"state": words}}
