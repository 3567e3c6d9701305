"""Decides what a text with spans says: which alternative, which outcome, which value; and that it can be said."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from luthier.data.scenarios.faults import Faults, did_you_mean
from luthier.data.scenarios.grammar import Tool
from luthier.data.scenarios.inline import (
    Branch,
    Choice,
    Label,
    Mark,
    Piece,
    Plain,
    Reference,
    escaped,
    spans_in,
    unescaped,
)
from luthier.data.scenarios.lines import Spot
from luthier.data.scenarios.prose import flowing
from luthier.data.scenarios.values import show_value
from luthier.domain.scenarios import Call, Value


@dataclass(frozen=True, slots=True)
class Answered:
    call: Call
    tool: Tool
    fields: Mapping[str, Value] | None  # None: its block has faults
    order: int  # of the call in the scenario, from 0

    @property
    def outcome(self) -> str:
        """Empty when the call has none."""
        mark = self.tool.outcome
        return str(self.fields.get(mark.result, "")) if self.fields is not None and mark else ""

    def is_about(self, subject: str) -> bool:
        return str(self.call.arguments.get(self.tool.subject, "")).casefold() == subject.casefold()


class Chance(Protocol):
    """What is left open by a text: phrasing and settings."""

    def alternative(self, choice: Choice) -> Branch: ...

    def setting(self, name: str) -> str: ...


class AsWritten:
    """The first alternative, and the first value of a setting."""

    def __init__(self, settings: Mapping[str, Sequence[str]]) -> None:
        self._settings = settings

    def alternative(self, choice: Choice) -> Branch:
        return choice.branches[0]

    def setting(self, name: str) -> str:
        return next(iter(self._settings.get(name, ())), "")


def told(pieces: Sequence[Piece], answered: Sequence[Answered], chance: Chance) -> str:
    """The text as it would be written without spans: calls and backslashes are still in it."""
    return "".join(_smooth([_piece(piece, answered, chance) for piece in pieces]))


def as_read(text: str) -> str:
    """A told text without backslashes, its paragraphs in one line each."""
    return flowing(unescaped(text))


def spoken(pieces: Sequence[Piece], answered: Sequence[Answered], chance: Chance) -> str:
    """The text without its calls."""
    silent = [Plain("") if isinstance(piece, Mark) else piece for piece in pieces]
    return as_read(told(silent, answered, chance))


def about(subject: str, answered: Sequence[Answered]) -> Answered | None:
    """The last answered call, or the last one about that subject."""
    return next((each for each in reversed(answered) if not subject or each.is_about(subject)), None)


def told_by(pieces: Sequence[Piece], answered: Sequence[Answered]) -> Iterator[Answered]:
    """The calls whose outcomes or fields this text tells."""
    for span in spans_in(pieces):
        subjects = [span.subject] if isinstance(span, Reference) and span.subject else []
        if isinstance(span, Choice):
            subjects = [branch.label.subject for branch in span.branches if branch.label is not None]
        for subject in subjects:
            if (found := about(subject, answered)) is not None:
                yield found


def check_spans(
    pieces: Sequence[Piece], answered: Sequence[Answered], settings: Mapping[str, Sequence[str]], faults: Faults
) -> None:
    """Every span must be able to say something, whatever the dice show."""
    for span in spans_in(pieces):
        if isinstance(span, Reference):
            _check_reference(span, answered, settings, faults)
        elif any(branch.label for branch in span.branches):
            _check_labels(span, answered, faults)


def _piece(piece: Piece, answered: Sequence[Answered], chance: Chance) -> str:
    match piece:
        case Plain() | Mark():
            return piece.text
        case Reference(subject=""):
            return chance.setting(piece.name)
        case Reference():
            return _field(piece, answered)
        case Choice():
            branch = _branch(piece, answered) if piece.is_told else chance.alternative(piece)
            return told(branch.pieces, answered, chance) if branch else ""


def _field(reference: Reference, answered: Sequence[Answered]) -> str:
    found = about(reference.subject, answered)
    name = reference.name.lower()
    if found is None or found.fields is None or name not in found.fields:
        return ""
    return escaped(show_value(found.tool.results[name], found.fields[name]))


def _branch(choice: Choice, answered: Sequence[Answered]) -> Branch | None:
    for branch in choice.branches:
        found = about(branch.label.subject, answered) if branch.label else None
        if branch.label and found is not None and found.outcome.lower() == branch.label.outcome:
            return branch
    return None


def _smooth(texts: list[str]) -> list[str]:
    """Where a span says nothing, one of the blanks around it goes too."""
    for at, text in enumerate(texts):
        before = texts[at - 1] if at else ""
        if not text and at + 1 < len(texts) and (not before or before[-1] in " \n"):
            texts[at + 1] = texts[at + 1].removeprefix(" ")
    return texts


def _check_reference(
    reference: Reference, answered: Sequence[Answered], settings: Mapping[str, Sequence[str]], faults: Faults
) -> None:
    if not reference.subject:
        if reference.name not in settings:
            suggestion = did_you_mean(reference.name, settings, r"Name it under vary, settings; or write \{ and \}.")
            sentence = f"There is no setting {reference.name!r}."
            faults.fault("setting_unknown", sentence, reference.at, suggestion, ", ".join(settings) or "a setting")
        return
    found = _answered_about(reference.subject, answered, reference.at, faults)
    if found is not None and reference.name.lower() not in found.tool.results:
        known = ", ".join(found.tool.results)
        suggestion = did_you_mean(reference.name, found.tool.results, "Use one of its fields.")
        faults.fault("span_field", f"The answer has no {reference.name!r}.", reference.at, suggestion, known)


def _check_labels(choice: Choice, answered: Sequence[Answered], faults: Faults) -> None:
    labels = [branch.label for branch in choice.branches if branch.label is not None]
    if len(labels) < len(choice.branches):
        suggestion = "Begin every alternative with an outcome, or none."
        faults.fault("branch_mixed", "Some alternatives have an outcome and some have none.", choice.at, suggestion)
        return
    subjects = {label.subject.casefold() for label in labels}
    if len(subjects) > 1:
        suggestion = "Put one span into another."
        faults.fault("branch_mixed", "The alternatives speak of different calls.", choice.at, suggestion)
        return
    found = _answered_about(labels[0].subject, answered, choice.at, faults)
    if found is not None:
        _check_outcomes(choice, labels, found, faults)


def _check_outcomes(choice: Choice, labels: Sequence[Label], found: Answered, faults: Faults) -> None:
    mark = found.tool.outcome
    if mark is None or (found.fields is not None and not found.outcome):
        sentence = "The call that this span speaks of has no outcome."
        faults.fault("branch_no_outcome", sentence, choice.at, "Give the call a difficulty, e.g. dc=15.")
        return
    wanted = {mark.reached.lower(), mark.missed.lower()}
    seen: set[str] = set()
    for label in labels:
        if label.outcome not in wanted:
            suggestion = did_you_mean(label.outcome, wanted, "Use one of its outcomes.")
            sentence = f"{label.outcome!r} is no outcome of this call."
            faults.fault("branch_unknown", sentence, label.at, suggestion, " or ".join(sorted(wanted)))
        elif label.outcome in seen:
            faults.fault("branch_repeated", f"{label.outcome} stands twice.", label.at, "Keep one of the two.")
        seen.add(label.outcome)
    for outcome in sorted(wanted - seen):
        sentence = f"Nothing is told in case of {outcome}."
        faults.fault("branch_missing", sentence, choice.at, f"Add | {outcome}: ...", " and ".join(sorted(wanted)))


def _answered_about(subject: str, answered: Sequence[Answered], at: Spot, faults: Faults) -> Answered | None:
    found = about(subject, answered)
    if found is None:
        known = [str(each.call.arguments.get(each.tool.subject, "")) for each in answered]
        sentence = f"No call about {subject!r} was answered before." if subject else "No call was answered before."
        faults.fault("branch_no_call", sentence, at, did_you_mean(subject, known, "Put it after the TOOLCALL."))
    return found
