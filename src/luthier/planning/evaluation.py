"""How the result will be proved: what counts as a right answer, and how many answers are asked for."""

from luthier.domain.plans import DataFacts, EvaluationPlan
from luthier.domain.recipes import PREFERENCE_METHODS, Method, Scorer
from luthier.planning.decisions import Ledger, Source

SHORT_ANSWER = 32  # tokens: up to here there is usually one right wording
MOST_ANSWERS = 100  # their confidence interval is at most 20 points wide, and they take minutes
SAMPLES = 3  # shown side by side when nothing is scored
_LONGEST_ANSWER = 512  # tokens
_GRAIN = 16


def settle_evaluation(facts: DataFacts, method: Method, ledger: Ledger) -> EvaluationPlan:
    scorer = ledger.settle("evaluation.scorer", *_scorer(facts, method))
    room = min(_LONGEST_ANSWER, -(-(facts.answer_tokens_max * 5 // 4 + 8) // _GRAIN) * _GRAIN)
    room_reason = f"The longest answer has {facts.answer_tokens_max} tokens, and a quarter more is allowed."
    most, count_reason = (MOST_ANSWERS, "Enough for an interval of at most 20 points.")
    if scorer in ("off", "preference"):
        most, count_reason = (SAMPLES, "Shown side by side; the answers themselves are not scored.")
    if facts.held_out <= most:
        most, count_reason = (facts.held_out, f"All {facts.held_out} examples that are held out.")
    return EvaluationPlan(
        scorer=scorer,
        max_new_tokens=ledger.settle("evaluation.max_new_tokens", room, room_reason, "data"),
        examples=min(facts.held_out, ledger.settle("evaluation.examples", most, count_reason, "data")),
    )


def _scorer(facts: DataFacts, method: Method) -> tuple[Scorer, str, Source]:
    if facts.held_out == 0:
        return "off", "No examples are held out to measure with.", "data"
    if method in PREFERENCE_METHODS:
        return "preference", "What was learnt is which of two answers is better: that is what is asked.", "default"
    if method == "cpt":
        return "off", "Plain text has no right answers; the held-out loss shows the gain.", "default"
    if facts.answers_are_json:
        return "json", "All answers are JSON: equal values count, whatever the order of the keys.", "data"
    if facts.answer_tokens_max <= SHORT_ANSWER:
        return "exact", "The answers are short, so a right one has the same words.", "data"
    return "off", "Long answers can be right in many words; samples and the held-out loss are shown instead.", "data"
