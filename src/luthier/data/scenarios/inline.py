"""What stands inside of a text: calls in brackets, and spans in braces, which are alternatives, outcomes or values."""

import re
from bisect import bisect_right
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from luthier.data.scenarios.faults import Faults
from luthier.data.scenarios.lines import Line, Spot, text_of

_SPECIAL = re.compile(r"[\[\]{}|\\]")
_ESCAPED = re.compile(r"\\([\[\]{}|\\])")
_BRACES = re.compile(r"\\[\[\]{}|\\]|[{}]")
_OPENINGS = re.compile(r"\\[\[\]{}|\\]|[\[{]")
_BARS = re.compile(r"\\[\[\]{}|\\]|[{|]")
_CALL = re.compile(r"\[([A-Za-z][A-Za-z0-9_-]{0,39})[ \t]{0,3}:")
_LABEL = re.compile(r"[ \t\n]{0,9}(?:([^={}|:\n]{1,60})=)?[ \t]{0,3}([A-Za-z][A-Za-z-]{0,39})[ \t]{0,3}:")
_NAME = re.compile(r"(?:([^={}|.:\n]{1,60})\.)?([A-Za-z][A-Za-z0-9_-]{0,39})")
_BLOCKS = ("#", "```", "~~~")
_DEEPEST = 4
_LONGEST_CALL = 400  # letters; what goes on for longer is no call


@dataclass(frozen=True, slots=True)
class Plain:
    text: str  # as written, with its backslashes


@dataclass(frozen=True, slots=True)
class Mark:
    """A call as written: `[name: body]`."""

    text: str
    name: str
    body: str
    at: Spot
    body_at: Spot


@dataclass(frozen=True, slots=True)
class Label:
    subject: str  # empty: the last call that was answered
    outcome: str
    at: Spot


@dataclass(frozen=True, slots=True)
class Branch:
    label: Label | None
    pieces: "tuple[Piece, ...]"


@dataclass(frozen=True, slots=True)
class Choice:
    branches: tuple[Branch, ...]
    at: Spot

    @property
    def is_told(self) -> bool:
        """By the outcome of a call, not by chance."""
        return self.branches[0].label is not None


@dataclass(frozen=True, slots=True)
class Reference:
    """`{weather}`, a setting, or `{damage.total}`, a field of an answer."""

    subject: str
    name: str
    at: Spot


Piece = Plain | Mark | Choice | Reference


def parse_inline(lines: Sequence[Line], outcomes: Collection[str], faults: Faults) -> tuple[Piece, ...]:
    """`outcomes` are the words that label a branch without naming the call."""
    return _Parser(lines, outcomes, faults).parse()


def marks_in(pieces: Sequence[Piece]) -> Iterator[Mark]:
    """The calls that stand in the text itself, outside of spans."""
    return (piece for piece in pieces if isinstance(piece, Mark))


def spans_in(pieces: Sequence[Piece]) -> Iterator[Choice | Reference]:
    """Every span, also those inside of others."""
    for piece in pieces:
        if isinstance(piece, Choice | Reference):
            yield piece
        if isinstance(piece, Choice):
            for branch in piece.branches:
                yield from spans_in(branch.pieces)


def unescaped(text: str) -> str:
    return _ESCAPED.sub(r"\1", text)


def escaped(text: str) -> str:
    """So that no part of the text is read as a call or a span."""
    return _SPECIAL.sub(r"\\\g<0>", text)


class _Parser:
    def __init__(self, lines: Sequence[Line], outcomes: Collection[str], faults: Faults) -> None:
        self._text = text_of(lines)
        self._starts = [0, *(match.end() for match in re.finditer("\n", self._text))]
        self._first = lines[0].number if lines else 1
        self._outcomes = outcomes
        self._faults = faults
        self._ends: dict[int, int] = {}  # of each brace that opens a span, where it closes

    def parse(self) -> tuple[Piece, ...]:
        self._match_braces()
        return self._pieces(0, len(self._text), 0)

    def _spot(self, offset: int) -> Spot:
        at = bisect_right(self._starts, offset) - 1
        return Spot(self._first + at, offset - self._starts[at] + 1)

    def _match_braces(self) -> None:
        opened: list[int] = []
        for match in _BRACES.finditer(self._text):
            if match[0] == "{":
                opened.append(match.start())
            elif match[0] == "}" and opened:
                start = opened.pop()
                if len(opened) < _DEEPEST:
                    self._ends[start] = match.start()
                else:
                    suggestion = f"Use at most {_DEEPEST} levels."
                    self._faults.fault("span_nested", "Spans are nested too deeply.", self._spot(start), suggestion)
            elif match[0] == "}":
                at = self._spot(match.start())
                self._faults.fault("span_unopened", "This brace closes nothing.", at, r"Write \} for a brace.", "{ }")
        for start in opened:
            sentence = "This brace opens a span that does not end."
            self._faults.fault("span_unclosed", sentence, self._spot(start), r"Close it, or write \{ for a brace.", "}")

    def _pieces(self, start: int, end: int, depth: int) -> tuple[Piece, ...]:
        pieces: list[Piece] = []
        at = plain_from = start
        while match := _OPENINGS.search(self._text, at, end):
            at = match.end()
            piece: Piece | None = None
            if match[0] == "{" and match.start() in self._ends:
                close = self._ends[match.start()]
                piece, after = self._span(match.start(), close, depth), close + 1
            elif match[0] == "[":
                piece = self._mark(match.start(), end)
                after = match.start() + len(piece.text) if piece else at
            if piece is not None:
                if match.start() > plain_from:
                    pieces.append(Plain(self._text[plain_from : match.start()]))
                pieces.append(piece)
                at = plain_from = after
        if end > plain_from:
            pieces.append(Plain(self._text[plain_from:end]))
        if depth:
            self._refuse_calls(pieces)
        return tuple(pieces)

    def _mark(self, start: int, end: int) -> Mark | None:
        match = _CALL.match(self._text, start, end)
        if match is None:
            return None
        end = min(end, start + _LONGEST_CALL)
        line_end = self._text.find("\n", start, end)
        close = self._text.find("]", start, end if line_end < 0 else line_end)
        if close < 0:
            suggestion = r"Close it in the same line, or write \[ for a bracket."
            self._faults.fault("call_unclosed", "This call does not end.", self._spot(start), suggestion, "]")
            return None
        if self._text[close + 1 : close + 2] == "(":
            return None  # a link
        body = self._text[match.end() : close]
        return Mark(self._text[start : close + 1], match[1], body, self._spot(start), self._spot(match.end()))

    def _refuse_calls(self, pieces: Sequence[Piece]) -> None:
        for mark in marks_in(pieces):
            suggestion = "Put the call after the span, or write two scenarios."
            sentence = "A call stands inside of a span, where it may or may not be made."
            self._faults.fault("call_in_span", sentence, mark.at, suggestion, "a call outside of braces")

    def _span(self, start: int, close: int, depth: int) -> Choice | Reference:
        bounds = self._bounds(start + 1, close)
        labels = [self._label(begin, end) for begin, end in bounds]
        at = self._spot(start)
        if len(bounds) == 1 and labels[0] is None:
            name = _NAME.fullmatch(self._text[start + 1 : close].strip())
            if name is not None:
                return Reference((name[1] or "").strip(), name[2], at)
            suggestion = r"Add another after a bar, or write \{ and \} for braces."
            self._faults.fault("span_single", "This span has one alternative only.", at, suggestion, "{one | other}")
        branches = []
        for (begin, end), label in zip(bounds, labels, strict=True):
            branches.append(
                Branch(label[0] if label else None, self._trimmed(label[1] if label else begin, end, depth))
            )
        return Choice(tuple(branches), at)

    def _bounds(self, start: int, end: int) -> list[tuple[int, int]]:
        """Where each alternative begins and ends: between the bars that are not in a span further in."""
        bars = [start - 1]
        at = start
        while match := _BARS.search(self._text, at, end):
            at = match.end()
            if match[0] == "|":
                bars.append(match.start())
            elif match[0] == "{":
                at = self._ends.get(match.start(), match.start()) + 1
        return [(bar + 1, following) for bar, following in zip(bars, [*bars[1:], end], strict=True)]

    def _label(self, start: int, end: int) -> tuple[Label, int] | None:
        """The label of a branch and where its text begins. Any word is one after `subject=`."""
        match = _LABEL.match(self._text, start, end)
        if match is None or (match[1] is None and match[2].lower() not in self._outcomes):
            return None
        return Label((match[1] or "").strip(), match[2].lower(), self._spot(match.start(2))), match.end()

    def _trimmed(self, start: int, end: int, depth: int) -> tuple[Piece, ...]:
        text = self._text[start:end]
        start += len(text) - len(text.lstrip())
        if text.lstrip().startswith(_BLOCKS):
            sentence = "An alternative cannot begin a heading or a code block."
            suggestion = "Put it outside of the span."
            self._faults.fault("span_block", sentence, self._spot(start), suggestion, "text that goes on in its line")
        return self._pieces(start, max(start, end - (len(text) - len(text.rstrip()))), depth + 1)
