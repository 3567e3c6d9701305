"""Kept chats, the one that changed last first, found by id, the beginning of it, or words that were said."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, Connection, delete, insert, or_, select, update

from luthier.domain.chats import ChatNameAmbiguous, ChatNotFound, KeptChat
from luthier.store.references import ids_beginning, listed
from luthier.store.tables import chats


class Chats:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.changed: dict[str, KeptChat | None] = {}  # in this transaction, by id; None was removed

    def add(self, chat: KeptChat) -> None:
        self.changed[chat.chat_id] = chat
        self._connection.execute(insert(chats).values(chat_id=chat.chat_id, **_columns(chat)))

    def save(self, chat: KeptChat) -> None:
        self.changed[chat.chat_id] = chat
        self._connection.execute(update(chats).where(chats.c.chat_id == chat.chat_id).values(**_columns(chat)))

    def remove(self, chat_id: str) -> None:
        self.changed[chat_id] = None
        self._connection.execute(delete(chats).where(chats.c.chat_id == chat_id))

    def get(self, chat_id: str) -> KeptChat:
        """Raises ChatNotFound."""
        body = self._connection.scalar(select(chats.c.body).where(chats.c.chat_id == chat_id))
        if body is None:
            raise ChatNotFound(name=chat_id)
        return KeptChat.model_validate_json(body)

    def find(self, reference: str) -> KeptChat:
        """By id or its beginning. Raises ChatNotFound or ChatNameAmbiguous."""
        candidates = ids_beginning(self._connection, chats.c.chat_id, "chat", reference)
        if len(candidates) > 1 and reference not in candidates:
            raise ChatNameAmbiguous(name=reference, candidates=listed(candidates))
        if not candidates:
            raise ChatNotFound(name=reference)
        return self.get(reference if reference in candidates else candidates[0])

    def list(
        self, words: str = "", limit: int | None = 50, before: str | None = None, *, silent: bool = True
    ) -> Sequence[KeptChat]:
        """Those in which all of `words` were said; `before` is the id of the last chat of the page before.

        Without `silent`, those in which nothing was said yet are left out.
        """
        conditions: list[ColumnElement[bool]] = [
            chats.c.words.contains(word, autoescape=True) for word in words.lower().split()
        ]
        if not silent:
            conditions.append(chats.c.words != "")
        if before is not None:
            last = select(chats.c.changed_at, chats.c.seq).where(chats.c.chat_id == before).subquery()
            is_older = chats.c.changed_at < select(last.c.changed_at).scalar_subquery()
            is_tied = chats.c.changed_at == select(last.c.changed_at).scalar_subquery()
            conditions.append(or_(is_older, is_tied & (chats.c.seq < select(last.c.seq).scalar_subquery())))
        statement = select(chats.c.body).where(*conditions).order_by(chats.c.changed_at.desc(), chats.c.seq.desc())
        return [KeptChat.model_validate_json(body) for body in self._connection.scalars(statement.limit(limit))]


def _columns(chat: KeptChat) -> dict[str, object]:
    said = [text for each in chat.exchanges for text in (each.question, *(answer.best for answer in each.answers))]
    words = "\n".join([*said, *chat.labels]).lower()
    return {"changed_at": chat.changed_at, "words": words, "body": chat.model_dump_json()}
