"""Answers in the voice of an assistant that refuses, which distilled data is full of."""

from collections.abc import Iterator

from luthier.data.quality.detectors.phrases import first_phrase
from luthier.data.quality.parts import Detector, Flag, Parts


def _refusals(parts: Parts) -> Iterator[Flag]:
    return first_phrase("answer.refusal", parts.answers, "refusals")


REFUSALS = Detector("refusals and disclaimers", _refusals)
