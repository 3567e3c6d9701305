"""Ollama's Modelfile: the file, the chat template in Ollama's language, where answers end, how answers are drawn."""

import json
from pathlib import Path
from typing import Any

from luthier.data.render import Renderer
from luthier.data.template import ChatTemplate
from luthier.domain.exports import ExportJob
from luthier.export.turns import Turns, turns_of


def modelfile(job: ExportJob, file: str, settings: dict[str, Any]) -> str:
    lines = [f"# {job.name}, made by Luthier from {job.base_name} ({job.licence})", f"FROM ./{file}"]
    if template := settings.get("template"):
        lines.append(f'TEMPLATE """{template}"""')
    if system := settings.get("system"):
        lines.append(f"SYSTEM {json.dumps(system)}")
    for name, value in settings["parameters"].items():
        lines += [f"PARAMETER {name} {json.dumps(each)}" for each in (value if isinstance(value, list) else [value])]
    return "\n".join(lines) + "\n"


def ollama_settings(job: ExportJob) -> dict[str, Any]:
    """What Ollama's create call takes beside the file.

    Raises ExportUnsupported for a chat template that cannot be written for Ollama.
    """
    renderer = Renderer(Path(job.base_folder))
    files = renderer.files
    stops = [files.tokenizer.id_to_token(token) for token in renderer.stop_ids]
    # Greedy, as the proof of the run was measured.
    parameters: dict[str, Any] = {"stop": stops, "temperature": 0.0, "num_ctx": job.context}
    settings: dict[str, Any] = {"parameters": parameters, "license": job.licence}
    if job.system_prompt is not None:
        settings["system"] = job.system_prompt
    if files.template is None:
        return settings
    turns = turns_of(ChatTemplate(files.template, files.named_tokens), files.added_tokens.values())
    begin = files.named_tokens.get("bos_token", "") if files.id_of("bos_token") in files.added_before else ""
    return {**settings, "template": go_template(turns, begin)}


def go_template(turns: Turns, begin: str = "") -> str:
    """In the language of Go's text/template; Ollama itself puts the token `begin` before everything."""
    whole = begin and (turns.opening or turns.unasked).startswith(begin)
    opening = turns.opening.removeprefix(begin) if whole else turns.opening
    parts = [_literal(opening)]
    if turns.unasked:
        unasked = turns.unasked.removeprefix(begin) if whole and not turns.opening else turns.unasked
        parts.append('{{ if ne (index .Messages 0).Role "system" }}' + _literal(unasked) + "{{ end }}")
    parts.append("{{ range .Messages }}")
    for number, (role, (before, after)) in enumerate(turns.around.items()):
        word = "else if" if number else "if"
        parts.append(f'{{{{ {word} eq .Role "{role}" }}}}{_literal(before)}{{{{ .Content }}}}{_literal(after)}')
    parts += ["{{ end }}", "{{ end }}", _literal(turns.prompting)]
    return "".join(parts)


def _literal(text: str) -> str:
    """As it is, or as a string of Go where it could be taken for the template's own signs."""
    return "{{ " + json.dumps(text) + " }}" if "{{" in text or '"""' in text else text
