"""Derivations: how a dataset was made, from which others, and what one may ask to be made."""

from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import Field, TypeAdapter, ValidationError, field_validator, model_validator

from luthier.domain.errors import Action, DataProblem, WrongUsage
from luthier.kit.frozen import Frozen

# `collect` adds answers that were kept; it is made from chats, and nothing that one asks of datasets.
What = Literal[
    "import", "split", "mix", "dedupe", "filter", "repair", "redact", "balance", "augment", "paraphrase",
    "collect",
]  # fmt: skip


class Parent(Frozen):
    """A dataset that another one was made from."""

    dataset_id: str
    label: str  # name@version, as it was called then
    sha256: str


class Derivation(Frozen):
    """Where a dataset comes from. The same parents and parameters give the same examples again."""

    what: What
    parents: tuple[Parent, ...] = ()
    parameters: dict[str, Any] = {}
    counts: dict[str, int] = {}  # what happened to rows on the way, in words, e.g. {"repeated, left out": 12}
    at: datetime


# ── what one may ask for; the fields are the parameters that a derivation keeps ──────────────────────────────────

Seed = Annotated[int, Field(ge=0, lt=2**63)]
Nearness = Annotated[float, Field(gt=0, le=1, description="texts at least this similar are one; 1 is equal texts only")]
NEAR = 0.8
TRAIN = "train"


class Split(Frozen):
    """Into `train` and the named sides. Questions that are equal or nearly equal stay together on one side."""

    what: Literal["split"] = "split"
    shares: dict[str, float] = {"held-out": 0.1}
    near: Nearness = NEAR
    seed: Seed = 0

    @field_validator("shares")
    @classmethod
    def _fit(cls, shares: dict[str, float]) -> dict[str, float]:
        if not shares or any(not 0 < share < 1 for share in shares.values()) or sum(shares.values()) >= 1:
            raise ValueError("the shares must lie between 0 and 1 and leave something to train on")
        if any(not side.replace("-", "").isalnum() or side == TRAIN for side in shares):
            raise ValueError(f"a side is called by letters, digits and hyphens, and {TRAIN!r} is what remains")
        return shares


class Mix(Frozen):
    """Several datasets in one, evenly interleaved; one weight per dataset."""

    what: Literal["mix"] = "mix"
    weights: tuple[Annotated[float, Field(gt=0, le=1e9)], ...] = Field(min_length=2, max_length=100)
    size: int | None = Field(default=None, ge=1, description="examples in all; as many as there are when left out")
    repeat: bool = Field(default=False, description="rows may come more than once when a dataset is too small")
    seed: Seed = 0


class Dedupe(Frozen):
    """The first of each group of examples that are the same."""

    what: Literal["dedupe"] = "dedupe"
    by: Literal["example", "question"] = "example"
    near: Nearness = 1.0


class Filter(Frozen):
    """The examples that meet every condition that is given."""

    what: Literal["filter"] = "filter"
    min_score: float | None = Field(default=None, ge=0, le=1, description="of the quality score")
    without: tuple[str, ...] = Field(default=(), description="codes of quality findings")
    containing: str | None = Field(default=None, min_length=1)
    lacking: str | None = Field(default=None, min_length=1)

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.min_score is None and not (self.without or self.containing or self.lacking):
            raise ValueError("give at least one condition: min_score, without, containing or lacking")
        return self

    @property
    def needs_quality(self) -> bool:
        return self.min_score is not None or bool(self.without)


class Repair(Frozen):
    """The same examples with their texts mended; every mending is safe unless some are named."""

    what: Literal["repair"] = "repair"
    fixes: tuple[str, ...] = ()


class Redact(Frozen):
    """The same examples with personal data and secrets replaced; all kinds unless some are named."""

    what: Literal["redact"] = "redact"
    kinds: tuple[str, ...] = ()


By = Literal["answer", "category", "system", "source"]


class Balance(Frozen):
    """The same number of examples of every category."""

    what: Literal["balance"] = "balance"
    by: By = "answer"
    to: Literal["smallest", "largest"] | Annotated[int, Field(ge=1)] = "smallest"
    seed: Seed = 0


class Augment(Frozen):
    """The examples and, after each, copies of it with other words in them or another way to ask."""

    what: Literal["augment"] = "augment"
    words: tuple[tuple[str, ...], ...] = Field(default=(), description="groups of words that may stand for each other")
    lists: tuple[str, ...] = Field(default=(), description="built-in groups, by name")
    templates: tuple[str, ...] = Field(default=(), description="ways to ask, each with {question} in it once")
    copies: int = Field(default=1, ge=1, le=100)
    seed: Seed = 0

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not (self.words or self.lists or self.templates):
            raise ValueError("give words, lists or templates")
        return self

    @field_validator("templates")
    @classmethod
    def _hold_the_question(cls, templates: tuple[str, ...]) -> tuple[str, ...]:
        if any(template.count("{question}") != 1 for template in templates):
            raise ValueError("a template holds {question} exactly once")
        return templates

    @field_validator("words")
    @classmethod
    def _leave_a_choice(cls, words: tuple[tuple[str, ...], ...]) -> tuple[tuple[str, ...], ...]:
        if any(len(set(group)) < 2 or not all(word.strip() for word in group) for group in words):
            raise ValueError("a group of words needs at least two, none of them empty")
        return words


class Paraphrase(Frozen):
    """The examples and, after each, copies of it whose question a model has put in other words."""

    what: Literal["paraphrase"] = "paraphrase"
    model: str = Field(min_length=1, max_length=4096)
    copies: int = Field(default=1, ge=1, le=20)
    temperature: float = Field(default=0.8, gt=0, le=2)
    seed: Seed = 0


Request = Annotated[
    Split | Mix | Dedupe | Filter | Repair | Redact | Balance | Augment | Paraphrase, Field(discriminator="what")
]
_REQUEST: TypeAdapter[Request] = TypeAdapter(Request)


def request_from(what: str, parameters: dict[str, Any]) -> Request:
    """Raises DerivationNotUnderstood, which names the `place` and its `fault` for whoever shows a form."""
    try:
        return _REQUEST.validate_python({**parameters, "what": what})
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"] if part != what)
        reason = first["msg"].removeprefix("Value error, ")
        whole = f"{place}: {reason}" if place else reason
        raise DerivationNotUnderstood(what=what, reason=whole, place=place, fault=reason) from None


class DerivationChoices(Frozen):
    """The names that a request may hold."""

    repairs: dict[str, bool]  # and whether each is safe
    private_kinds: dict[str, str]  # and how each is said, with its article
    word_lists: dict[str, tuple[str, ...]]


class Lineage(Frozen):
    """A dataset with everything that it was made from, back to the files."""

    dataset_id: str
    label: str
    examples: int | None  # None when that dataset is no longer here
    source: str = ""  # the file, of an import
    made_by: Derivation | None = None
    parents: tuple["Lineage", ...] = ()


DiffKind = Literal["changed", "removed", "added"]


class Change(Frozen):
    """One row before and after; None on the side where it is not."""

    before: dict[str, Any] | None
    after: dict[str, Any] | None


class DatasetDiff(Frozen):
    """From `before` to `after`: every row of both is counted exactly once."""

    before: str  # labels
    after: str
    unchanged: int
    changed: int
    removed: int
    added: int
    shown: tuple[Change, ...] = ()  # the first of each kind


class DiffPage(Frozen):
    """Some of the rows of one kind, in the order of the dataset that they stand in."""

    kind: DiffKind
    offset: int
    total: int
    changes: tuple[Change, ...]


class DerivationNotUnderstood(WrongUsage):
    code = "derivations.not_understood"
    sentence = "This cannot be asked of {what}: {reason}."
    actions = (Action(label="See what it takes", command="luthier datasets --help"),)


class DerivationLeavesNothing(DataProblem):
    code = "derivations.leaves_nothing"
    sentence = "No example of {dataset} is left after this, so nothing was made."
    actions = (
        Action(label="Ask for less"),
        Action(label="Look at the examples", command="luthier datasets preview {dataset}"),
    )


class SplitImpossible(DataProblem):
    code = "derivations.split_impossible"
    sentence = (
        "{dataset} cannot be split: nothing can go to {side}, because its {examples} examples ask "
        "{groups} different questions, and nearly equal ones must stay together."
    )
    actions = (
        Action(label="Keep only equal questions together", command="luthier datasets split {dataset} --near 1"),
        Action(label="Give that side a larger share", command="luthier datasets split {dataset} --share {side}=0.3"),
    )


class MixTooLarge(DataProblem):
    code = "derivations.mix_too_large"
    sentence = "A mix of {size} needs {needed} examples of {dataset}, which has {examples}."
    actions = (
        Action(label="Take the largest mix without repeats: leave out --size"),
        Action(label="Or let examples come more than once: add --repeat"),
    )


class MixOfTextAndTurns(DataProblem):
    code = "derivations.mix_of_text_and_turns"
    sentence = "{text} holds plain text and {turns} holds conversations; one training run learns from one of the two."
    actions = (Action(label="See the shapes of the datasets", command="luthier datasets list"),)


class TooManyCategories(DataProblem):
    code = "derivations.too_many_categories"
    sentence = "By {by}, the {examples} examples of {dataset} fall into more than {limit} categories."
    actions = (Action(label="Balance by something else", command="luthier datasets balance {dataset} --by system"),)


class NoCategories(DataProblem):
    code = "derivations.no_categories"
    sentence = "No example of {dataset} is filed under a category."
    actions = (
        Action(
            label="Import it again and say which column it is",
            command="luthier datasets import FILE --map category=COLUMN",
        ),
        Action(label="Balance by the answers", command="luthier datasets balance {dataset} --by answer"),
    )


class WordListUnreadable(DataProblem):
    code = "derivations.word_list_unreadable"
    sentence = "{path} cannot be used to augment: {reason}."
    actions = (Action(label="See how such a file is written in docs/guide/dataset-versions.md"),)


class NameUnknown(WrongUsage):
    code = "derivations.name_unknown"
    sentence = "There is no {kind} called {name}; there are {known}."
    actions = (Action(label="Use one of these names"),)
