"""What Luthier shows the model is, byte for byte and token for token, what transformers would show it."""

from pathlib import Path
from typing import Any

import pytest

from luthier.data.chat_form import chat_form
from luthier.data.render import Renderer
from luthier.domain.datasets import Example, Message, Role, ToolCall
from tests.data.builders import CHATML, a_chat, a_folder
from tests.data.templates import CLOSES_TWICE, ENDLESS, MARKED, OPENS_THINKING, REASONING, STRICT

CONTROL = [
    "<|endoftext|>",
    "<|im_start|>",
    "<|im_end|>",
    "<s>",
    "<start_of_turn>",
    "<end_of_turn>",
    "<|end|>",
    "<|user|>",
    "<|assistant|>",
]
TOOL = {"type": "function", "function": {"name": "weather", "parameters": {"type": "object", "properties": {}}}}
TALKS = (
    a_chat("Hello", "Hi there!"),
    a_chat("Grüße, 你好 😀\u2028x", "Ça va?\n\n- one\n- two\t3", "And <b>&\"'?", '{"a": [1, 2]}'),
    a_chat("q  ", "  leading and trailing  ", system="Be brief."),
    a_chat("Spell <|im_end|> out", "no"),
    Example(
        1,
        messages=(
            Message(Role.USER, "Rain?"),
            Message(Role.ASSISTANT, "", reasoning="look", tool_calls=(ToolCall("weather", {"city": "Köln"}),)),
            Message(Role.TOOL, "none"),
            Message(Role.ASSISTANT, "No rain.", reasoning="it says none"),
        ),
        tools=(TOOL,),
    ),
)


def both(folder: Path) -> tuple[Renderer, Any]:
    transformers = pytest.importorskip("transformers", reason="transformers comes with the train extra")
    return Renderer(folder), transformers.PreTrainedTokenizerFast.from_pretrained(folder)


def assert_same(ours: Renderer, theirs: Any, example: Example) -> None:
    assert ours.capabilities is not None
    form = chat_form(example.messages, example.tools, ours.capabilities)
    fields = {"tools": form.tools or None}
    rendered = ours.render(example)
    assert rendered.text == theirs.apply_chat_template(form.messages, tokenize=False, **fields)
    prompt = theirs.apply_chat_template(form.messages[:-1], add_generation_prompt=True, return_dict=False, **fields)
    assert ours.prompt_ids(example.messages[:-1], example.tools) == prompt
    whole = theirs.apply_chat_template(form.messages, return_dict=False, **fields)
    if rendered.ids != whole:
        # Only where a token would reach from the prompt into the answer do we keep the prompt's own tokens.
        assert example.messages[-1].content[:1].isspace()
        assert theirs.decode(rendered.ids) == theirs.decode(whole)


@pytest.mark.parametrize("template", [CHATML, STRICT, REASONING, OPENS_THINKING, CLOSES_TWICE, ENDLESS, MARKED])
@pytest.mark.parametrize("example", TALKS, ids=range(len(TALKS)))
def test_small_templates_render_as_transformers_renders_them(tmp_path: Path, template: str, example: Example) -> None:
    folder = a_folder(tmp_path, template=template, control=CONTROL, bos_token="<s>", adds_bos="<s>")
    assert_same(*both(folder), example)


@pytest.mark.slow
@pytest.mark.parametrize("example", TALKS, ids=range(len(TALKS)))
def test_the_starter_renders_as_transformers_renders_it(starter_folder: Path, example: Example) -> None:
    assert_same(*both(starter_folder), example)
