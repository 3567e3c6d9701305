"""Prefixed ids that sort by the time they were made: `run_01kax3…`, 48 bits of time and 80 of chance."""

import secrets
import time

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford base 32: no i, l, o, u to misread


def new_id(prefix: str) -> str:
    milliseconds = time.time_ns() // 1_000_000
    return f"{prefix}_{_encode(milliseconds, 10)}{_encode(secrets.randbits(80), 16)}"


def _encode(number: int, length: int) -> str:
    digits = []
    for _ in range(length):
        number, digit = divmod(number, 32)
        digits.append(_ALPHABET[digit])
    return "".join(reversed(digits))
