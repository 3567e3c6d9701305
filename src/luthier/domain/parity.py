"""Parity: whether a model says the same elsewhere as where it was trained, measured on the same questions."""

import math
from collections.abc import Sequence
from typing import Any, Literal

from luthier.domain.errors import Action, WorkFailed
from luthier.kit.frozen import Frozen

TOP = 10  # likeliest first tokens that are compared
FLOOR_RANK = 512  # a token less likely than this many others counts as likely as the last of them


class Question(Frozen):
    """What is asked, in every form in which it is handed on. `messages` is empty for plain text."""

    row: int
    messages: tuple[dict[str, Any], ...]
    tools: tuple[dict[str, Any], ...]
    text: str
    ids: tuple[int, ...]
    target_ids: tuple[int, ...]  # what is said next, whose likelihood is measured


class Likely(Frozen):
    token: int
    log_prob: float


class Measured(Frozen):
    """What one model makes of one question."""

    text: str  # the question as its own template writes it
    ids: tuple[int, ...]  # as its own tokenizer cuts it
    first: tuple[Likely, ...]  # for the first token of the answer, likeliest first
    likeliest: tuple[int, ...]  # at each place of the target
    log_probs: tuple[float, ...]  # of the target's tokens
    stops_after: bool  # whether it ends its turn where the tuned model ended its own
    answer: str = ""  # for people


def perplexity(measured: Sequence[Measured]) -> float:
    """Over all tokens of the targets."""
    log_probs = [value for each in measured for value in each.log_probs]
    return math.exp(-sum(log_probs) / len(log_probs))


class Reference(Frozen):
    """What the tuned model makes of the questions, as it was trained, and with its adapter worked into the weights."""

    questions: tuple[Question, ...]
    stop_ids: tuple[int, ...]
    tuned: tuple[Measured, ...]
    answers: tuple[tuple[int, ...], ...]  # the tuned model's own, in tokens, without the stop token
    merged: tuple[Measured, ...] | None  # None where there is no adapter


class Elsewhere(Frozen):
    """What the exported model makes of them, and how fast."""

    measured: tuple[Measured, ...]
    ending_ids: tuple[int, ...]  # of the stop tokens, those that really end an answer there
    load_seconds: float
    prompt_tokens_per_second: float
    tokens_per_second: float
    memory_bytes: int
    runner: str  # e.g. "llama.cpp (xllamacpp 2026.10)"


class ParityLimits(Frozen):
    """How much may differ. Texts, tokens and stop tokens must always be equal."""

    most_perplexity_ratio: float
    least_top_overlap: float  # share of the five likeliest first tokens
    least_agreement: float  # share of places at which both find the same token likeliest
    least_stops: float  # share of the answers that end where they should


class Check(Frozen):
    what: Literal["template", "tokens", "stop tokens", "first token", "next tokens", "stops", "perplexity"]
    passed: bool
    found: str  # in words, with figures
    where: str = ""  # the first place that differs


class ParityReport(Frozen):
    compared: str  # e.g. "the file in llama.cpp with the tuned model"
    questions: int
    tuned_perplexity: float
    perplexity: float
    checks: tuple[Check, ...]

    @property
    def passed(self) -> bool:
        return all(check.passed for check in self.checks)


class ExportDiffers(WorkFailed):
    code = "exports.differs"
    sentence = "The export does not say the same as the tuned model, so it was not kept: {reason}."
    actions = (
        Action(label="Try a finer type", command="luthier exports make {version} --to {form} --quant Q8_0"),
        Action(label="Or keep it in 16 bits", command="luthier exports make {version} --to {form} --quant F16"),
    )
