"""What a template leaves behind when it is not filled in, or filled in twice."""

import re
from collections.abc import Iterable, Iterator

from luthier.data.quality.detectors.phrases import first_phrase
from luthier.data.quality.parts import Detector, Flag, Parts, Said

# In code, braces and brackets are what they are; only prose shows that something was not filled in.
_CODE = re.compile(r"```.*?```|`[^`\n]+`", re.DOTALL)


def _unrendered(parts: Parts) -> Iterator[Flag]:
    return first_phrase("template.unrendered", _prose(parts.texts), "unrendered")


def _markers(parts: Parts) -> Iterator[Flag]:
    return first_phrase("template.marker", parts.texts, "markers")


def _fill_ins(parts: Parts) -> Iterator[Flag]:
    return first_phrase("answer.fill_in", _prose(parts.answers), "fill_ins")


def _prose(texts: Iterable[Said]) -> Iterator[Said]:
    """Code is blanked out, letter by letter, so that places stay what they are."""
    for said in texts:
        if "`" in said.text:
            said = said._replace(text=_CODE.sub(lambda found: " " * len(found.group()), said.text))
        yield said


UNRENDERED = Detector("templates that were not filled in", _unrendered)
MARKERS = Detector("markers of chat templates", _markers)
FILL_INS = Detector("blanks that were not filled in", _fill_ins)
