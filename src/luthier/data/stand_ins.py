"""Runs a chat template with stand-ins for the contents, and ends the attempt when it looks at what they hold.

Whatever such a run writes out is then true of every content: the template only puts it into its place.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NoReturn

from jinja2 import Environment, TemplateError, nodes

from luthier.data.template import ChatTemplate, template_environment

_FIRST = 0xF0000  # of the private characters that mark in the text where a content stands
MOST = 0xFFFF
_CAPTURES = (nodes.Macro, nodes.CallBlock, nodes.FilterBlock, nodes.AssignBlock)  # they make plain text of what is put


class Looked(BaseException):
    """The template did more with a content than put it into its place. No handler for mere errors may take it."""


@dataclass
class Conditions:
    """What a content has to be for the rendering to hold."""

    not_empty: set[int] = field(default_factory=set)
    stripped: set[int] = field(default_factory=set)  # it has no blanks at its ends


class StandIn:
    """For one content, or for contents joined with text. Not a `str`, so that nothing can read it unnoticed."""

    def __init__(self, parts: tuple[str | int, ...], conditions: Conditions) -> None:
        self._parts = parts
        self._conditions = conditions

    def written(self) -> str:
        return "".join(part if isinstance(part, str) else chr(_FIRST + part) for part in self._parts)

    def strip(self, *characters: Any) -> "StandIn":
        if characters or len(self._parts) != 1:
            raise Looked
        self._conditions.stripped.add(self._index())
        return self

    def __add__(self, other: object) -> "StandIn":
        return StandIn((*self._parts, *_parts_of(other)), self._conditions)

    def __radd__(self, other: object) -> "StandIn":
        return StandIn((*_parts_of(other), *self._parts), self._conditions)

    def __bool__(self) -> bool:
        if not any(isinstance(part, str) and part for part in self._parts):
            self._conditions.not_empty.add(self._index())
        return True

    def __eq__(self, other: object) -> bool:
        if other is None:
            return False
        raise Looked

    def _index(self) -> int:
        return next(part for part in self._parts if isinstance(part, int))

    def _look(self, *_: Any) -> NoReturn:
        raise Looked

    __hash__ = __str__ = __repr__ = __format__ = __len__ = __iter__ = __contains__ = __getitem__ = _look
    __lt__ = __le__ = __gt__ = __ge__ = __mul__ = __rmul__ = __mod__ = __rmod__ = __int__ = __float__ = _look
    __getattr__ = _look


class Tracer:
    """Renders messages whose contents are stand-ins."""

    def __init__(self, template: ChatTemplate, today: datetime | None) -> None:
        """Raises Looked for a template whose text may change with the hour, or that keeps text to work on."""
        environment = template_environment(today)
        environment.finalize = lambda value: value.written() if isinstance(value, StandIn) else value
        environment.tests["string"] = lambda value: isinstance(value, str | StandIn)
        environment.filters["trim"] = _trim
        if _keeps_text(environment, template.source) or (today is None and "strftime_now" in template.source):
            raise Looked
        self._template = ChatTemplate(template.source, template.named_tokens, environment=environment)

    def render(self, roles: Sequence[str], generation_prompt: bool, conditions: Conditions) -> str:
        """`written` marks stand where the contents belong. Raises Looked."""
        messages = [{"role": role, "content": StandIn((at,), conditions)} for at, role in enumerate(roles)]
        try:
            return self._template.render(messages, (), generation_prompt=generation_prompt)
        except TemplateError as error:
            raise Looked from error


def parts_of(text: str) -> tuple[str | int, ...]:
    """What `Tracer.render` gave, as text and the places of contents."""
    parts: list[str | int] = []
    literal = ""
    for character in text:
        if _FIRST <= ord(character) <= _FIRST + MOST:
            parts += [literal, ord(character) - _FIRST] if literal else [ord(character) - _FIRST]
            literal = ""
        else:
            literal += character
    return (*parts, literal) if literal else tuple(parts)


def mark_of(index: int) -> str:
    return chr(_FIRST + index)


def _parts_of(value: object) -> tuple[str | int, ...]:
    if isinstance(value, StandIn):
        return value._parts
    if isinstance(value, str):
        return (value,)
    raise TypeError(f"a {type(value).__name__} cannot be joined to text")


def _trim(value: Any, characters: str | None = None) -> Any:
    if isinstance(value, StandIn):
        return value.strip(*([] if characters is None else [characters]))
    return str(value).strip(characters)


def _keeps_text(environment: Environment, source: str) -> bool:
    has_marks = any(_FIRST <= ord(character) <= _FIRST + MOST for character in source)
    return has_marks or next(environment.parse(source).find_all(_CAPTURES), None) is not None
