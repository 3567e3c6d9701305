"""Conversations of the same roles rendered once: for a template that only puts contents into their places.

Most templates do, and most contents are harmless. Whatever else there is gets None and is rendered by itself.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import itemgetter

from luthier.data.drafts import Draft, Piece
from luthier.data.spans import TurnFinder
from luthier.data.stand_ins import MOST, Conditions, Looked, Tracer, mark_of, parts_of
from luthier.data.template import ChatTemplate
from luthier.domain.datasets import Example, Message, Role

_REMEMBERED = 512  # orders of roles; a file of long conversations may have many

_Order = tuple[tuple[Role, bool], ...]  # of each message its role and whether it is trained on


@dataclass(frozen=True, slots=True)
class _Part:
    """A piece of text with a %s for each content, and which contents these are."""

    pattern: str
    contents_of: Callable[[Sequence[str]], object] | None  # None when there are none
    is_learned: bool

    @staticmethod
    def of(text: str, *, is_learned: bool) -> "_Part":
        parts = parts_of(text)
        pattern = "".join("%s" if isinstance(part, int) else part.replace("%", "%%") for part in parts)
        places = [part for part in parts if isinstance(part, int)]
        return _Part(pattern, itemgetter(*places) if places else None, is_learned)

    def filled(self, contents: Sequence[str]) -> Piece:
        given = () if self.contents_of is None else self.contents_of(contents)
        return Piece(self.pattern % given, self.is_learned)


@dataclass(frozen=True, slots=True)
class _Skeleton:
    parts: tuple[_Part, ...]
    not_empty: frozenset[int]
    stripped: frozenset[int]

    def holds_for(self, contents: Sequence[str]) -> bool:
        has_all = all(contents[at] for at in self.not_empty)
        return has_all and all(contents[at] == contents[at].strip() for at in self.stripped)

    def filled(self, contents: Sequence[str]) -> Draft:
        return Draft(tuple([part.filled(contents) for part in self.parts]))


class Skeletons:
    """Of one template."""

    def __init__(
        self,
        template: ChatTemplate,
        finder: TurnFinder,
        closing_tokens: tuple[str, ...],
        *,
        says_system: bool,
        today: datetime | None,
    ) -> None:
        self._finder = finder
        self._roles = {Role.USER, Role.ASSISTANT} | ({Role.SYSTEM} if says_system else set())
        self._known: dict[_Order, _Skeleton | None] = {}
        try:
            self._tracer = Tracer(template, today) if finder.turn_end.endswith(closing_tokens) else None
        except Looked:
            self._tracer = None

    def draft(self, example: Example) -> Draft | None:
        """None when the example has to be rendered by itself."""
        messages = example.messages
        if self._tracer is None or example.tools or not all(map(self._is_plain, messages)):
            return None
        skeleton = self._skeleton(tuple([(message.role, message.train) for message in messages]), self._tracer)
        contents = [message.content for message in messages]
        if skeleton is None or not skeleton.holds_for(contents) or any(map(self._finder.control.search, contents)):
            return None
        return skeleton.filled(contents)

    def _is_plain(self, message: Message) -> bool:
        return message.role in self._roles and not (message.reasoning or message.tool_calls or message.name)

    def _skeleton(self, order: _Order, tracer: Tracer) -> _Skeleton | None:
        if order not in self._known:
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            try:
                self._known[order] = self._traced(order, tracer)
            except Looked:
                self._known[order] = None
        return self._known[order]

    def _traced(self, order: _Order, tracer: Tracer) -> _Skeleton | None:
        if len(order) > MOST:
            return None
        roles, conditions = [role.value for role, _ in order], Conditions()
        full = tracer.render(roles, False, conditions)
        parts: list[_Part] = []
        at = 0
        for index, (role, is_trained) in enumerate(order):
            if role is not Role.ASSISTANT or not is_trained:
                continue
            prompt = tracer.render(roles[:index], True, conditions) if index else ""
            upto = tracer.render(roles[: index + 1], False, conditions)
            said, turn_end, _ = upto[len(prompt) :].rpartition(self._finder.turn_end)
            # Only where generation opens the turn as training does, and what follows does not change it.
            if not prompt or not upto.startswith(prompt) or not full.startswith(upto) or mark_of(index) not in said:
                return None
            answer = said + turn_end
            end = len(prompt) + len(answer)
            parts += [_Part.of(full[at : len(prompt)], is_learned=False), _Part.of(answer, is_learned=True)]
            at = end
        if at < len(full):
            parts.append(_Part.of(full[at:], is_learned=False))
        return _Skeleton(tuple(parts), frozenset(conditions.not_empty), frozenset(conditions.stripped))
