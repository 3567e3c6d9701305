"""Personal data and secrets, by their forms and check digits."""

from collections.abc import Iterator

from luthier.data.quality.parts import Detector, Flag, Parts
from luthier.data.quality.private import find_private, private_words


def _personal(parts: Parts) -> Iterator[Flag]:
    seen: set[str] = set()
    for said in parts.texts:
        for span in find_private(said.text):
            words, secret = private_words(span.kind)
            code = "secret" if secret else "personal"
            if code not in seen:
                seen.add(code)
                yield Flag(code, said.message, span.start, words)


PERSONAL = Detector("personal data and secrets", _personal)
