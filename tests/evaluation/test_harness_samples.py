"""What the harness tells of its cases becomes outcomes: its figures are scores where they are figures of a case."""

from typing import Any

from luthier.evaluation.harness_samples import ELSEWHERE, HarnessSample, digest_of, outcomes_of


def a_sample(**changes: Any) -> HarnessSample:
    values: dict[str, Any] = {
        "task": "sums",
        "number": 0,
        "filter": "none",
        "context": "1 + 1 =",
        "choices": (("1 + 1 =", " 2"), ("1 + 1 =", " 3")),
        "said": ([-1.0, True], [-4.0, False]),
        "target": 0,
        "figures": {"acc": 1.0},
        "higher_is_better": {"acc": True},
    }
    return HarnessSample(**(values | changes))


def test_the_likeliest_choice_is_the_answer_and_the_target_a_choice() -> None:
    (outcome,) = outcomes_of([a_sample(said=([-4.0, False], [-1.0, True]), figures={"acc": 0})], [a_sample()])
    assert (outcome.question, outcome.expected, outcome.answer, outcome.against) == ("1 + 1 =", "2", "3", "2")
    assert (outcome.scores, outcome.against_scores) == ({"acc": 0.0}, {"acc": 1.0})


def test_choices_that_were_weighed_without_their_context_are_no_answers() -> None:
    bare = (("", " 2"), ("", " 3"))
    sample = a_sample(
        choices=(*a_sample().choices, *bare), said=([-4.0, False], [-1.0, True], [0.0, True], [0.0, True])
    )
    (outcome,) = outcomes_of([sample], None)
    assert outcome.answer == "3"


def test_one_given_continuation_is_the_answer_or_something_else_is() -> None:
    given = {"choices": (("1 + 1 =", " 2"),), "target": " 2"}
    kept, other = outcomes_of(
        [a_sample(said=([0.0, True],), **given), a_sample(number=1, said=([-9.0, False],), **given)], None
    )
    assert (kept.answer, kept.expected, other.answer) == ("2", "2", ELSEWHERE)


def test_figures_that_are_none_of_a_case_are_left_out() -> None:
    figures = {"acc": True, "perplexity": [-3.0, 4], "loss": 0.2, "points": 7.0}
    better = {"acc": True, "perplexity": False, "loss": False, "points": True}
    (outcome,) = outcomes_of([a_sample(figures=figures, higher_is_better=better)], None)
    assert outcome.scores == {"acc": 1.0}
    assert outcomes_of([a_sample(figures={"loss": 0.2}, higher_is_better=better)], None) == []


def test_filters_of_a_task_are_scorers_and_tasks_of_a_group_categories() -> None:
    text = {"choices": (), "said": ("It is 2.",), "target": "2"}
    strict = a_sample(filter="strict", figures={"exact_match": 0.0}, higher_is_better={"exact_match": True}, **text)
    loose = strict.model_copy(update={"filter": "loose", "figures": {"exact_match": 1.0}})
    other = strict.model_copy(update={"task": "others"})
    one, two = outcomes_of([strict, loose, other], None)
    assert one.scores == {"exact_match (strict)": 0.0, "exact_match (loose)": 1.0}
    assert [(each.case_id, each.category) for each in (one, two)] == [("sums/0", "sums"), ("others/0", "others")]


def test_the_digest_speaks_of_what_is_asked_and_not_of_what_is_said() -> None:
    asked = outcomes_of([a_sample()], None)
    assert digest_of(asked) == digest_of(outcomes_of([a_sample(said=([-4.0, False], [-1.0, True]))], None))
    assert digest_of(asked) != digest_of(outcomes_of([a_sample(context="1 + 2 =", choices=())], None))
