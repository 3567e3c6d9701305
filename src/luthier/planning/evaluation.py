"""How the result will be proved: what counts as a right answer, and how many answers are asked for."""

from dataclasses import dataclass

from luthier.domain.plans import DataFacts, EvaluationPlan
from luthier.domain.recipes import PAIR_METHODS, Method, Scorer
from luthier.planning.decisions import Ledger, Source

SHORT_ANSWER = 32  # tokens: up to here there is usually one right wording
MOST_ANSWERS = 100  # their confidence interval is at most 20 points wide, and they take minutes
REWARDED = 32  # held-out answers at each measurement of GRPO
SAMPLES = 3  # shown side by side when nothing is scored
ANSWERING_SHARE = 0.03  # of the time of training, for the answers that are shown while it goes on
LONGEST_SAMPLE = 48  # tokens; enough to see what an answer is like
SHORTEST_SAMPLE = 8
UNKNOWN_ANSWER = 128  # tokens of an answer that nobody has given yet
_LONGEST_ANSWER = 512  # tokens
_GRAIN = 16


@dataclass(frozen=True)
class Answering:
    """What is known of the time that answers take beside the training."""

    training_seconds: float
    measurements: int
    seconds_per_token: float  # of all samples together: they are answered in one batch

    def seconds_of(self, plan: EvaluationPlan) -> float:
        return self.share(plan.sample_tokens) * self.training_seconds if plan.samples else 0.0

    def share(self, tokens: int) -> float:
        return self.measurements * tokens * self.seconds_per_token / self.training_seconds


def settle_evaluation(facts: DataFacts, method: Method, answering: Answering, ledger: Ledger) -> EvaluationPlan:
    scorer = ledger.settle("evaluation.scorer", *_scorer(facts, method))
    room = min(_LONGEST_ANSWER, -(-(facts.answer_tokens_max * 5 // 4 + 8) // _GRAIN) * _GRAIN)
    room_reason = f"The longest answer has {facts.answer_tokens_max} tokens, and a quarter more is allowed."
    if facts.has_no_answers:
        room, room_reason = (UNKNOWN_ANSWER, "No answer is known beforehand; this is enough for a few sentences.")
    most, count_reason = (MOST_ANSWERS, "Enough for an interval of at most 20 points.")
    if scorer in ("off", "preference"):
        most, count_reason = (SAMPLES, "Shown side by side; the answers themselves are not scored.")
    if method == "grpo":
        most, count_reason = (REWARDED, "Enough to see the reward rise, and answered at each measurement.")
    if method == "reward":
        most, count_reason = (0, "A reward model scores answers and writes none.")
    if facts.held_out <= most:
        most, count_reason = (facts.held_out, f"All {facts.held_out} examples that are held out.")
    max_new_tokens = ledger.settle("evaluation.max_new_tokens", room, room_reason, "data")
    tokens = _settle_sample_tokens(max_new_tokens, answering, ledger)
    return EvaluationPlan(
        scorer=scorer,
        max_new_tokens=max_new_tokens,
        examples=min(facts.held_out, ledger.settle("evaluation.examples", most, count_reason, "data")),
        samples=_settle_samples(facts, method, tokens, answering, ledger),
        sample_tokens=tokens,
    )


def _settle_sample_tokens(max_new_tokens: int, answering: Answering, ledger: Ledger) -> int:
    longest = min(LONGEST_SAMPLE, max_new_tokens)
    affordable = int(ANSWERING_SHARE / max(answering.share(1), 1e-12))
    if affordable >= longest:
        return ledger.settle("evaluation.sample_tokens", longest, "Enough to see what an answer is like.", "default")
    reason = f"What fits into {ANSWERING_SHARE:.0%} of the time of training, and at least {SHORTEST_SAMPLE}."
    return ledger.settle("evaluation.sample_tokens", max(SHORTEST_SAMPLE, affordable), reason, "machine")


def _settle_samples(facts: DataFacts, method: Method, tokens: int, answering: Answering, ledger: Ledger) -> int:
    if facts.held_out == 0:
        return ledger.settle("evaluation.samples", 0, "No examples are held out to ask.", "data")
    if method == "reward":
        return ledger.settle("evaluation.samples", 0, "A reward model scores answers and writes none.", "default")
    if answering.share(tokens) > 2 * ANSWERING_SHARE:
        reason = f"Even short answers would take more than {ANSWERING_SHARE:.0%} of the time."
        return min(facts.held_out, ledger.settle("evaluation.samples", 0, reason, "machine"))
    reason = (
        "Answered at each measurement, to see how the answers change; "
        f"takes about {max(answering.share(tokens), 0.001):.1%} of the time."
    )
    return min(facts.held_out, ledger.settle("evaluation.samples", min(SAMPLES, facts.held_out), reason, "machine"))


def _scorer(facts: DataFacts, method: Method) -> tuple[Scorer, str, Source]:
    if facts.held_out == 0:
        return "off", "No examples are held out to measure with.", "data"
    if method in PAIR_METHODS:
        return "preference", "What was learnt is which of two answers is better: that is what is asked.", "default"
    if method == "kto":
        return "off", "People judged what is good; the held-out loss shows whether the model learnt it.", "default"
    if method == "grpo":
        return (
            "off",
            "Rewards say what is good; their mean on held-out questions is measured before and after.",
            "default",
        )
    if method == "cpt":
        return "off", "Plain text has no right answers; the held-out loss shows the gain.", "default"
    if facts.answers_are_json:
        return "json", "All answers are JSON: equal values count, whatever the order of the keys.", "data"
    if facts.answer_tokens_max <= SHORT_ANSWER:
        return "exact", "The answers are short, so a right one has the same words.", "data"
    return "off", "Long answers can be right in many words; samples and the held-out loss are shown instead.", "data"
