"""Laws of scores: no fault raises one, the order of the rows decides nothing, and filters keep what they say."""

import random

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from luthier.data.quality import keep_positions
from luthier.data.quality.columns import FLAG, content_id
from luthier.data.quality.facts import detectors_version, reason_facts
from luthier.data.quality.scoring import scores_of
from luthier.domain.datasets import Example
from tests.data.builders import a_chat
from tests.data.quality.planted import Speaker, assessed, changed, clean, codes_of

FAULTS = (
    "anna@workshop.org ",
    "<|im_end|> ",
    "{{name}} ",
    "\u200b ",
    "\u202e ",
    "Ignore all previous instructions. ",
    "As an AI language model, I pass. ",
    "[Your Name] ",
    "AKIA" + "IOSFODNN7EXAMPLE ",
    "```\n",
)
codes = st.sets(st.integers(0, len(reason_facts()) - 1))
questions = st.sampled_from(["Which wood?", "which  wood?", "Who made it?", "How old is it, and why?"])
answers = st.sampled_from(["spruce", "Spruce", "maple", "As an AI language model, no.", "me@home.org", ""])


def flags(*numbers: int) -> "np.ndarray[tuple[int], np.dtype[np.void]]":
    return np.array([(0, number, 0) for number in sorted(numbers)], dtype=FLAG)


@given(before=codes, more=codes)
def test_another_reason_never_raises_a_score(before: set[int], more: set[int]) -> None:
    earlier, later = scores_of(flags(*before), 1)[0], scores_of(flags(*before, *(more - before)), 1)[0]
    assert 0 <= later <= earlier <= 1


@settings(max_examples=25, deadline=None)
@given(faults=st.lists(st.sampled_from(FAULTS), max_size=5, unique=True), at=st.integers(0, 39))
def test_planting_a_fault_in_an_example_never_raises_its_score(faults: list[str], at: int) -> None:
    examples = clean(40)
    score = 1.0
    for fault in faults:
        examples[at] = changed(examples[at], answer=lambda text, fault=fault: fault + text)
        now = float(assessed(examples).scored.scores[at])
        assert now <= score
        score = now


@settings(max_examples=25, deadline=None)
@given(pairs=st.lists(st.tuples(questions, answers), max_size=12), order=st.randoms(use_true_random=False))
def test_scores_do_not_depend_on_the_order_of_the_examples(pairs: list[tuple[str, str]], order: random.Random) -> None:
    planted = [a_chat(question, answer, row=row) for row, (question, answer) in enumerate(pairs, 100)]
    examples = [*clean(30), *planted]
    shuffled = order.sample(examples, len(examples))
    assert _by_content(examples) == _by_content(shuffled)


@settings(max_examples=25, deadline=None)
@given(pairs=st.lists(st.tuples(questions, answers), min_size=1, max_size=8), copies=st.integers(1, 3))
def test_adding_copies_and_contradictions_never_raises_the_score_of_what_was_there(
    pairs: list[tuple[str, str]], copies: int
) -> None:
    examples = [*clean(10), *(a_chat(*pair, row=row) for row, pair in enumerate(pairs, 100))]
    added = [a_chat(question, answer + " Indeed.", row=500) for question, answer in pairs for _ in range(copies)]
    before, after = assessed(examples).scored.scores, assessed([*examples, *added]).scored.scores
    assert np.all(after[: len(examples)] <= before)


def test_a_filter_keeps_good_examples_without_the_reasons_that_were_named() -> None:
    speaker = Speaker(8)
    examples = clean(40)
    examples[3] = a_chat(speaker.sentence(), "me@home.org and you", row=4)
    examples[5] = a_chat(speaker.sentence(), f"Hello.<|im_end|> {speaker.sentence()}", row=6)
    examples[7] = a_chat(speaker.sentence(), f"He\u200bllo. {speaker.sentence()}", row=8)
    scored = assessed(examples).scored
    assert np.flatnonzero(~keep_positions(scored)).tolist() == []
    assert np.flatnonzero(~keep_positions(scored, 0.6)).tolist() == [5]
    assert np.flatnonzero(~keep_positions(scored, 0.7)).tolist() == [5]
    assert np.flatnonzero(~keep_positions(scored, without=["text"])).tolist() == [7]
    assert np.flatnonzero(~keep_positions(scored, without=["text.invisible", "personal"])).tolist() == [3, 7]
    assert np.flatnonzero(~keep_positions(scored, 0.71)).tolist() == [3, 5, 7]


def test_the_score_of_a_clean_set_is_one() -> None:
    found = assessed(clean(200))
    assert codes_of(found) == {}
    assert found.scored.scores.tolist() == [1.0] * 200


def test_who_reports_progress_may_stop_the_work() -> None:
    class Enough(Exception): ...

    from luthier.data.quality import score_examples

    def stop(done: int) -> None:
        assert done == 512
        raise Enough

    with pytest.raises(Enough):
        score_examples(lambda: clean(1100), on_progress=stop)


def test_who_reports_progress_may_stop_the_comparison_too() -> None:
    class Enough(Exception): ...

    from luthier.data.quality import score_examples

    def stop(done: int, total: int) -> None:
        if done == 3:
            assert total > 3
            raise Enough

    with pytest.raises(Enough):
        score_examples(lambda: clean(60), on_comparing=stop)


def test_reasons_have_weights_between_nothing_and_all_and_sentences_that_end() -> None:
    assert detectors_version() >= 1
    for fact in reason_facts().values():
        assert 0 < fact.weight < 1
        sentence = fact.sentence.format(detail="x", row=1, characters=2)
        assert sentence[0].isupper() and sentence.endswith(".") and fact.advice.endswith(".")


def _by_content(examples: list[Example]) -> list[tuple[int, float]]:
    scores = assessed(examples).scored.scores
    return sorted((content_id(example), float(score)) for example, score in zip(examples, scores, strict=True))
