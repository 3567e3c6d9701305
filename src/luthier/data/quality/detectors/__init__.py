"""What can be doubted by looking at one example alone; one module per kind of fault."""

from collections.abc import Iterator

from luthier.data.quality.detectors import answers, endings, hidden, injections, leftovers, personal, refusals
from luthier.data.quality.parts import Detector, Flag, Parts

DETECTORS: tuple[Detector, ...] = (
    answers.EMPTY,
    answers.ECHO,
    endings.CUT,
    refusals.REFUSALS,
    leftovers.UNRENDERED,
    leftovers.MARKERS,
    leftovers.FILL_INS,
    personal.PERSONAL,
    hidden.HIDDEN,
    injections.INJECTIONS,
)


def flags_of(parts: Parts) -> Iterator[Flag]:
    for detector in DETECTORS:
        yield from detector.find(parts)
