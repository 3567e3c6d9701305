"""Answers that teach nothing: without anything to read, or the question over again."""

from collections.abc import Iterator

from luthier.data.quality.detectors.hidden import without_hidden
from luthier.data.quality.parts import Detector, Flag, Parts

_SHORTEST_ECHO = 12  # characters; a greeting is answered with the same greeting


def _empty(parts: Parts) -> Iterator[Flag]:
    if parts.has_silent_answer:
        yield Flag("answer.empty", 0, 0)
        return
    for answer in parts.answers:
        if not answer.text[:1].isalnum() and not without_hidden(answer.text).strip():
            yield Flag("answer.empty", answer.message, 0)
            return


def _echo(parts: Parts) -> Iterator[Flag]:
    if not parts.answers or len(parts.question) < _SHORTEST_ECHO:
        return
    first = parts.answers[0]
    # Comparing lengths first spares nearly every example the work of folding both texts.
    if abs(len(first.text) - len(parts.question)) <= _SHORTEST_ECHO and _plain(first.text) == _plain(parts.question):
        yield Flag("answer.echo", first.message, 0)


def _plain(text: str) -> str:
    return "".join(letter for letter in text.casefold() if letter.isalnum())


EMPTY = Detector("empty answers", _empty)
ECHO = Detector("answers that repeat the question", _echo)
