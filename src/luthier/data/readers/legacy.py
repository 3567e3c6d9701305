"""Which encoding of before Unicode some bytes are in: the one under which they are characters of daily use."""

import codecs
import re
from typing import NamedTuple

from luthier.data.facts import LegacyEncoding, encoding_facts

_BEYOND_ASCII = re.compile(rb"[\x80-\xff]+")
_SCRIPT_RUN = 3  # bytes beyond ASCII that follow each other: so many are a word, fewer may be an accent
_ACCENTS_MEET = 0.6  # below 1: some words are almost all accents, as "żółć"
_RIVALRY = 0.4  # how much a second reading that gives another text takes from certainty
_FEWEST_NEEDED = 0.1
_ENOUGH_BYTES = 20


class Guess(NamedTuple):
    encoding: LegacyEncoding
    sure: float  # 0..1


class _Reading(NamedTuple):
    encoding: LegacyEncoding
    text: str
    score: float


def guess(sample: bytes) -> Guess | None:
    """None when the bytes are too few, or nothing reads well."""
    facts = encoding_facts()
    runs = [len(run) for run in _BEYOND_ASCII.findall(sample)]
    count = sum(runs)
    if count < facts.fewest_bytes:
        return None
    in_words = sum(run for run in runs if run >= _SCRIPT_RUN) / count
    readings = [reading for each in facts.legacy if (reading := _read(each, sample, in_words)) is not None]
    best = max(readings, key=lambda reading: reading.score, default=None)
    if best is None:
        return None
    rival = max((reading.score for reading in readings if reading.text != best.text), default=0.0)
    sure = (best.score - _RIVALRY * rival) * min(1.0, 0.7 + 0.3 * count / _ENOUGH_BYTES)
    return Guess(best.encoding, sure) if sure >= facts.fewest_sure else None


def _read(encoding: LegacyEncoding, sample: bytes, in_words: float) -> _Reading | None:
    """None when the bytes are not valid in it. A character cut off by the end of the sample is left out."""
    try:
        text = codecs.getincrementaldecoder(encoding.codec)("strict").decode(sample)
    except UnicodeDecodeError:
        return None
    beyond = [letter for letter in text if letter > "\x7f"]
    if not beyond:
        return None
    if encoding.usual:
        share = sum(letter in encoding.usual for letter in beyond) / len(beyond)
        return _Reading(encoding, text, share * (in_words if encoding.in_words else 1 - _ACCENTS_MEET * in_words))
    written = [letter.encode(encoding.codec) for letter in beyond]
    usual = sum(_is_among(each, encoding.lead_bytes, encoding.least_trail) for each in written) / len(written)
    needed = sum(_is_among(each, encoding.needed_bytes, encoding.least_trail) for each in written) / len(written)
    return _Reading(encoding, text, usual * min(1.0, needed / _FEWEST_NEEDED))


def _is_among(written: bytes, leads: frozenset[int], least_trail: int) -> bool:
    return len(written) == 2 and written[0] in leads and written[1] >= least_trail
