"""Suites: cases that are asked, each with what a good answer is and how answers are scored."""

import hashlib
from functools import cached_property
from typing import Any, Literal, get_args

from luthier.domain.chat import ChatMessage
from luthier.domain.errors import Action, DataProblem, NotAllowedNow, NotFound, WrongUsage
from luthier.kit.frozen import Frozen

ScorerName = Literal[
    "exact",  # the same text, but for white space at the ends
    "normalised",  # the same words, whatever their case, accents and punctuation
    "contains",  # all of the texts that it names are in the answer
    "excludes",  # none of them is
    "regex",  # the expression is found
    "json",  # the same JSON value
    "json-schema",  # JSON that the schema accepts
    "bleu",
    "rouge",  # ROUGE-L, F1
    "chrf",
    "most-words",  # no more words than that
    "unrepeated",  # the share of its four-word sequences that are new
    "refusal",  # whether it declines, as it should or should not
    "tool-call",  # function, arguments, and the sums that it writes
    "code",  # the answer's program passes the tests that it names
    "embedding",  # cosine of the two meanings
    "judge",  # a model's mark for the question that it names
    "deepeval",  # a metric of DeepEval, or what its G-Eval is to judge
    "pairwise",  # which of two answers a model prefers, asked in both orders
]
SCORERS: tuple[ScorerName, ...] = get_args(ScorerName)
MOST_CASES = 2000


class Scoring(Frozen):
    """A scorer, with what it takes: a text, a pattern, a schema, tests, a question."""

    name: ScorerName
    argument: Any = None


class Case(Frozen):
    """Exactly one of `messages` and `text` is filled; a text is to be continued."""

    case_id: str
    category: str = ""
    messages: tuple[ChatMessage, ...] = ()
    text: str | None = None
    tools: tuple[dict[str, Any], ...] = ()
    expected: str = ""  # calls as JSON, one a line
    scoring: tuple[Scoring, ...]

    @property
    def question(self) -> str:
        """The last thing that is asked, as a person reads it."""
        return self.text if self.text is not None else self.messages[-1].content


class Suite(Frozen):
    name: str
    about: str = ""
    source: str = ""  # where its cases come from
    licence: str = ""
    origin: Literal["built-in", "workspace", "file", "dataset", "held-out", "harness"] = "file"
    max_new_tokens: int = 256  # of one answer
    cases: tuple[Case, ...]  # none of the harness's, which alone knows them

    @cached_property
    def sha256(self) -> str:
        """Of what is asked and how it is scored, so that two evaluations of one suite can be told to be of the same."""
        asked = self.model_dump_json(include={"cases", "max_new_tokens"})
        return hashlib.sha256(asked.encode()).hexdigest()

    @property
    def scorers(self) -> tuple[ScorerName, ...]:
        """In the order in which they first come."""
        return tuple(dict.fromkeys(scoring.name for case in self.cases for scoring in case.scoring))

    @property
    def categories(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(case.category for case in self.cases if case.category))

    def cut(self, most_cases: int) -> "Suite":
        """The first cases, of every category as many as can be."""
        if len(self.cases) <= most_cases:
            return self
        places: dict[str, int] = {}
        turns = []
        for at, case in enumerate(self.cases):
            turns.append((places.get(case.category, 0), at))
            places[case.category] = places.get(case.category, 0) + 1
        chosen = sorted(at for _, at in sorted(turns)[:most_cases])
        return self.model_copy(update={"cases": tuple(self.cases[at] for at in chosen)})


class SuiteNotFound(NotFound):
    code = "suites.not_found"
    sentence = "No suite is called {name}, and there is no file of that name."
    actions = (
        Action(label="See the suites", command="luthier suites list"),
        Action(label="Or ask the examples of a dataset", command="luthier evaluations run TARGET --suite dataset:NAME"),
    )


class SuiteInvalid(DataProblem):
    code = "suites.invalid"
    sentence = "The suite {source} cannot be used: {where}: {reason}."
    actions = (
        Action(label="Mend it there, and check it again", command="luthier suites check FILE"),
        Action(label="docs/guide/evaluating.md shows what a suite may hold"),
    )


class SuiteEmpty(DataProblem):
    code = "suites.empty"
    sentence = "{source} holds nothing that can be asked."
    actions = (Action(label="A case needs a prompt, or messages of which the last is not the model's"),)


class SuiteNameTaken(NotAllowedNow):
    code = "suites.name_taken"
    sentence = "There is a suite called {name} already."
    actions = (Action(label="Give the new one another name in its file"),)


class SuiteBuiltIn(WrongUsage):
    code = "suites.built_in"
    sentence = "{name} comes with Luthier and cannot be removed."
    actions = (Action(label="See the suites", command="luthier suites list"),)


class NothingHeldOut(WrongUsage):
    code = "suites.nothing_held_out"
    sentence = "{target} has no held-out examples that could be asked."
    actions = (Action(label="Choose a suite", command="luthier evaluations run {target} --suite instructions"),)


class ScorerUnfit(WrongUsage):
    code = "suites.scorer_unfit"
    sentence = "The scorer {scorer} cannot be used here: {reason}."
    actions = (Action(label="Choose another scorer; docs/guide/evaluating.md says what each one needs"),)
