"""Streams of random numbers: apart from one another, and restored exactly."""

from __future__ import annotations

import json

import numpy as np

from nnctl import seeds


def test_streams_differ_by_seed_purpose_and_epoch() -> None:
    draws = [
        seeds.generator(*arguments).random()
        for arguments in ((0, "init"), (1, "init"), (0, "dropout"), (0, "shuffle", 0), (0, "shuffle", 1))
    ]
    assert len(set(draws)) == len(draws)
    assert draws[0] == seeds.generator(0, "init").random()


def test_a_restored_stream_goes_on_exactly() -> None:
    """Also after an odd number of 32-bit draws, half of which a generator keeps for later."""
    stream = seeds.generator(3, "dropout")
    stream.integers(0, 10, 3, dtype=np.int32)
    saved = json.loads(json.dumps(seeds.state_of(stream)))
    expected = stream.integers(0, 1000, 5, dtype=np.int32), stream.normal(size=3), stream.bit_generator.random_raw(2)
    other = seeds.generator(99, "init")
    seeds.restore(other, saved)
    again = other.integers(0, 1000, 5, dtype=np.int32), other.normal(size=3), other.bit_generator.random_raw(2)
    for a, b in zip(expected, again, strict=True):
        np.testing.assert_array_equal(a, b)
