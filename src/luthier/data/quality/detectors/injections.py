"""Orders to a model that are hidden in what it reads."""

from collections.abc import Iterator

from luthier.data.quality.detectors.phrases import first_phrase
from luthier.data.quality.parts import Detector, Flag, Parts


def _injections(parts: Parts) -> Iterator[Flag]:
    return first_phrase("text.injection", parts.texts, "injections")


INJECTIONS = Detector("prompt injections", _injections)
