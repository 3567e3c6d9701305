"""A given text is as likely as the sum of its tokens' chances, with the adapter that is asked for."""

import math
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from luthier.domain.chat import Ask, ChatTarget, LikelihoodRequest, Refused, Weigh, Weighed
from luthier.engine.loading import load_base
from tests.engine.test_chat import a_question, adapters, talk, text_of

__all__ = ["adapters"]


def weighed(base: Path, context: str, continuation: str, adapter: str | None = None) -> Weighed:
    target = ChatTarget(label="tiny", base_folder=str(base), adapter_folder=adapter)
    request = LikelihoodRequest(target=target, context=context, continuation=continuation)
    (told,) = talk(Weigh(id="w", request=request))
    assert isinstance(told, Weighed), told
    return told


def first_letters(base: Path, adapter: str) -> Iterator[tuple[str, str]]:
    """Texts, and what the model says next; a tiny one says bytes that are no letters, too."""
    for number in range(200):
        question = a_question(base, adapter, max_new_tokens=1)
        question = question.model_copy(update={"messages": (), "text": f"{number} ab"})
        yield f"{number} ab", text_of("q", talk(Ask(id="q", request=question)))


def test_it_is_what_the_model_says_of_each_token_after_those_before(tiny_base: Path) -> None:
    loaded = load_base(tiny_base, "bf16")
    ids = loaded.renderer.text_prompt_ids("two and two are four")
    with torch.no_grad():
        chances = torch.log_softmax(loaded.model(input_ids=torch.tensor([ids])).logits[0].float(), dim=1)
    start = len("two and two are")
    expected = sum(float(chances[at - 1, ids[at]]) for at in range(start, len(ids)))
    told = weighed(tiny_base, "two and two are ", "four").likelihood
    assert told.tokens == len(" four")  # every byte is a token, and the space belongs to what follows
    assert told.logprob == pytest.approx(expected, abs=1e-3)
    assert not told.is_likeliest


def test_what_the_model_would_say_itself_is_the_likeliest(tiny_base: Path, adapters: list[str]) -> None:
    text, said = next(each for each in first_letters(tiny_base, adapters[0]) if each[1].isalnum() and each[1].isascii())
    own = weighed(tiny_base, text, said, adapters[0]).likelihood
    other = weighed(tiny_base, text, said, adapters[1]).likelihood
    assert own.is_likeliest
    assert other.logprob < own.logprob


def test_without_a_context_the_first_token_follows_the_beginning_of_all_texts(tiny_base: Path) -> None:
    told = weighed(tiny_base, "", "ab").likelihood
    assert told.tokens == 2
    assert math.isfinite(told.logprob)


def test_what_does_not_fit_and_what_is_empty_is_refused(tiny_base: Path) -> None:
    target = ChatTarget(label="tiny", base_folder=str(tiny_base))
    for context, continuation, code in (("a", "", "chat.prompt_empty"), ("a" * 9000, "b", "chat.too_long")):
        request = LikelihoodRequest(target=target, context=context, continuation=continuation)
        (told,) = talk(Weigh(id="w", request=request))
        assert isinstance(told, Refused)
        assert told.problem.code == code
