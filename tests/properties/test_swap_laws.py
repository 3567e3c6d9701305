"""Law 41: adapters that take turns on one base answer as if each had just been loaded on a base of its own."""

from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from luthier.domain.chat import Ask
from tests.engine.conftest import tiny_base
from tests.engine.test_chat import a_question, adapters, answer, talk, text_of

__all__ = ["adapters", "tiny_base"]
_TEXTS = ("a", "two words", "x" * 300)  # the last one is longer than what is kept of prompts that were read


@settings(max_examples=12)
@given(st.lists(st.tuples(st.sampled_from([None, 0, 1]), st.sampled_from(_TEXTS)), min_size=2, max_size=6))
def test_any_order_of_adapters_gives_the_answers_of_fresh_ones(
    tiny_base: Path, adapters: list[str], asked: list[tuple[int | None, str]]
) -> None:
    questions = [
        a_question(tiny_base, None if which is None else adapters[which], text, max_new_tokens=6)
        for which, text in asked
    ]
    said = talk(*(Ask(id=str(at), request=question) for at, question in enumerate(questions)))
    assert [text_of(str(at), said) for at in range(len(asked))] == [answer(question) for question in questions]
