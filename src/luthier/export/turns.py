"""A chat template taken apart: what it writes around each turn, where it does so in the same way everywhere."""

from collections.abc import Collection, Sequence
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


def turns_of(template: ChatTemplate, tokens: Collection[str]) -> Turns:
    """`tokens` are those that are matched whole; none of them is cut in two.

    Raises ExportUnsupported when the template does not write every conversation turn by turn."""
    after_user, after_both = _text(template, "user"), _text(template, "user", "assistant", "user")
    before, _, rest = after_user.partition(f"{_MARK}0")
    first, second, third = (f"{_MARK}{at}" for at in range(3))
    one, two = after_both.partition(first)[2].partition(second)[0], after_both.partition(second)[2].partition(third)[0]
    prompting = _common_end(rest, after_both.partition(third)[2], tokens)
    user_end = rest[: len(rest) - len(prompting)]
    user_begin = _common_end(before, two, tokens)
    assistant = (one.removeprefix(user_end), two[: len(two) - len(user_begin)])
    around = {"user": (user_begin, user_end), "assistant": assistant}
    opening = unasked = before[: len(before) - len(user_begin)]
    asked = _text_or_none(template, "system", "user")
    if asked is not None:
        begin, _, rest = asked.partition(first)
        opening = _common_begin(unasked, begin)
        around["system"] = (begin[len(opening) :], rest.partition(f"{user_begin}{second}")[0])
        unasked = unasked[len(opening) :]
    else:
        unasked = ""
    found = Turns(opening, unasked, around, prompting)
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


def _text(template: ChatTemplate, *roles: str) -> str:
    try:
        return template.render(_messages(roles), [], generation_prompt=True)
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


def _common_begin(one: str, other: str) -> str:
    at = 0
    while at < min(len(one), len(other)) and one[at] == other[at]:
        at += 1
    return one[:at]


def _common_end(one: str, other: str, tokens: Collection[str]) -> str:
    length = len(_common_begin(one[::-1], other[::-1]))
    while length and any(_cuts(text, len(text) - length, token) for text in (one, other) for token in tokens):
        length -= 1
    return one[len(one) - length :]


def _cuts(text: str, at: int, token: str) -> bool:
    """Whether an occurrence of the token begins before the place and ends after it."""
    return token in text[max(0, at - len(token) + 1) : at + len(token) - 1]
