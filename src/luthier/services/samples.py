"""Samples over time: each fixed prompt with what the model said at one measurement after the other."""

from collections.abc import Iterable

from luthier.domain.answers import AnswerSpan, QuestionOverTime
from luthier.domain.jobs import Answered
from luthier.domain.run_states import RunMove
from luthier.store import Store


class Samples:
    def __init__(self, store: Store) -> None:
        self._store = store

    def over_time(self, reference: str) -> list[QuestionOverTime]:
        """Of a run that was begun again, only what came since. A measurement that was repeated counts as its last."""
        answered: dict[tuple[int, int], Answered] = {}
        with self._store.reading() as tx:
            run_id = tx.runs.find(reference).run_id
            for event in tx.events.all_of(run_id, ("run.answer", "run.state")):
                if event.kind == "run.answer":
                    fact = Answered(**event.body)
                    answered[fact.row, fact.step] = fact
                elif event.body["move"] == RunMove.RETRY:
                    answered.clear()
        rows = dict.fromkeys(row for row, _ in answered)
        return [_question(fact for (row, _), fact in sorted(answered.items()) if row == asked) for asked in rows]


def _question(facts: Iterable[Answered]) -> QuestionOverTime:
    spans: list[AnswerSpan] = []
    for fact in facts:
        if spans and spans[-1].text == fact.text:
            spans[-1] = spans[-1].model_copy(update={"last_step": fact.step})
        else:
            exact = fact.text.strip() == fact.expected.strip()
            spans.append(AnswerSpan(first_step=fact.step, last_step=fact.step, text=fact.text, is_expected=exact))
    return QuestionOverTime(row=fact.row, prompt=fact.prompt, expected=fact.expected, answers=tuple(spans))
