"""The proof: held-out examples answered before and after, paired, with confidence intervals."""

from luthier.domain.recipes import Scorer
from luthier.kit.frozen import Frozen


class Interval(Frozen):
    low: float
    high: float
    confidence: float = 0.95


class RawAnswer(Frozen):
    """What the worker produced for one held-out example, not yet scored."""

    row: int
    prompt: str
    expected: str
    base: str
    tuned: str


class JudgedPair(Frozen):
    """By how much the chosen answer is likelier than the rejected one, in nats per token; above 0 is right."""

    row: int
    base: float
    tuned: float


class AnswerSheet(Frozen):
    """report/answers.json: written by the worker, scored by `luthier.evaluation`."""

    scorer: Scorer
    base_loss: float | None  # mean over the supervised tokens of the held-out examples
    tuned_loss: float | None
    answers: tuple[RawAnswer, ...]
    pairs: tuple[JudgedPair, ...] = ()  # of methods that learn from pairs
    seconds: float


class Answer(Frozen):
    """One held-out example with what both models said."""

    row: int
    prompt: str
    expected: str
    base: str
    tuned: str
    base_right: bool | None  # None when nothing is scored
    tuned_right: bool | None


class Rate(Frozen):
    """A share of right answers with its Wilson interval."""

    right: int
    total: int
    share: float
    interval: Interval


class Comparison(Frozen):
    """Tuned against base on the same examples. `better` is said only when the interval of the difference excludes 0."""

    base: Rate
    tuned: Rate
    difference: float
    difference_interval: Interval
    better: bool


class EvaluationReport(Frozen):
    scorer: Scorer
    base_loss: float | None  # mean over the supervised tokens of the held-out examples
    tuned_loss: float | None
    comparison: Comparison | None
    answers: tuple[Answer, ...]
    seconds: float
