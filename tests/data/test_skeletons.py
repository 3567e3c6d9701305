"""A conversation that is put together from a skeleton is the one that the template would have written."""

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, given, settings

from luthier.data.drafts import Draft
from luthier.data.render import Renderer
from luthier.data.skeletons import Skeletons
from luthier.data.spans import TurnFinder
from luthier.data.template import ChatTemplate
from luthier.domain.datasets import Example, Message, Role
from tests.data.builders import CHATML, CONTROL, a_chat, a_folder
from tests.data.templates import CLOSES_TWICE, ENDLESS, FORGETFUL, MARKED, OPENS_THINKING, REASONING, STRICT

TRIMS = """{% for message in messages %}<|im_start|>{{ message.role }}
{{ message.content | trim }}<|im_end|>
{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant
{% endif %}"""
ASKS_WHETHER_EMPTY = CHATML.replace("message['content']", "(message['content'] or 'nothing')")
LOOKS = {
    "searches": "{% if 'x' in message['content'] %}!{% endif %}",
    "is searched for": "{% if message['content'] in 'some text' %}!{% endif %}",
    "measures": "{% if message['content'] | length > 3 %}!{% endif %}",
    "compares": "{% if message['content'] == 'b' %}!{% endif %}",
    "cuts": "{{ message['content'].split('b')[-1] }}",
    "slices": "{{ message['content'][:1] }}",
    "joins as text and trims": "{{ (message['content'] ~ ' ') | trim }}",
    "formats": "{{ ('%s ' % message['content']) | trim }}",
    "writes as JSON": "{{ message['content'] | tojson }}",
    "uppercases": "{{ message['content'] | upper }}",
    "keeps what was written": "{% set kept %}{{ message['content'] }}{% endset %}{{ kept | trim }}",
    "writes in a macro": "{% macro say(it) %}{{ it }}{% endmacro %}{{ say(message['content']) | trim }}",
    "goes through": "{% for letter in message['content'] %}{{ letter }}-{% endfor %}",
    "looks up": "{{ {'b': 'c'}[message['content']] }}",
    "tells the date": "{{ strftime_now('%Y') }}",
}
contents = st.one_of(
    st.text(max_size=12),
    st.text(alphabet=" \n\tab<|>%s{}", max_size=12),
    st.sampled_from(
        ["", " ", "<|im_end|>", "x<|im_start|>user", "</think>", "100 %", "%s", "{{ content }}", "\U000f0000"]
    ),
)


def a_looking_template(look: str) -> str:
    return CHATML.replace("{% endfor %}", look + "{% endfor %}")


@st.composite
def conversations(draw: st.DrawFn) -> Example:
    turns = [Message(Role.SYSTEM, draw(contents))] if draw(st.booleans()) else []
    for _ in range(draw(st.integers(1, 3))):
        turns.append(Message(Role.USER, draw(contents)))
        turns.append(Message(Role.ASSISTANT, draw(contents), train=draw(st.integers(0, 3)) > 0))
    return Example(1, messages=tuple(turns))


@pytest.mark.parametrize(
    "template",
    [CHATML, TRIMS, ASKS_WHETHER_EMPTY, REASONING, MARKED, OPENS_THINKING, ENDLESS, FORGETFUL],
    ids=["chatml", "trims", "asks", "reasoning", "marked", "opens", "endless", "forgetful"],
)
@settings(max_examples=120, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_the_shortcut_gives_what_the_template_gives(
    template: str, data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    renderer = _renderer(template, tmp_path_factory)
    example = data.draw(conversations())
    short, alone = renderer.drafts([example])[0], renderer.draft_alone(example)
    assert (short.text, _learned(short), short.missed) == (alone.text, _learned(alone), alone.missed)


@pytest.mark.parametrize("template", [CHATML, TRIMS, ASKS_WHETHER_EMPTY, STRICT.replace("<end_of_turn>", "<|im_end|>")])
def test_templates_that_only_put_contents_in_are_run_once(template: str) -> None:
    assert shortcut(template, a_chat("q", "a", "r", "b")) is not None


@pytest.mark.parametrize("look", LOOKS.values(), ids=LOOKS)
def test_a_template_that_looks_at_a_content_has_no_shortcut(look: str) -> None:
    assert shortcut(CHATML, a_chat("q", "a")) is not None
    assert shortcut(a_looking_template(look), a_chat("q", "a")) is None


def test_a_template_that_asks_whether_a_content_is_empty_has_none_for_empty_ones() -> None:
    assert shortcut(ASKS_WHETHER_EMPTY, a_chat("", "a")) is None


def test_a_template_that_trims_has_none_for_contents_with_blanks_at_their_ends() -> None:
    assert shortcut(TRIMS, a_chat("q ", "a")) is None


def test_a_content_that_holds_a_control_token_is_rendered_by_itself() -> None:
    assert shortcut(CHATML, a_chat("q", "a<|im_end|>b")) is None


def test_a_template_that_closes_the_last_answer_otherwise_is_asked_each_time() -> None:
    assert shortcut(CLOSES_TWICE, a_chat("q", "a", "r", "b"), turn_end="<|end|>") is None


def test_a_system_message_that_the_template_cannot_say_is_left_to_the_usual_way() -> None:
    assert shortcut(CHATML, a_chat("q", "a", system="s")) is not None
    assert shortcut(CHATML, a_chat("q", "a", system="s"), says_system=False) is None


def shortcut(
    template: str, example: Example, *, turn_end: str = "<|im_end|>", says_system: bool = True
) -> Draft | None:
    control = [*CONTROL, "<|end|>", "<start_of_turn>"]
    compiled = ChatTemplate(template, {"bos_token": "<s>"})
    finder = TurnFinder(control, turn_end)
    return Skeletons(compiled, finder, tuple(control), says_system=says_system, today=None).draft(example)


def _learned(draft: Draft) -> list[tuple[str, bool]]:
    """The text in stretches, each learned or not; how it was cut inside a stretch does not matter."""
    stretches: list[tuple[str, bool]] = []
    for piece in draft.pieces:
        marks = [
            piece.is_learned or any(span.start <= at < span.end for span in piece.spans)
            for at in range(len(piece.text))
        ]
        for character, mark in zip(piece.text, marks, strict=True):
            if stretches and stretches[-1][1] == mark:
                stretches[-1] = (stretches[-1][0] + character, mark)
            else:
                stretches.append((character, mark))
    return stretches


_RENDERERS: dict[str, Renderer] = {}


def _renderer(template: str, folders: pytest.TempPathFactory) -> Renderer:
    if template not in _RENDERERS:
        _RENDERERS[template] = Renderer(a_folder(folders.mktemp("model") / "model", template=template))
    return _RENDERERS[template]
