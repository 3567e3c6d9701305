"""Templates come from strangers: they can render text and nothing else."""

import pytest
from jinja2 import TemplateError

from luthier.data.template import ChatTemplate

USER = [{"role": "user", "content": "<b>&\"'"}]


def rendered(source: str, **named: str) -> str:
    return ChatTemplate(source, named).render(USER, [], generation_prompt=True)


def test_text_is_not_escaped_for_html() -> None:
    assert rendered("{{ messages[0].content }}{{ messages[0].content | tojson }}") == "<b>&\"'" + '"<b>&\\"\'"'


def test_json_keeps_characters_beyond_ascii_and_the_order_of_keys() -> None:
    assert rendered("{{ {'z': 'é', 'a': 1} | tojson }}") == '{"z": "é", "a": 1}'
    assert rendered("{{ {'a': 1} | tojson(indent=2) }}") == '{\n  "a": 1\n}'


def test_named_tokens_and_the_generation_prompt_reach_the_template() -> None:
    assert rendered("{{ bos_token }}{{ add_generation_prompt }}{{ unknown_token }}", bos_token="<s>") == "<s>True"


def test_loops_can_be_left_and_blocks_leave_no_blank_lines() -> None:
    assert rendered("{% for i in [1, 2, 3] %}\n{% if i == 2 %}{% break %}{% endif %}\n{{ i }}\n{% endfor %}\n") == "1\n"


def test_generation_marks_pass_their_body_on() -> None:
    assert rendered("a{% generation %}b{{ 'c' }}{% endgeneration %}d") == "abcd"


@pytest.mark.parametrize(
    "source",
    [
        "{{ ''.__class__.__mro__ }}",
        "{{ messages.append(1) }}",
        "{{ cycler.__init__.__globals__ }}",
        "{{ dict.__class__.__subclasses__() }}",
        "{% include '/etc/passwd' %}",
        "{% import 'os' as os %}",
        "{{ raise_exception('no') }}",
        "{{ messages[0]['content'] + 1 }}",
        "{{ messages[7]['content'].x }}",
        "{{ range(999999999) | list }}",
    ],
)
def test_nothing_but_text_can_be_made_and_every_failure_is_a_template_error(source: str) -> None:
    try:
        text = rendered(source)
    except TemplateError:
        return
    assert text == ""
