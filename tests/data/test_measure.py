"""The counts that a plan rests on."""

import pytest

from luthier.data.measure import measure
from luthier.data.render import Renderer
from luthier.domain.datasets import Example, Message, Role
from tests.data.builders import a_chat, a_folder


@pytest.fixture(scope="module")
def renderer(tmp_path_factory: pytest.TempPathFactory) -> Renderer:
    return Renderer(a_folder(tmp_path_factory.mktemp("model")))


def test_lengths_are_those_of_the_rendered_examples(renderer: Renderer) -> None:
    examples = [a_chat("q", "a" * length, row=length) for length in range(1, 102)]
    lengths = [len(renderer.render(example).ids) for example in examples]
    facts = measure(renderer, examples, held_out=[])
    assert (facts.examples, facts.tokens_max, facts.tokens_p50) == (101, max(lengths), sorted(lengths)[50])
    assert facts.answer_tokens_max == 102  # the longest answer and the token that ends its turn


def test_answers_count_as_json_only_when_every_one_is_an_object_or_a_list(renderer: Renderer) -> None:
    documents = [a_chat("q", '{"a": 1}'), a_chat("q", "[1]", row=2)]
    assert measure(renderer, documents, held_out=[]).answers_are_json
    assert not measure(renderer, documents, held_out=[a_chat("q", "12")]).answers_are_json


@pytest.mark.parametrize(
    ("systems", "shared"),
    [(("Be brief.", "Be brief."), "Be brief."), (("Be brief.", "Be long."), None), (("Be brief.", None), None)],
)
def test_a_system_message_is_told_only_when_every_example_has_it(
    renderer: Renderer, systems: tuple[str | None, ...], shared: str | None
) -> None:
    examples = [a_chat("q", "a", row=row, system=system) for row, system in enumerate(systems, start=1)]
    assert measure(renderer, examples, held_out=[]).system_prompt == shared


def test_plain_text_has_no_system_message(renderer: Renderer) -> None:
    assert measure(renderer, [Example(1, text="wood")], held_out=[]).system_prompt is None


def test_of_pairs_both_answers_are_counted(renderer: Renderer) -> None:
    """Silent killer of plans: a rejected answer is read as well, and may be the longer one."""
    pair = a_chat("q", "short", rejected=(Message(Role.ASSISTANT, "a much longer answer"),))
    long = len(renderer.render(a_chat("q", "a much longer answer")).ids)
    short = len(renderer.render(a_chat("q", "short")).ids)
    facts = measure(renderer, [pair], held_out=[], method="dpo")
    assert (facts.sequences, facts.tokens_max, facts.tokens_mean) == (2, long, (long + short) / 2)
    assert measure(renderer, [pair], held_out=[]).sequences == 1
