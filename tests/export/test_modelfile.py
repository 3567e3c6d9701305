"""Chat templates in Ollama's language, and the Modelfile around them."""

import re
from pathlib import Path

import pytest

from luthier.data.template import ChatTemplate
from luthier.domain.exports import ExportUnsupported
from luthier.export.modelfile import go_template, modelfile, ollama_settings
from luthier.export.turns import turns_of
from tests.builders.exports import an_export_job
from tests.builders.models import CHATML, a_model_folder

SMOLLM = (
    "{% for message in messages %}{% if loop.first and messages[0]['role'] != 'system' %}"
    "{{ '<|im_start|>system\nYou help.<|im_end|>\n' }}{% endif %}"
    "{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
LLAMA3 = (
    "{{ bos_token }}{% for message in messages %}"
    "{{ '<|start_header_id|>' + message['role'] + '<|end_header_id|>\n\n' + message['content'] | trim + '<|eot_id|>' }}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|start_header_id|>assistant<|end_header_id|>\n\n' }}{% endif %}"
)
GEMMA = (
    "{{ bos_token }}{% if messages[0]['role'] == 'system' %}{{ raise_exception('no system') }}{% endif %}"
    "{% for message in messages %}{% set role = 'model' if message['role'] == 'assistant' else 'user' %}"
    "{{ '<start_of_turn>' + role + '\n' + message['content'] | trim + '<end_of_turn>\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<start_of_turn>model\n' }}{% endif %}"
)
TOKENS = ("<s>", "</s>", "<|im_start|>", "<|im_end|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>")
NAMED = {"bos_token": "<s>", "eos_token": "</s>"}
TALK = [
    [{"role": "user", "content": "Hello"}],
    [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hello"}],
    [
        {"role": "user", "content": "Hello"},
        {"role": "assistant", "content": "Good day."},
        {"role": "user", "content": "Two pegs."},
    ],
]


@pytest.mark.parametrize("source", [CHATML, SMOLLM, LLAMA3, GEMMA])
def test_a_template_is_taken_apart_so_that_its_parts_write_the_same(source: str) -> None:
    template = ChatTemplate(source, NAMED)
    turns = turns_of(template, TOKENS)
    for messages in TALK:
        if messages[0]["role"] in turns.around:
            assert turns.written(messages) == template.render(messages, [], generation_prompt=True)


@pytest.mark.parametrize("source", [CHATML, SMOLLM, LLAMA3, GEMMA])
def test_what_ollama_would_write_is_what_the_template_writes(source: str) -> None:
    template = ChatTemplate(source, NAMED)
    turns = turns_of(template, TOKENS)
    for messages in TALK:
        if messages[0]["role"] in turns.around:
            written = as_go_would(go_template(turns, "<s>"), messages)
            assert written == template.render(messages, [], generation_prompt=True).removeprefix("<s>")


def test_a_template_that_looks_back_is_refused() -> None:
    forgetful = "{% for message in messages[-1:] %}<u>{{ message['content'] }}</u>{% endfor %}<a>"
    with pytest.raises(ExportUnsupported, match="turn by turn"):
        turns_of(ChatTemplate(forgetful, NAMED), TOKENS)


def test_the_modelfile_names_the_file_the_stops_and_the_system_message(tmp_path: Path) -> None:
    job = an_export_job(
        tmp_path, base_folder=str(a_model_folder(tmp_path / "b")), adapter_folder=None, system_prompt='Say "yes".'
    )
    text = modelfile(job, "orders.gguf", ollama_settings(job))
    assert "FROM ./orders.gguf" in text
    assert 'PARAMETER stop "<|im_end|>"' in text
    assert 'SYSTEM "Say \\"yes\\"."' in text


def as_go_would(template: str, messages: list[dict[str, str]]) -> str:
    """The few words of Go's text/template that are used, carried out."""
    head, _, rest = template.partition("{{ range .Messages }}")
    body, _, tail = rest.rpartition("{{ end }}{{ end }}")
    head = re.sub(
        r'\{\{ if ne \(index \.Messages 0\)\.Role "system" \}\}(.*?)\{\{ end \}\}',
        lambda found: found[1] if messages[0]["role"] != "system" else "",
        head,
        flags=re.DOTALL,
    )
    branches = re.split(r'\{\{ (?:else )?if eq \.Role "(\w+)" \}\}', body)[1:]
    around = dict(zip(branches[::2], branches[1::2], strict=True))
    said = (around[each["role"]].replace("{{ .Content }}", each["content"]) for each in messages)
    return head + "".join(said) + tail
