"""A scenario as a person reads it: turns with their calls, and answers with how they come about."""

from collections import deque
from collections.abc import Iterator
from difflib import SequenceMatcher

from luthier.data.scenarios.check import entry_of
from luthier.data.scenarios.checks import workings
from luthier.data.scenarios.grammar import Grammar
from luthier.data.scenarios.layout import formatted
from luthier.data.scenarios.lines import lines_of
from luthier.data.scenarios.read import Reading
from luthier.data.scenarios.tree import Tree, body_of, parse_tree
from luthier.data.scenarios.values import show_value
from luthier.domain.scenario_views import ScenarioView, ShownCall, ShownTurn
from luthier.domain.scenarios import Call, Speaker, Turn


def view_of(reading: Reading, name: str) -> ScenarioView:
    """Of any text; of one with errors as much as could be read."""
    return ScenarioView(
        entry=entry_of(reading, name, reading.findings),
        scenario=reading.outline,
        turns=tuple(_turns(reading.outline.turns, reading.grammar)),
        findings=reading.findings,
        laid_out=formatted(reading.tree),
    )


def changed_lines(before: Tree, after: Tree) -> tuple[int, ...]:
    """Lines of `after`, from 1 and below its front matter, that are not those of `before` in the usual layout."""
    old = [line.text for line in lines_of(body_of(parse_tree(formatted(before))))]
    new = [line.text for line in lines_of(body_of(after))]
    above = len(after.front.body) + 2 if after.front else 0  # and its two lines of dashes
    changed: list[int] = []
    for what, _, _, start, end in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if what != "equal":
            changed += range(above + start + 1, above + end + 1)
    return tuple(changed)


def _turns(turns: tuple[Turn, ...], grammar: Grammar) -> Iterator[ShownTurn]:
    called: deque[Call] = deque()
    for turn in turns:
        if turn.speaker is Speaker.TOOLCALL:
            yield _answer(turn, called.popleft() if called else None, grammar)
            continue
        called.extend(turn.calls)
        calls = tuple(ShownCall(text=_written(call, grammar), line=call.line) for call in turn.calls)
        yield ShownTurn(speaker=turn.speaker, line=turn.line, text=turn.spoken or turn.text, calls=calls)


def _answer(turn: Turn, call: Call | None, grammar: Grammar) -> ShownTurn:
    shown = ShownTurn(speaker=turn.speaker, line=turn.line, text="")
    if call is None or turn.answer is None:  # the findings say what is wrong with it
        return shown
    tool = grammar.tools[call.tool]
    fields = tuple((name, show_value(tool.results[name], value)) for name, value in turn.answer.items())
    return shown.model_copy(update={"fields": fields, "workings": tuple(workings(tool, call.arguments, turn.answer))})


def _written(call: Call, grammar: Grammar) -> str:
    tool = grammar.tools[call.tool]
    subject = call.arguments.get(tool.subject)
    words = [f"{call.tool}:", *([str(subject)] if subject is not None else [])]
    words += [
        f"{name}={show_value(tool.arguments[name], value)}"
        for name, value in call.arguments.items()
        if name != tool.subject
    ]
    return f"[{' '.join(words)}]"
