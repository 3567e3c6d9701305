"""Chance that is the same on every machine: a pure function of a seed and of what it decides about."""

import hashlib

import numpy as np
from numpy.typing import NDArray


def pick(choices: int, seed: int, *about: int | str) -> int:
    """One of `choices` numbers from 0 on."""
    words = "/".join(str(each) for each in (seed, *about)).encode()
    return int.from_bytes(hashlib.blake2b(words, digest_size=8).digest(), "little") % choices


def shuffled_keys(keys: NDArray[np.uint64], seed: int) -> NDArray[np.uint64]:
    """Each key mixed with the seed, so that sorting by it is a shuffle that only the keys decide (splitmix64)."""
    mixed = keys + np.uint64((seed * 0x9E3779B97F4A7C15 + 0x9E3779B97F4A7C15) % 2**64)
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        mixed = (mixed ^ (mixed >> np.uint64(shift))) * np.uint64(factor)
    return mixed ^ (mixed >> np.uint64(31))
