import base64
import json
import math
from typing import Any

import numpy as np
import openai
import pytest

from tests.server.v1.conftest import TINY

ASKED: list[Any] = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Good morning"}]
WEATHER: Any = {
    "type": "function",
    "function": {
        "name": "weather",
        "description": "The weather of a place.",
        "parameters": {"type": "object", "properties": {"place": {"type": "string"}}, "required": ["place"]},
    },
}


def test_a_chat_is_answered_with_its_usage(client: openai.OpenAI) -> None:
    answer = client.chat.completions.create(model=TINY, messages=ASKED, max_tokens=6, temperature=0)
    (choice,) = answer.choices
    assert (answer.object, answer.model, choice.message.role) == ("chat.completion", TINY, "assistant")
    assert choice.finish_reason in ("stop", "length")
    assert answer.usage is not None
    assert 0 < answer.usage.completion_tokens <= 6
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens


def test_a_stream_says_the_same_as_the_whole_answer_and_ends_with_its_usage(client: openai.OpenAI) -> None:
    asked: dict[str, Any] = {"model": TINY, "messages": ASKED, "max_completion_tokens": 12, "temperature": 0}
    whole = client.chat.completions.create(**asked)
    chunks = list(client.chat.completions.create(**asked, stream=True, stream_options={"include_usage": True}))
    told = [choice for chunk in chunks for choice in chunk.choices]
    assert told[0].delta.role == "assistant"
    assert "".join(choice.delta.content or "" for choice in told) == whole.choices[0].message.content
    assert [choice.finish_reason for choice in told if choice.finish_reason] == [whole.choices[0].finish_reason]
    assert chunks[-1].choices == [] and chunks[-1].usage is not None and whole.usage is not None
    assert chunks[-1].usage.completion_tokens == whole.usage.completion_tokens
    assert len({chunk.id for chunk in chunks}) == 1


def test_the_same_seed_gives_the_same_answer_and_another_one_another(client: openai.OpenAI) -> None:
    def said(seed: int) -> str | None:
        asked = client.chat.completions.create(model=TINY, messages=ASKED, max_tokens=24, temperature=1, seed=seed)
        return asked.choices[0].message.content

    assert said(7) == said(7) != said(8)


def test_several_choices_differ_and_are_numbered(client: openai.OpenAI) -> None:
    answer = client.chat.completions.create(model=TINY, messages=ASKED, max_tokens=24, temperature=1, seed=1, n=3)
    assert [choice.index for choice in answer.choices] == [0, 1, 2]
    assert len({choice.message.content for choice in answer.choices}) == 3


def test_a_stop_text_ends_the_answer_and_is_not_in_it(client: openai.OpenAI) -> None:
    asked: dict[str, Any] = {"model": TINY, "messages": ASKED, "max_tokens": 40, "temperature": 0}
    whole = client.chat.completions.create(**asked).choices[0].message.content or ""
    stop = whole[3:5]
    cut = client.chat.completions.create(**asked, stop=[stop, "never said"]).choices[0]
    assert cut.message.content == whole[: whole.index(stop)]
    assert cut.finish_reason == "stop"


def test_log_probabilities_are_those_of_the_tokens_that_were_said(client: openai.OpenAI) -> None:
    answer = client.chat.completions.create(
        model=TINY, messages=ASKED, max_tokens=8, temperature=0, logprobs=True, top_logprobs=3
    )
    (choice,) = answer.choices
    assert choice.logprobs is not None and choice.logprobs.content is not None and answer.usage is not None
    assert len(choice.logprobs.content) == answer.usage.completion_tokens
    for token in choice.logprobs.content:
        assert len(token.top_logprobs) == 3
        assert token.logprob == token.top_logprobs[0].logprob  # the likeliest was taken
        assert sum(math.exp(rival.logprob) for rival in token.top_logprobs) <= 1.001


def test_a_function_that_must_be_called_is_asked_for_in_the_form_of_the_model(client: openai.OpenAI) -> None:
    """A random model writes no JSON, so what it says stays text; that the call was begun is in it."""
    chosen: Any = {"type": "function", "function": {"name": "weather"}}
    answer = client.chat.completions.create(
        model=TINY, messages=ASKED, max_tokens=8, temperature=0, tools=[WEATHER], tool_choice=chosen
    )
    assert (answer.choices[0].message.content or "").startswith('<tool_call>\n{"name": "weather", "arguments": ')


def test_calls_and_their_results_can_be_handed_back(client: openai.OpenAI) -> None:
    call = {"id": "call_1", "type": "function", "function": {"name": "weather", "arguments": '{"place": "Cremona"}'}}
    messages: list[Any] = [
        *ASKED,
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "call_1", "content": "sunny"},
    ]
    plain = client.chat.completions.create(model=TINY, messages=ASKED, max_tokens=1)
    answer = client.chat.completions.create(model=TINY, messages=messages, max_tokens=1, tools=[WEATHER])
    assert answer.usage is not None and plain.usage is not None
    assert answer.usage.prompt_tokens > plain.usage.prompt_tokens + len("Cremona") + len("sunny")


def test_json_that_is_asked_for_is_what_comes(client: openai.OpenAI) -> None:
    """Even from a random model, which says nothing of the kind by itself."""
    answer = client.chat.completions.create(
        model=TINY, messages=ASKED, max_tokens=400, temperature=0, response_format={"type": "json_object"}, seed=3
    )
    (choice,) = answer.choices
    text = choice.message.content or ""
    assert text.lstrip().startswith("{")
    if choice.finish_reason == "stop":
        assert isinstance(json.loads(text), dict)


def test_plain_text_is_gone_on_with(client: openai.OpenAI) -> None:
    asked: dict[str, Any] = {"model": TINY, "prompt": ["Once upon", "Twice"], "max_tokens": 8, "temperature": 0}
    whole = client.completions.create(**asked, logprobs=2)
    assert [choice.index for choice in whole.choices] == [0, 1]
    streamed = ["", ""]
    for chunk in client.completions.create(**asked, stream=True):
        for choice in chunk.choices:
            streamed[choice.index] += choice.text
    assert streamed == [choice.text for choice in whole.choices]
    assert whole.choices[0].logprobs is not None and len(whole.choices[0].logprobs.top_logprobs or []) > 0


def test_a_vector_says_what_a_text_means_and_has_length_one(client: openai.OpenAI) -> None:
    texts = ["maple and spruce", "maple and spruce", "a bridge of ivory"]
    found = client.embeddings.create(model=TINY, input=texts).data
    vectors = [np.array(each.embedding) for each in found]
    assert np.allclose([np.linalg.norm(vector) for vector in vectors], 1, atol=1e-4)
    assert np.array_equal(vectors[0], vectors[1]) and not np.allclose(vectors[0], vectors[2])
    packed: Any = client.embeddings.create(model=TINY, input=texts[0], encoding_format="base64").data[0].embedding
    assert np.array_equal(np.frombuffer(base64.b64decode(packed), "<f4"), vectors[0].astype("<f4"))


def test_what_can_be_asked_is_listed_and_found_by_its_name(client: openai.OpenAI) -> None:
    names = [model.id for model in client.models.list()]
    assert TINY in names
    assert client.models.retrieve(TINY).id == TINY


def test_an_unknown_model_is_not_found(client: openai.OpenAI) -> None:
    with pytest.raises(openai.NotFoundError) as caught:
        client.chat.completions.create(model="nobody", messages=ASKED)
    assert (caught.value.code, caught.value.param) == ("model_not_found", "model")


def test_a_folder_of_the_machine_is_no_model_to_a_program(client: openai.OpenAI) -> None:
    """A key for inference must not become a way to look around on the disk."""
    for folder in ("/", "/etc", "."):
        with pytest.raises(openai.NotFoundError):
            client.chat.completions.create(model=folder, messages=ASKED)


@pytest.mark.parametrize(
    ("changes", "param"),
    [
        ({"temperature": -1}, "temperature"),
        ({"messages": [{"role": "wizard", "content": "x"}]}, "messages[0].role"),
        ({"top_logprobs": 2}, "top_logprobs"),
        ({"frequency_penalty": 1.5}, "frequency_penalty"),
        ({"tool_choice": "required"}, "tool_choice"),
        ({"n": 99}, "n"),
        ({"extra_body": {"mirostat": 2}}, "mirostat"),
    ],
)
def test_what_cannot_be_obeyed_is_refused_with_its_place(
    client: openai.OpenAI, changes: dict[str, Any], param: str
) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        client.chat.completions.create(**{"model": TINY, "messages": ASKED, **changes})
    assert (caught.value.param, caught.value.type) == (param, "invalid_request_error")


@pytest.mark.parametrize("stream", [False, True])
def test_a_conversation_beyond_the_context_is_refused_before_a_word(client: openai.OpenAI, stream: bool) -> None:
    long: list[Any] = [{"role": "user", "content": "a" * 3000}]
    with pytest.raises(openai.BadRequestError) as caught:
        client.chat.completions.create(model=TINY, messages=long, stream=stream)
    assert caught.value.code == "context_length_exceeded"


def test_a_wrong_key_is_said_to_be_wrong(client: openai.OpenAI) -> None:
    with pytest.raises(openai.AuthenticationError) as caught:
        client.with_options(api_key="lk_wrong").models.list()
    assert caught.value.code == "invalid_api_key"
