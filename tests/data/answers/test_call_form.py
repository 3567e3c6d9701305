from pathlib import Path

import pytest

from luthier.data.answers.call_form import AS_TEXT, CallForm, calls_in
from luthier.data.answers.call_stream import CallStream
from luthier.data.render import Renderer
from luthier.domain.datasets import ToolCall
from tests.builders.models import a_tokenizer_folder

# How families write calls, cut down to that; `tojson` and the words around it are theirs.
_TURN = "{% for m in messages %}<|im_start|>{{ m.role }}\n"
_END = "<|im_end|>\n{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
_CALLS = "{% for c in m.tool_calls %}"
_SAYS = _TURN + "{{ m.content }}"
TEMPLATES = {
    "qwen": _SAYS + "{% if m.tool_calls %}" + _CALLS + '\n<tool_call>\n{"name": "{{ c.function.name }}", '
    '"arguments": {{ c.function.arguments | tojson }}}\n</tool_call>{% endfor %}{% endif %}' + _END,
    "qwen that thinks": _TURN + "{% if m.role == 'assistant' %}<think>\n\n</think>\n\n{% endif %}{{ m.content }}"
    "{% if m.tool_calls %}" + _CALLS + '<tool_call>\n{"name": "{{ c.function.name }}", '
    '"arguments": {{ c.function.arguments | tojson }}}\n</tool_call>{% endfor %}{% endif %}' + _END,
    "llama": _TURN + "{% if m.tool_calls %}" + _CALLS + '{"name": "{{ c.function.name }}", '
    '"parameters": {{ c.function.arguments | tojson }}}{% endfor %}{% else %}{{ m.content }}{% endif %}' + _END,
    "mistral": _TURN + "{% if m.tool_calls %}[TOOL_CALLS] [" + _CALLS + '{"name": "{{ c.function.name }}", '
    '"arguments": {{ c.function.arguments | tojson }}}{% endfor %}]{% else %}{{ m.content }}{% endif %}' + _END,
    "newer mistral": _TURN + "{% if m.tool_calls %}" + _CALLS + "[TOOL_CALLS]{{ c.function.name }}[ARGS]"
    "{{ c.function.arguments | tojson }}{% endfor %}{% else %}{{ m.content }}{% endif %}" + _END,
    "phi": _TURN + "{% if m.tool_calls %}<|tool_call|>[" + _CALLS + '{"name": "{{ c.function.name }}", '
    '"arguments": {{ c.function.arguments | tojson }}}{% endfor %}]<|/tool_call|>{% else %}{{ m.content }}{% endif %}'
    + _END,
    "no words for calls": _TURN + "{{ m.content }}" + _END,
}  # fmt: skip
SAID = {
    "qwen": 'Let me look.\n<tool_call>\n{"name": "weather", "arguments": {"place": "Cremona"}}\n</tool_call>',
    "qwen that thinks": '<tool_call>\n{"name": "weather", "arguments": {"place": "Cremona"}}\n</tool_call>',
    "llama": '<|python_tag|>{"name": "weather", "parameters": {"place": "Cremona"}}',
    "mistral": '[TOOL_CALLS] [{"name": "weather", "arguments": {"place": "Cremona"}}]',
    "newer mistral": '[TOOL_CALLS]weather[ARGS]{"place": "Cremona"}',
    "phi": '<|tool_call|>[{"name": "weather", "arguments": {"place": "Cremona"}}]<|/tool_call|>',
    "no words for calls": 'Yes.\n<tool_call>\n{"name": "weather", "arguments": {"place": "Cremona"}}\n</tool_call>',
}
CALL = ToolCall("weather", {"place": "Cremona"})


@pytest.fixture(params=sorted(TEMPLATES))
def family(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def form(family: str, tmp_path: Path) -> CallForm:
    return Renderer(a_tokenizer_folder(tmp_path / "model", TEMPLATES[family])).call_form


def test_the_form_of_a_family_is_learned_from_its_template(form: CallForm, family: str) -> None:
    words, calls = calls_in(SAID[family], form, ["weather"])
    assert calls == (CALL,)
    assert words == SAID[family].partition("\n<tool_call>")[0] * SAID[family].startswith(("Let", "Yes"))


def test_a_call_that_was_begun_for_the_model_and_finished_by_it_is_a_call(form: CallForm) -> None:
    begun = form.beginning("weather")
    _, calls = calls_in(begun + '{"place": "Cremona"}' + ("" if form.between else "}"), form, ["weather"])
    assert calls == (CALL,)


def test_told_letter_by_letter_no_part_of_a_call_is_told_as_words(form: CallForm, family: str) -> None:
    stream = CallStream(form, ["weather"])
    told = "".join(stream.push(letter) for letter in SAID[family])
    rest, calls = stream.end()
    assert calls == (CALL,)
    assert (told + rest).strip() in ("", "Let me look.", "Yes.")


def test_words_without_a_call_are_told_as_they_are_and_at_once(form: CallForm) -> None:
    stream = CallStream(form, ["weather"])
    text = "It is sunny in Cremona <today>, as [TOOL says."
    told = "".join(stream.push(letter) for letter in text)
    assert told + stream.end()[0] == text
    assert len(told) >= len(text) - 12


@pytest.mark.parametrize(
    "text",
    [
        '<tool_call>\n{"name": "weather", "arguments": {"place": \n</tool_call>',
        '<tool_call>\n{"name": "weather", "arguments": "not json"}\n</tool_call>',
        '<tool_call>\n{"name": "launch", "arguments": {}}\n</tool_call>',
        "<tool_call>\nweather(Cremona)\n</tool_call>",
        "<tool_call>" + "{" * 5000,
    ],
)
def test_a_call_that_cannot_be_read_or_was_not_offered_stays_text(text: str) -> None:
    assert calls_in(text, AS_TEXT, ["weather"]) == (text, ())


def test_several_calls_keep_their_order() -> None:
    one = '<tool_call>\n{"name": "weather", "arguments": {"n": 1}}\n</tool_call>'
    _, calls = calls_in(one + "\n" + one.replace("1", "2"), AS_TEXT, ["weather"])
    assert [call.arguments["n"] for call in calls] == [1, 2]
