"""Whether an exported model says the same as the tuned one: every check with its figure, and where it first differs."""

import tomllib
from collections.abc import Iterator, Sequence
from functools import cache
from importlib.resources import files

from luthier.domain.parity import (
    Check,
    Elsewhere,
    Measured,
    ParityLimits,
    ParityReport,
    Question,
    Reference,
    perplexity,
)
from luthier.kit.frozen import Frozen

_FIRST = 5  # likeliest first tokens whose share is compared
_SHOWN = 60  # characters around a difference


class ParityFacts(Frozen):
    source: str
    questions: tuple[str, ...]  # asked when a run left no examples
    merged: ParityLimits
    kinds: dict[str, ParityLimits]


@cache
def parity_facts() -> ParityFacts:
    text = files("luthier.evaluation").joinpath("facts/parity.toml").read_text("utf-8")
    return ParityFacts.model_validate(tomllib.loads(text))


def judge_merged(reference: Reference) -> ParityReport | None:
    """The adapter worked into the weights, against the adapter beside them; None where there is no adapter."""
    if reference.merged is None:
        return None
    compared = "the merged weights with the adapter on its base"
    checks = _numbers(reference.questions, reference.tuned, reference.merged, parity_facts().merged)
    return _report(compared, reference, reference.merged, tuple(checks))


def judge_elsewhere(reference: Reference, found: Elsewhere, kind: str, source: str = "the tuned model") -> ParityReport:
    """`kind` is that of the weights: a kind of GGUF, or "exact" for a folder of the same precision."""
    limits = parity_facts().kinds[kind]
    checks = (
        _same_texts(reference, found),
        _same_tokens(reference, found),
        _ending_tokens(reference, found),
        *_numbers(reference.questions, reference.tuned, found.measured, limits),
    )
    return _report(f"the export in {found.runner} with {source}", reference, found.measured, checks)


def _report(
    compared: str, reference: Reference, measured: Sequence[Measured], checks: tuple[Check, ...]
) -> ParityReport:
    return ParityReport(
        compared=compared,
        questions=len(reference.questions),
        tuned_perplexity=perplexity(reference.tuned),
        perplexity=perplexity(measured),
        checks=checks,
    )


def _same_texts(reference: Reference, found: Elsewhere) -> Check:
    pairs = list(zip(reference.questions, found.measured, strict=True))
    for question, each in pairs:
        if question.text != each.text:
            return Check(
                what="template", passed=False, found="it writes a question otherwise", where=_apart(question, each)
            )
    return Check(what="template", passed=True, found=f"{len(pairs)} questions are written byte for byte alike")


def _same_tokens(reference: Reference, found: Elsewhere) -> Check:
    pairs = list(zip(reference.questions, found.measured, strict=True))
    for question, each in pairs:
        if question.ids != each.ids:
            at = next(
                (at for at, (one, other) in enumerate(zip(question.ids, each.ids, strict=False)) if one != other), -1
            )
            mine, theirs = list(question.ids[at : at + 4]), list(each.ids[at : at + 4])
            where = f"row {question.row}, token {at + 1}: {mine} became {theirs}"
            return Check(what="tokens", passed=False, found="it cuts a question otherwise", where=where)
    return Check(
        what="tokens", passed=True, found=f"{sum(len(each.ids) for each in found.measured)} tokens are the same"
    )


def _ending_tokens(reference: Reference, found: Elsewhere) -> Check:
    missing = [token for token in reference.stop_ids if token not in found.ending_ids]
    if missing:
        what = f"an answer would not end at {' and '.join(f'token {token}' for token in missing)}"
        return Check(what="stop tokens", passed=False, found=what)
    return Check(what="stop tokens", passed=True, found=f"all {len(reference.stop_ids)} end an answer")


def _numbers(
    questions: Sequence[Question], tuned: Sequence[Measured], other: Sequence[Measured], limits: ParityLimits
) -> Iterator[Check]:
    overlaps = [_overlap(one, two) for one, two in zip(tuned, other, strict=True)]
    yield _share(
        "first token",
        overlaps,
        limits.least_top_overlap,
        f"of the {_FIRST} likeliest first tokens are the same",
        questions,
    )
    yield _next_tokens(questions, tuned, other, limits.least_agreement)
    stops = [float(one.stops_after == two.stops_after) for one, two in zip(tuned, other, strict=True)]
    yield _share("stops", stops, limits.least_stops, "of the answers end where they should", questions)
    ratio = perplexity(other) / perplexity(tuned)
    most = limits.most_perplexity_ratio
    yield Check(
        what="perplexity",
        passed=1 / most <= ratio <= most,
        found=f"{perplexity(other):.4g} after {perplexity(tuned):.4g}, {ratio:.3f} times; at most {most:g} either way",
    )


def _share(what: str, shares: Sequence[float], least: float, words: str, questions: Sequence[Question]) -> Check:
    mean = sum(shares) / len(shares)
    worst = min(range(len(shares)), key=lambda at: shares[at])
    passed = mean >= least
    found = f"{mean:.1%} {words}; at least {least:.0%}"
    return Check(what=what, passed=passed, found=found, where="" if passed else f"row {questions[worst].row}")


def _overlap(one: Measured, other: Measured) -> float:
    """Of tokens that are nearly as likely as each other any may stand in the list."""
    mine = one.first[:_FIRST]
    theirs = {each.token for each in other.first}
    return sum(each.token in theirs for each in mine) / len(mine)


def _next_tokens(
    questions: Sequence[Question], tuned: Sequence[Measured], other: Sequence[Measured], least: float
) -> Check:
    """One place may always differ: two tokens can be as likely as each other."""
    pairs = list(zip(questions, tuned, other, strict=True))
    apart = {
        question.row: sum(a != b for a, b in zip(one.likeliest, two.likeliest, strict=True))
        for question, one, two in pairs
    }
    places, differ = sum(len(one.likeliest) for one in tuned), sum(apart.values())
    passed = differ <= 1 or 1 - differ / places >= least
    found = f"{places - differ} of {places} places have the same likeliest token; at least {least:.0%}"
    where = "" if passed else f"row {max(apart, key=lambda row: apart[row])}"
    return Check(what="next tokens", passed=passed, found=found, where=where)


def _apart(question: Question, each: Measured) -> str:
    at = next((at for at, (one, two) in enumerate(zip(question.text, each.text, strict=False)) if one != two), 0)
    at = at or min(len(question.text), len(each.text))
    begin = max(0, at - _SHOWN // 2)
    mine, theirs = question.text[begin : at + _SHOWN], each.text[begin : at + _SHOWN]
    return f"row {question.row}, character {at + 1}: {mine!r} became {theirs!r}"
