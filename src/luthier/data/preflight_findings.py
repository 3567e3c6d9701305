"""One check of preflight as a value: its question, and the finding when rows fail it."""

from collections.abc import Sequence
from dataclasses import dataclass

from luthier.domain.errors import Action
from luthier.domain.findings import Finding, Level, Place
from luthier.domain.preflight import CheckRun

_ROWS_NAMED = 5


@dataclass(frozen=True)
class Checked:
    run: CheckRun
    findings: tuple[Finding, ...] = ()


def checked_rows(
    code: str,
    question: str,
    examined: int,
    rows: Sequence[int],
    *,
    sentence: str,
    level: Level = Level.ERROR,
    actions: tuple[Action, ...],
) -> Checked:
    """`rows` are those that fail; `sentence` says what is wrong with {rows}."""
    run = CheckRun(code=f"preflight.{code}", question=question, examined=examined, found=len(rows))
    if not rows:
        return Checked(run)
    finding = Finding(
        code=run.code,
        level=level,
        sentence=_capitalised(sentence.format(rows=named_rows(rows))),
        place=Place(row=rows[0]),
        actions=actions,
    )
    return Checked(run, (finding,))


def checked_once(
    code: str, question: str, problems: Sequence[str], *, level: Level, actions: tuple[Action, ...]
) -> Checked:
    """A check of the tokenizer or the settings rather than of rows; each problem is a sentence."""
    run = CheckRun(code=f"preflight.{code}", question=question, examined=0, found=len(problems))
    findings = tuple(Finding(code=run.code, level=level, sentence=sentence, actions=actions) for sentence in problems)
    return Checked(run, findings)


def named_rows(rows: Sequence[int]) -> str:
    """E.g. `row 3`, `rows 3, 5 and 9`, `rows 1, 2, 3, 4, 5 and 40 more`."""
    distinct = sorted(set(rows))
    if len(distinct) == 1:
        return f"row {distinct[0]}"
    if len(distinct) <= _ROWS_NAMED:
        return f"rows {', '.join(map(str, distinct[:-1]))} and {distinct[-1]}"
    return f"rows {', '.join(map(str, distinct[:_ROWS_NAMED]))} and {len(distinct) - _ROWS_NAMED} more"


def _capitalised(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]
