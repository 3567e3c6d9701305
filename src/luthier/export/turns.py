"""A chat template taken apart: what it writes around each turn, where it does so in the same way everywhere."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

from jinja2 import TemplateError

from luthier.data.template import ChatTemplate
from luthier.domain.exports import ExportUnsupported

_MARK = "qzxvmark"
_ROLES = ("system", "user", "assistant")


@dataclass(frozen=True, slots=True)
class Turns:
    """`opening` + (`unasked` when no system prompt is given) + each turn between its two parts + `prompting`."""

    opening: str
    unasked: str
    around: dict[str, tuple[str, str]]  # role -> before and after what is said; no system where none can be
    prompting: str

    def written(self, messages: Sequence[dict[str, Any]]) -> str:
        begun = self.opening + ("" if messages[0]["role"] == "system" else self.unasked)
        said = (self.around[each["role"]][0] + each["content"] + self.around[each["role"]][1] for each in messages)
        return begun + "".join(said) + self.prompting


def turns_of(template: ChatTemplate) -> Turns:
    """Raises ExportUnsupported when the template does not write every conversation turn by turn."""
    first, second, third = (f"{_MARK}{at}" for at in range(3))
    asked = _text(template, "user", "assistant", "user")
    before, _, rest = asked.partition(first)
    after_user, _, rest = rest.partition(second)
    after_assistant, _, end = rest.partition(third)
    user_end = _text(template, "user", prompting=False).rpartition(first)[2]
    assistant_end = _text(template, "user", "assistant", prompting=False).rpartition(second)[2]
    user_begin = after_assistant.removeprefix(assistant_end)
    unasked = before.removesuffix(user_begin)
    around = {"user": (user_begin, user_end), "assistant": (after_user.removeprefix(user_end), assistant_end)}
    opening = ""
    with_system = _text_or_none(template, "system", "user")
    if with_system is not None:
        begin, _, rest = with_system.partition(first)
        token = template.named_tokens.get("bos_token", "")
        both = begin.startswith(token) and unasked.startswith(token) and not user_begin.startswith(token)
        opening = token if token and both else ""
        system_end = rest.partition(second)[0].removesuffix(user_begin)
        around["system"] = (begin.removeprefix(opening), system_end)
    else:
        opening, unasked = unasked, ""
    found = Turns(opening, unasked.removeprefix(opening), around, end.removeprefix(user_end))
    _prove(template, found)
    return found


def _prove(template: ChatTemplate, turns: Turns) -> None:
    for beginning, length in product(("system", "user"), (1, 3, 5)):
        roles = [beginning] * (beginning == "system") + [_ROLES[1 + at % 2] for at in range(length)]
        if beginning == "system" and "system" not in turns.around:
            continue
        if _text(template, *roles) != turns.written(_messages(roles)):
            raise ExportUnsupported(
                what=f"its chat template does not write {', '.join(roles)} turn by turn, as Ollama's templates do"
            )


def _text(template: ChatTemplate, *roles: str, prompting: bool = True) -> str:
    try:
        return template.render(_messages(roles), [], generation_prompt=prompting)
    except TemplateError as error:
        raise ExportUnsupported(what=f"its chat template refuses {', '.join(roles)}: {error}") from error


def _text_or_none(template: ChatTemplate, *roles: str) -> str | None:
    try:
        text = template.render(_messages(roles), [], generation_prompt=True)
    except TemplateError:
        return None
    return text if f"{_MARK}0" in text else None


def _messages(roles: Sequence[str]) -> list[dict[str, Any]]:
    return [{"role": role, "content": f"{_MARK}{at}"} for at, role in enumerate(roles)]
