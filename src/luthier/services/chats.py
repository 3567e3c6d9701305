"""Chats that are kept: questions, their answers while they come, and votes and corrections on them."""

from collections.abc import Callable, Generator, Iterator
from typing import Any

from luthier.domain.chat import ChatMessage, ChatPiece, ChatRequest
from luthier.domain.chats import (
    MOST_COLUMNS,
    AnswerNotFound,
    ChatNotFound,
    ColumnWrong,
    Exchange,
    How,
    KeptAnswer,
    KeptChat,
    NothingAsked,
    Vote,
    exported,
    id_of_answer,
    place_of_answer,
    turns_before,
)
from luthier.kit.clock import Clock
from luthier.kit.ids import new_id
from luthier.services.chat import Chat
from luthier.store import Store

_AT_ONCE = 100  # chats that an export reads at a time


class Chats:
    def __init__(self, store: Store, chat: Chat, clock: Clock) -> None:
        self._store = store
        self._chat = chat
        self._clock = clock

    def begin(self) -> KeptChat:
        """Nothing is asked in it yet, and it is in no list before something is."""
        now = self._clock.now()
        chat = KeptChat(chat_id=new_id("chat"), created_at=now, changed_at=now)
        with self._store.writing() as tx:
            tx.chats.add(chat)
        return chat

    def ask(self, chat_id: str, question: str, how: How) -> int:
        """Keeps the question; returns the number under which models `answer` it. Raises NothingAsked, ChatNotFound."""
        if not question.strip():
            raise NothingAsked
        exchange = Exchange(question=question, how=how)
        changed = self._change(chat_id, lambda chat: {"exchanges": (*chat.exchanges, exchange)})
        return len(changed.exchanges) - 1

    def answer(
        self, chat_id: str, number: int, column: int, reference: str
    ) -> Generator[ChatPiece | KeptAnswer, None, None]:
        """The pieces of the answer of one model, then the answer as it is kept; closing it keeps what was said.

        Raises at once what a wrong place or an unknown model raises, and while drawing what the model raises.
        """
        chat = self.get(chat_id)
        if not 0 <= number < len(chat.exchanges):
            raise AnswerNotFound(name=id_of_answer(chat_id, number, column))
        if not 0 <= column < MOST_COLUMNS:
            raise ColumnWrong(column=column + 1, most=MOST_COLUMNS)
        exchange = chat.exchanges[number]
        target = self._chat.resolve(reference, exchange.how.precision)
        turns = turns_before(chat, exchange, column)
        how = exchange.how
        request = ChatRequest(
            target=target,
            messages=tuple(ChatMessage(role=turn["role"], content=turn["content"]) for turn in turns),
            **how.model_dump(exclude={"system", "precision"}),
        )
        empty = KeptAnswer(
            answer_id=id_of_answer(chat_id, number, column),
            column=column,
            target=reference,
            label=target.label,
            text="",
            at=self._clock.now(),
        )
        return self._kept_while_told(chat_id, number, empty, self._chat.stream(request))

    def _kept_while_told(
        self, chat_id: str, number: int, empty: KeptAnswer, pieces: Generator[ChatPiece, None, None]
    ) -> Generator[ChatPiece | KeptAnswer, None, None]:
        said: list[str] = []
        last = ChatPiece(stop_reason="cancelled")
        try:
            for piece in pieces:
                said.append(piece.text)
                last = piece if piece.done else last.model_copy(update={"tokens": piece.tokens})
                yield piece
        except GeneratorExit:
            pieces.close()
            if said:
                self._keep(chat_id, number, _filled(empty, said, last))
            raise
        yield self._keep(chat_id, number, _filled(empty, said, last))

    def _keep(self, chat_id: str, number: int, answer: KeptAnswer) -> KeptAnswer:
        """Takes the place of an earlier answer in that column."""

        def add(chat: KeptChat) -> dict[str, Any]:
            exchange = chat.exchanges[number]
            others = [each for each in exchange.answers if each.column != answer.column]
            answers = tuple(sorted([*others, answer], key=lambda each: each.column))
            return _exchanged(chat, number, exchange.model_copy(update={"answers": answers}))

        self._change(chat_id, add)
        return answer

    def vote(self, answer_id: str, vote: Vote | None) -> KeptAnswer:
        """None takes the vote back. Raises AnswerNotFound."""
        return self._judge(answer_id, {"vote": vote})

    def correct(self, answer_id: str, text: str | None) -> KeptAnswer:
        """What it should have said, which the next answers of its column then build upon; None takes it back."""
        return self._judge(answer_id, {"correction": text if text and text.strip() else None})

    def mark_sent(self, answer_id: str, label: str) -> KeptAnswer:
        return self._judge(answer_id, {"sent_to": (*self.find_answer(answer_id)[2].sent_to, label)})

    def find_answer(self, answer_id: str) -> tuple[KeptChat, Exchange, KeptAnswer]:
        """Raises AnswerNotFound."""
        chat_id, number, column = place_of_answer(answer_id)
        try:
            with self._store.reading() as tx:
                chat = tx.chats.get(chat_id)
        except ChatNotFound:
            raise AnswerNotFound(name=answer_id) from None
        exchange = chat.exchanges[number] if number < len(chat.exchanges) else None
        answer = exchange.answer_in(column) if exchange is not None else None
        if exchange is None or answer is None:
            raise AnswerNotFound(name=answer_id)
        return chat, exchange, answer

    def get(self, reference: str) -> KeptChat:
        """By id or its beginning. Raises ChatNotFound."""
        with self._store.reading() as tx:
            return tx.chats.find(reference)

    def list(self, words: str = "", limit: int = 50, before: str | None = None) -> "list[KeptChat]":
        """Those in which all of `words` were said, the one that changed last first."""
        with self._store.reading() as tx:
            return list(tx.chats.list(words, limit, before, silent=False))

    def delete(self, reference: str) -> KeptChat:
        """For good. What was sent to datasets stays there."""
        with self._store.writing() as tx:
            chat = tx.chats.find(reference)
            tx.chats.remove(chat.chat_id)
        return chat

    def export(self, words: str = "") -> Iterator[dict[str, Any]]:
        """Every answer as one document, the chat that changed last first."""
        before = None
        while True:
            with self._store.reading() as tx:
                page = tx.chats.list(words, _AT_ONCE, before)
            for chat in page:
                yield from documents_of(chat)
            if len(page) < _AT_ONCE:
                return
            before = page[-1].chat_id

    def _judge(self, answer_id: str, judged: dict[str, Any]) -> KeptAnswer:
        _, number, column = place_of_answer(answer_id)
        chat, _, _ = self.find_answer(answer_id)

        def change(chat: KeptChat) -> dict[str, Any]:
            exchange = chat.exchanges[number]
            answers = (each.model_copy(update=judged) if each.column == column else each for each in exchange.answers)
            return _exchanged(chat, number, exchange.model_copy(update={"answers": tuple(answers)}))

        found = self._change(chat.chat_id, change).exchanges[number].answer_in(column)
        assert found is not None
        return found

    def _change(self, chat_id: str, change: Callable[[KeptChat], dict[str, Any]]) -> KeptChat:
        """One after the other: a writing transaction is alone."""
        with self._store.writing() as tx:
            chat = tx.chats.get(chat_id)
            changed = chat.model_copy(update={**change(chat), "changed_at": self._clock.now()})
            tx.chats.save(changed)
        return changed


def documents_of(chat: KeptChat) -> Iterator[dict[str, Any]]:
    for exchange in chat.exchanges:
        for answer in exchange.answers:
            yield exported(chat, exchange, answer)


def _exchanged(chat: KeptChat, number: int, exchange: Exchange) -> dict[str, Any]:
    return {"exchanges": (*chat.exchanges[:number], exchange, *chat.exchanges[number + 1 :])}


def _filled(empty: KeptAnswer, said: "list[str]", last: ChatPiece) -> KeptAnswer:
    figures = {"stop_reason", "tokens", "first_token_seconds", "tokens_per_second", "memory_bytes"}
    return empty.model_copy(update={"text": "".join(said), **last.model_dump(include=figures)})
