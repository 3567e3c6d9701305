"""Reads one scenario: the tree that prints it again, the typed view, and everything that is wrong with it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from luthier.data.scenarios.answers import read_answer
from luthier.data.scenarios.calls import read_call
from luthier.data.scenarios.exchange import Exchange
from luthier.data.scenarios.faults import Faults
from luthier.data.scenarios.grammar import Grammar
from luthier.data.scenarios.header import Header, read_header
from luthier.data.scenarios.headings import check_headings
from luthier.data.scenarios.inline import Mark, Piece, Plain, marks_in, parse_inline
from luthier.data.scenarios.lines import Spot, trimmed
from luthier.data.scenarios.system import System, read_system
from luthier.data.scenarios.telling import Answered, AsWritten, as_read, check_spans, spoken, told
from luthier.data.scenarios.tree import Section, Tree, parse_tree
from luthier.domain.findings import Finding, Level
from luthier.domain.scenarios import Call, Passage, Scenario, Speaker, Turn, Value

_PUNCTUATION = re.compile(r"[\s.,;:!?…)\"'*_]*")  # may follow a call without being text


@dataclass(frozen=True, slots=True)
class ReadTurn:
    """A turn with what is needed to tell it in another way."""

    section: Section
    speaker: Speaker
    pieces: tuple[Piece, ...] = ()
    calls: tuple[Call, ...] = ()
    answered: Answered | None = None  # by this TOOLCALL


@dataclass(frozen=True)
class Reading:
    tree: Tree
    grammar: Grammar
    header: Header
    turns: tuple[ReadTurn, ...]
    scenario: Scenario | None  # None: there are errors
    outline: Scenario  # as much of it as could be read
    findings: tuple[Finding, ...]

    @property
    def errors(self) -> list[Finding]:
        return [finding for finding in self.findings if finding.level is Level.ERROR]


def read_scenario(text: str, grammar: Grammar, file: str | None = None) -> Reading:
    """Of any text at all; never raises. `file` stands in the findings' places."""
    faults = Faults(file)
    tree = parse_tree(text)
    header = read_header(tree, grammar, faults)
    check_headings(tree, faults)
    systems = [section for section in tree.sections if section.named("SYSTEM")]
    first = tree.sections[0].heading.spot() if tree.sections else Spot(1, 1)
    system = read_system(systems[:1], first, grammar, header.rules, faults)
    turns = _Turns(grammar, header, faults)
    for section in tree.sections:
        turns.read(section)
    turns.exchange.ends(first)
    outline = _scenario(header, system, turns.told)
    return Reading(
        tree=tree,
        grammar=grammar,
        header=header,
        turns=tuple(turns.read_turns),
        scenario=None if faults.any_error else outline,
        outline=outline,
        findings=faults.findings,
    )


@dataclass
class _Turns:
    grammar: Grammar
    header: Header
    faults: Faults
    exchange: Exchange = field(init=False)
    read_turns: list[ReadTurn] = field(default_factory=list)
    told: list[Turn] = field(default_factory=list)
    answered: list[Answered] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.exchange = Exchange(self.faults)

    def read(self, section: Section) -> None:
        speaker = next((speaker for speaker in Speaker if section.named(speaker.value)), None)
        if speaker is Speaker.TOOLCALL:
            self._answer(section)
        elif speaker is not None:
            self._speech(section, speaker)

    def _speech(self, section: Section, speaker: Speaker) -> None:
        self.exchange.speaks(speaker, section.heading.spot())
        lines = trimmed(section.body)
        if not lines:
            suggestion = "Write what is said, or remove the heading."
            self.faults.fault("turn_empty", f"This {speaker.value} turn is empty.", section.heading.spot(), suggestion)
        pieces = parse_inline(lines, self.grammar.outcomes, self.faults)
        check_spans(pieces, self.answered, self.header.rules.settings, self.faults)
        marks = list(marks_in(pieces))
        calls: list[Call] = []
        if speaker is Speaker.DM:
            read = [read_call(mark, self.grammar, self.faults) for mark in marks]
            calls = [call for call in read if call is not None]
            _doubt_text_after_calls(pieces, self.faults)
        elif marks:
            sentence = "A call in a User turn is only text; it is the DM who calls tools."
            suggestion = r"Move it into the DM turn, or write \[ for a bracket."
            self.faults.doubt("call_misplaced", sentence, marks[0].at, suggestion, "a call in a DM turn")
        self.exchange.calls(tuple(calls))
        chance = AsWritten(self.header.rules.settings)
        self.read_turns.append(ReadTurn(section, speaker, pieces, tuple(calls)))
        self.told.append(
            Turn(
                speaker=speaker,
                line=section.heading.number,
                text=as_read(told(pieces, self.answered, chance)),
                spoken=spoken(pieces, self.answered, chance),
                calls=tuple(calls),
            )
        )

    def _answer(self, section: Section) -> None:
        call = self.exchange.answers(section.heading.spot())
        fields: dict[str, Value] | None = None
        answered: Answered | None = None
        if call is not None:
            tool = self.grammar.tools[call.tool]
            fields = read_answer(section, call, tool, self.faults)
            answered = Answered(call, tool, fields, len(self.answered))
            self.answered.append(answered)
        self.read_turns.append(ReadTurn(section, Speaker.TOOLCALL, answered=answered))
        self.told.append(Turn(speaker=Speaker.TOOLCALL, line=section.heading.number, answer=fields))


def _doubt_text_after_calls(pieces: Sequence[Piece], faults: Faults) -> None:
    """As a tool message a call comes after all that its turn says."""
    called: Mark | None = None
    for piece in pieces:
        if isinstance(piece, Mark):
            called = piece
        elif called is not None and not (isinstance(piece, Plain) and _PUNCTUATION.fullmatch(piece.text)):
            sentence = "Text follows this call in the same turn; it would be said before the result is known."
            suggestion = "Put the call at the end of the turn, and the text into the DM turn after the TOOLCALL."
            faults.doubt("text_after_call", sentence, called.at, suggestion, "a call at the end of its turn")
            return


def _scenario(header: Header, system: System, turns: Sequence[Turn]) -> Scenario:
    passages = dict(system.passages)
    role, world, location = (passages.pop(title, "") for title in ("Role", "World", "Location"))
    return Scenario(
        title=header.title,
        category=header.category,
        tags=header.tags,
        role=role,
        world=world,
        location=location,
        party=system.party,
        passages=tuple(Passage(title=title, text=text) for title, text in passages.items()),
        turns=tuple(turns),
        extras=header.extras,
    )
