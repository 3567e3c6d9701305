"""Quality: why an example is doubted and how much that counts, and a dataset in numbers and pictures."""

from datetime import datetime
from typing import Any

from luthier.domain.errors import Action, NotFound, WrongUsage
from luthier.kit.frozen import Frozen


class Reason(Frozen):
    """One doubt about one example."""

    code: str  # e.g. "answer.cut"; what stands before the dot is its family
    sentence: str
    weight: float  # 0..1; the example's score is multiplied by 1 - weight
    advice: str
    message: int | None = None  # counted from 1; None where the doubt is about the example as a whole
    character: int | None = None  # in that message, counted from 1
    other_row: int | None = None  # the row that it was compared with


class ExampleQuality(Frozen):
    position: int  # in the dataset, counted from 0
    row: int  # in the source file
    score: float
    reasons: tuple[Reason, ...]
    example: dict[str, Any]  # in canonical form


class QualityPage(Frozen):
    """Some of the examples that a filter lets through, in the dataset's order."""

    offset: int
    total: int
    items: tuple[ExampleQuality, ...]


class ReasonCount(Frozen):
    code: str
    title: str
    weight: float
    advice: str
    examples: int
    rows: tuple[int, ...]  # the first few


class ReasonKind(Frozen):
    """A doubt that an example can raise, whether any does or not."""

    code: str
    title: str
    weight: float
    advice: str


class Histogram(Frozen):
    """`counts[i]` values lie from `edges[i]` up to, not including, `edges[i + 1]`; the last bin has no upper end."""

    edges: tuple[float, ...]
    counts: tuple[int, ...]


class Part(Frozen):
    """One of the groups that the examples or their letters fall into."""

    name: str
    count: int


class LabelBalance(Frozen):
    """Answers that are a few short labels rather than texts."""

    labels: tuple[Part, ...]  # the most frequent first; at most 50
    distinct: int
    evenness: float  # entropy over its maximum: 1 when all labels are equally frequent


class TokenProfile(Frozen):
    """The examples under one base model's tokenizer and chat template."""

    base: str
    tokenizer_sha256: str
    lengths: Histogram
    tokens: int
    tokens_p50: int
    tokens_p95: int
    tokens_max: int
    supervised_share: float
    max_length: int
    longer: int  # examples with more tokens than that

    @property
    def longer_share(self) -> float:
        examples = sum(self.lengths.counts)
        return self.longer / examples if examples else 0.0


class QualityReport(Frozen):
    dataset_id: str
    dataset_sha256: str
    dataset_name: str
    detectors: int  # version of the detectors and their facts
    made_at: datetime
    against: str | None  # label of the dataset that was looked into for leakage
    examples: int
    score: float  # the mean
    doubted: int  # examples with at least one reason
    reasons: tuple[ReasonCount, ...]  # the most frequent first
    scores: Histogram
    characters: Histogram
    turns: tuple[Part, ...]
    roles: tuple[Part, ...]  # messages of each role
    scripts: tuple[Part, ...]  # examples by the script that most of their letters belong to
    languages: tuple[Part, ...]  # examples; those that cannot be told by their script
    labels: LabelBalance | None = None
    tokens: TokenProfile | None = None


class QualityReasonUnknown(WrongUsage):
    code = "quality.reason_unknown"
    sentence = "There is no reason called {reason}; the reasons are {reasons}."
    actions = (Action(label="See what was found", command="luthier datasets score {dataset}"),)


class QualityNotScored(NotFound):
    code = "quality.not_scored"
    sentence = "{dataset} has not been scored in this way yet."
    actions = (Action(label="Score it", command="luthier datasets score {dataset}"),)
