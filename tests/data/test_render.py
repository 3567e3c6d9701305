"""The mask covers what the assistant says, the end of the turn included, whatever the template does around it."""

import json
from pathlib import Path
from typing import Any

import pytest

from luthier.data.render import Renderer
from luthier.domain.datasets import Example, Message, Role, ToolCall
from luthier.domain.models import FolderIsNoModel, TemplateBroken, TemplateMissing, TemplateRefused
from tests.data.builders import CHATML, CONTROL, a_chat, a_folder, learned
from tests.data.templates import CLOSES_TWICE, ENDLESS, FORGETFUL, MARKED, OPENS_THINKING, REASONING, STRICT

GEMMA_CONTROL = ("<bos>", "<eos>", "<start_of_turn>", "<end_of_turn>")
PHI_CONTROL = ("<|endoftext|>", "<|end|>", "<|user|>", "<|assistant|>", "<|im_end|>", "<|system|>")
TOOL = {"type": "function", "function": {"name": "weather", "parameters": {"type": "object", "properties": {}}}}


def renderer(tmp_path: Path, **fields: Any) -> Renderer:
    return Renderer(a_folder(tmp_path / "model", **fields))


def strict(tmp_path: Path) -> Renderer:
    return renderer(
        tmp_path, template=STRICT, control=GEMMA_CONTROL, bos_token="<bos>", eos_token="<eos>", pad_token="<eos>"
    )


def taught(given: Renderer, example: Example) -> list[str]:
    return learned(given.decode, given.render(example))


def a_tool_talk() -> Example:
    call = ToolCall("weather", {"city": "Köln", "days": 2})
    return Example(
        3,
        messages=(
            Message(Role.USER, "Rain?"),
            Message(Role.ASSISTANT, "", reasoning="look it up", tool_calls=(call,)),
            Message(Role.TOOL, "none"),
            Message(Role.ASSISTANT, "No rain.", reasoning="it says none"),
        ),
        tools=(TOOL,),
    )


def test_every_answer_is_learned_with_its_end_and_nothing_else(tmp_path: Path) -> None:
    given = renderer(tmp_path)
    assert taught(given, a_chat("q", "a", "r", "b", system="s")) == ["a<|im_end|>", "b<|im_end|>"]


def test_an_answer_that_repeats_the_question_is_not_confused_with_it(tmp_path: Path) -> None:
    given = renderer(tmp_path)
    rendered = given.render(a_chat("same", "same", "same", "same"))
    assert learned(given.decode, rendered) == ["same<|im_end|>"] * 2
    assert rendered.ids[: len(given.prompt_ids([Message(Role.USER, "same")]))] == given.prompt_ids(
        [Message(Role.USER, "same")]
    )


def test_a_turn_with_weight_zero_is_given_and_not_learned(tmp_path: Path) -> None:
    turns = (Message(Role.USER, "q"), Message(Role.ASSISTANT, "bad", train=False), *a_chat("r", "good").messages)
    assert taught(renderer(tmp_path), Example(1, messages=turns)) == ["good<|im_end|>"]


def test_everything_can_be_learned(tmp_path: Path) -> None:
    rendered = renderer(tmp_path).render(a_chat("q", "a"), "everything")
    assert all(rendered.supervised)


@pytest.mark.parametrize("answer", [" leading blank", "\nleading line", "  two", "é😀 ü", "trailing  ", "a\n\nb"])
def test_training_sees_the_prompt_exactly_as_generation_will(tmp_path: Path, answer: str) -> None:
    """A merge of the template's line end with the answer's blank would make a token that no prompt ever ends with."""
    given = renderer(tmp_path, merges=(("Ċ", "Ġ"), ("Ġ", "Ġ"), ("Ċ", "Ċ")))
    rendered = given.render(a_chat("q", answer))
    prompt = given.prompt_ids([Message(Role.USER, "q")])
    assert rendered.ids[: len(prompt)] == prompt
    assert rendered.supervised == [False] * len(prompt) + [True] * (len(rendered.ids) - len(prompt) - 1) + [False]
    assert learned(given.decode, rendered) == [answer + "<|im_end|>"]


def test_a_template_without_a_system_turn_gets_it_before_the_question(tmp_path: Path) -> None:
    given = strict(tmp_path)
    rendered = given.render(a_chat("q", "a", "r", "b", system="be brief"))
    assert "<start_of_turn>user\nbe brief\n\nq<end_of_turn>" in rendered.text
    assert rendered.written_as_text == {"system"}
    assert learned(given.decode, rendered) == ["a<end_of_turn>", "b<end_of_turn>"]
    assert rendered.ids.count(given.bos_id) == 1


def test_an_answer_that_the_template_trims_is_still_found(tmp_path: Path) -> None:
    assert taught(strict(tmp_path), a_chat("q", "  a \n", "r", "\nb")) == ["a<end_of_turn>", "b<end_of_turn>"]


def test_a_refusal_of_the_template_names_the_row_and_its_reason(tmp_path: Path) -> None:
    twice = Example(12, messages=(Message(Role.USER, "q"), Message(Role.USER, "r"), Message(Role.ASSISTANT, "a")))
    with pytest.raises(TemplateRefused, match=r"row 12.*must alternate"):
        strict(tmp_path).render(twice)


def test_reasoning_that_the_template_drops_from_earlier_turns_does_not_shift_the_mask(tmp_path: Path) -> None:
    given = renderer(tmp_path, template=REASONING)
    first = Message(Role.ASSISTANT, "four", reasoning="2+2")
    second = Message(Role.ASSISTANT, "six", reasoning="3+3")
    rendered = given.render(
        Example(1, messages=(Message(Role.USER, "2+2?"), first, Message(Role.USER, "3+3?"), second))
    )
    assert learned(given.decode, rendered) == ["four<|im_end|>", "<think>\n3+3\n</think>\n\nsix<|im_end|>"]
    assert rendered.missed == ()


def test_tool_calls_tools_and_reasoning_use_the_templates_own_words_where_it_has_them(tmp_path: Path) -> None:
    given = renderer(tmp_path, template=REASONING)
    rendered = given.render(a_tool_talk())
    assert rendered.written_as_text == frozenset()
    assert learned(given.decode, rendered) == [
        "<think>\nlook it up\n</think>\n\n\n<tool_call>\n"
        '{"name": "weather", "arguments": {"city": "Köln", "days": 2}}\n</tool_call><|im_end|>',
        "<think>\nit says none\n</think>\n\nNo rain.<|im_end|>",
    ]
    assert '"name": "weather", "parameters"' in rendered.text


def test_what_a_template_has_no_words_for_is_written_as_text(tmp_path: Path) -> None:
    given = renderer(tmp_path)
    rendered = given.render(a_tool_talk())
    assert rendered.written_as_text == {"tools", "tool calls", "reasoning"}
    assert rendered.text.startswith("<|im_start|>system\nYou can call these functions")
    assert learned(given.decode, rendered) == [
        "<think>\nlook it up\n</think>\n\n\n<tool_call>\n"
        '{"name": "weather", "arguments": {"city": "Köln", "days": 2}}\n</tool_call><|im_end|>',
        "<think>\nit says none\n</think>\n\nNo rain.<|im_end|>",
    ]


def test_the_prompt_of_a_talk_with_tools_is_written_in_the_same_way(tmp_path: Path) -> None:
    given = renderer(tmp_path)
    talk = a_tool_talk()
    prompt = given.prompt_ids(talk.messages[:3], talk.tools)
    assert given.render(talk).ids[: len(prompt)] == prompt


def test_a_template_that_opens_generation_otherwise_is_noticed(tmp_path: Path) -> None:
    given = renderer(tmp_path, template=OPENS_THINKING)
    rendered = given.render(a_chat("q", "a"))
    assert rendered.prompt_differs == (1,)
    assert learned(given.decode, rendered) == ["a<|im_end|>"]


def test_a_template_that_closes_the_whole_after_the_last_turn_ends_each_turn_in_the_right_place(tmp_path: Path) -> None:
    given = renderer(tmp_path, template=CLOSES_TWICE, control=PHI_CONTROL)
    assert taught(given, a_chat("q", "a", "r", "b")) == ["a<|end|>", "b<|end|>"]
    assert given.decode([given.stop_ids[0]], control_tokens=True) == "<|end|>"


def test_words_before_the_end_of_a_turn_belong_to_it(tmp_path: Path) -> None:
    given = renderer(tmp_path, template=CHATML.replace("'<|im_end|>'", "' (over)<|im_end|>'"))
    assert taught(given, a_chat("q", "a")) == ["a (over)<|im_end|>"]
    assert given.decode([given.turn_end_id or 0], control_tokens=True) == "<|im_end|>"


def test_arguments_are_given_as_text_to_a_template_that_wants_text(tmp_path: Path) -> None:
    given = renderer(tmp_path, template=CLOSES_TWICE, control=PHI_CONTROL)
    talk = Example(1, messages=a_tool_talk().messages[:2])
    assert 'weather{"city": "Köln", "days": 2}]' in given.render(talk).text


def test_calls_get_ids_where_the_template_insists(tmp_path: Path) -> None:
    given = renderer(tmp_path, template=MARKED)
    rendered = given.render(a_tool_talk())
    assert "call00001<|im_end|>" in rendered.text
    assert "nonecall00001" in rendered.text
    assert taught(given, a_chat("q", "a")) == ["a<|im_end|>"]


def test_a_turn_that_the_template_forgets_is_reported_and_not_learned(tmp_path: Path) -> None:
    given = renderer(tmp_path, template=FORGETFUL)
    rendered = given.render(a_chat("q", "lost", "r", "kept"))
    assert rendered.missed == (1,)
    assert learned(given.decode, rendered) == ["kept<|im_end|>"]


def test_an_answer_without_any_end_is_learned_as_far_as_it_goes(tmp_path: Path) -> None:
    given = renderer(tmp_path, template=ENDLESS)
    assert given.turn_end == "" and given.turn_end_id is None
    assert [text.strip() for text in taught(given, a_chat("q", "a"))] == ["a"]


def test_plain_text_gets_the_tokenizers_own_beginning_and_an_end(tmp_path: Path) -> None:
    given = renderer(tmp_path, adds_bos="<s>", bos_token="<s>")
    rendered = given.render(Example(1, text="some text"))
    assert given.decode(rendered.ids, control_tokens=True) == "<s>some text<|im_end|>"
    assert rendered.supervised == [False] + [True] * (len(rendered.ids) - 1)
    assert given.text_prompt_ids("some text") == rendered.ids[:-1]


def test_a_conversation_does_not_get_the_tokenizers_own_beginning_a_second_time(tmp_path: Path) -> None:
    given = renderer(tmp_path, template="{{ bos_token }}" + MARKED, adds_bos="<s>", bos_token="<s>")
    assert given.render(a_chat("q", "a")).ids.count(given.bos_id) == 1


def test_generation_stops_at_each_end_that_any_file_names(tmp_path: Path) -> None:
    first = renderer(tmp_path)
    given = Renderer(a_folder(tmp_path / "b", eos_token="<|endoftext|>", generation_eos=[first.eos_id or 0, 5]))
    assert {given.decode([each], control_tokens=True) for each in given.stop_ids} >= {"<|im_end|>", "<|endoftext|>"}
    assert 5 in given.stop_ids


def test_a_base_without_a_chat_template_renders_text_and_refuses_conversations(tmp_path: Path) -> None:
    given = renderer(tmp_path, template=None)
    assert given.render(Example(1, text="t")).ids
    with pytest.raises(TemplateMissing):
        given.render(a_chat("q", "a"))


def test_the_template_file_wins_over_the_configuration(tmp_path: Path) -> None:
    folder = a_folder(tmp_path, template=ENDLESS)
    (folder / "chat_template.jinja").write_text(REASONING, encoding="utf-8")
    assert Renderer(folder).turn_end == "<|im_end|>"


def test_the_default_of_several_templates_is_used(tmp_path: Path) -> None:
    templates = [{"name": "tool_use", "template": ENDLESS}, {"name": "default", "template": REASONING}]
    folder = a_folder(tmp_path, template=templates)  # type: ignore[arg-type]
    assert Renderer(folder).turn_end == "<|im_end|>"


def test_a_broken_template_and_a_damaged_tokenizer_each_have_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(TemplateBroken, match="line 1"):
        renderer(tmp_path, template="{% for %}")
    folder = a_folder(tmp_path / "b", control=CONTROL)
    (folder / "tokenizer.json").write_text("{", encoding="utf-8")
    with pytest.raises(FolderIsNoModel, match="damaged"):
        Renderer(folder)
    (folder / "tokenizer.json").unlink()
    with pytest.raises(FolderIsNoModel, match=r"no tokenizer\.json"):
        Renderer(folder)


def test_the_hash_changes_with_the_template_and_with_its_tokens(tmp_path: Path) -> None:
    hashes = {
        Renderer(a_folder(tmp_path / "a")).rendered_sha256,
        Renderer(a_folder(tmp_path / "b", template=REASONING)).rendered_sha256,
        Renderer(a_folder(tmp_path / "c", bos_token="<s>")).rendered_sha256,
    }
    assert len(hashes) == 3
    assert Renderer(a_folder(tmp_path / "d")).rendered_sha256 in hashes


def test_a_tokenizer_that_begins_each_text_with_a_blank_gets_the_conversation_in_one(tmp_path: Path) -> None:
    """Cut in pieces, each of them would begin with a blank that the conversation does not hold."""
    folder = a_folder(tmp_path / "model")
    document = json.loads((folder / "tokenizer.json").read_text())
    document["pre_tokenizer"]["add_prefix_space"] = True
    (folder / "tokenizer.json").write_text(json.dumps(document))
    given = Renderer(folder)
    rendered = given.render(a_chat("q", "a"))
    assert rendered.ids == given.files.tokenizer.encode(rendered.text, add_special_tokens=False).ids
    assert learned(given.decode, rendered) == ["a<|im_end|>"]
