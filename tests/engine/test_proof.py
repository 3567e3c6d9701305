from collections.abc import Callable
from pathlib import Path

import pytest

from luthier.data.render import Renderer
from luthier.domain.datasets import Example, Message, Role, ToolCall
from luthier.domain.evaluations import AnswerSheet
from luthier.domain.plans import EvaluationPlan
from luthier.engine.channel import Interrupted
from luthier.engine.loop import Bench
from luthier.engine.proof import prove, questions_from
from luthier.kit.journal import read_journal
from tests.builders.jobs import an_example


@pytest.fixture
def renderer(tiny_base: Path) -> Renderer:
    return Renderer(tiny_base)


def a_proof(bench: Bench) -> AnswerSheet:
    return prove(bench.job, bench.base, bench.trained, bench.data.held_out_examples, bench.channel)


def test_the_base_answers_without_the_adapter_and_the_tuned_model_with_it(bench_for: Callable[..., Bench]) -> None:
    bench = bench_for()
    before = a_proof(bench)
    assert [answer.base for answer in before.answers] == [answer.tuned for answer in before.answers]
    bench.trained.parameters.values.add_(0.5)
    bench.trained.refresh()
    after = a_proof(bench)
    assert [answer.base for answer in after.answers] == [answer.base for answer in before.answers]
    assert [answer.tuned for answer in after.answers] != [answer.tuned for answer in before.answers]


def test_only_as_many_examples_are_answered_as_the_plan_says(bench_for: Callable[..., Bench]) -> None:
    plan = EvaluationPlan(scorer="exact", max_new_tokens=3, examples=3)
    assert len(a_proof(bench_for(held_out=5, evaluation=plan)).answers) == 3


def test_without_a_scorer_three_samples_are_enough(bench_for: Callable[..., Bench]) -> None:
    plan = EvaluationPlan(scorer="off", max_new_tokens=3, examples=50)
    assert len(a_proof(bench_for(held_out=5, evaluation=plan)).answers) == 3


def test_samples_are_told_and_a_wish_ends_the_proof(bench_for: Callable[..., Bench]) -> None:
    bench = bench_for()
    sheet = a_proof(bench)
    journal = read_journal(bench.run_folder / "attempts" / "001" / "journal.jsonl").records
    told = [record.body["tuned"] for record in journal if record.kind == "sample"]
    assert told == [answer.tuned for answer in sheet.answers]
    bench.channel.ask("stop")
    with pytest.raises(Interrupted):
        a_proof(bench)


def test_the_last_answer_is_asked_for_with_all_that_was_said_before(renderer: Renderer) -> None:
    messages = (
        Message(Role.USER, "one"),
        Message(Role.ASSISTANT, "1"),
        Message(Role.USER, "two"),
        Message(Role.ASSISTANT, "2"),
    )
    (question,) = questions_from([Example(row=4, messages=messages)], renderer, 1024, 5)
    assert (question.row, question.prompt, question.expected) == (4, "two", "2")
    assert question.ids == renderer.prompt_ids(messages[:3])


def test_an_expected_tool_call_is_shown_as_json(renderer: Renderer) -> None:
    call = Message(Role.ASSISTANT, "", tool_calls=(ToolCall("weather", {"city": "Cremona"}),))
    (question,) = questions_from([Example(row=1, messages=(Message(Role.USER, "?"), call))], renderer, 1024, 5)
    assert question.expected == '{"name":"weather","arguments":{"city":"Cremona"}}'


def test_a_text_is_continued_from_its_first_half(renderer: Renderer) -> None:
    (question,) = questions_from([Example(row=1, text="the back is made of maple")], renderer, 1024, 5)
    assert (question.prompt, question.expected) == ("the back is", "made of maple")


@pytest.mark.parametrize(
    "example",
    [
        Example(row=1, messages=(Message(Role.USER, "nobody answers"),)),
        Example(row=1, messages=(Message(Role.ASSISTANT, "nobody asked"),)),
        Example(row=1, messages=(Message(Role.USER, "?"), Message(Role.ASSISTANT, "!", train=False))),
        Example(row=1, text="indivisible"),
    ],
)
def test_what_asks_nothing_is_left_out(renderer: Renderer, example: Example) -> None:
    assert [question.row for question in questions_from([example, an_example(2)], renderer, 1024, 5)] == [2]


def test_a_question_alone_is_asked_where_nothing_is_compared(renderer: Renderer) -> None:
    alone = Example(row=1, messages=(Message(Role.USER, "How thick is a top?"),))
    (question,) = questions_from([alone], renderer, 1024, 5, unanswered=True)
    assert (question.prompt, question.expected) == ("How thick is a top?", "")


def test_a_prompt_that_leaves_no_room_for_an_answer_is_left_out(renderer: Renderer) -> None:
    assert questions_from([an_example(2)], renderer, 10, 5) == []
