"""What was said to models and what they answered, kept with what a person thinks of each answer."""

import re
from datetime import datetime
from typing import Any, Literal

from luthier.domain.chat import Precision
from luthier.domain.errors import Action, DataProblem, NotAllowedNow, NotFound, WrongUsage
from luthier.kit.frozen import Frozen

MOST_COLUMNS = 4
_TITLE = 80  # characters
_COUNT = re.compile("[1-9][0-9]{0,5}")
Vote = Literal["up", "down"]


class How(Frozen):
    """How a question is asked; the same of every model that answers it."""

    system: str | None = None
    temperature: float = 0.0
    top_p: float = 1.0
    max_new_tokens: int = 256
    seed: int = 0
    precision: Precision | None = None  # in which the models are loaded; None is that of the settings


class KeptAnswer(Frozen):
    answer_id: str
    column: int  # 0..3, its place beside the others
    target: str  # what was asked, by a name that finds it again
    label: str  # as it was called then
    text: str
    at: datetime
    stop_reason: str = ""  # "cancelled" when nobody waited for its end
    tokens: int = 0
    first_token_seconds: float = 0.0
    tokens_per_second: float = 0.0
    memory_bytes: int = 0  # of the process that ran the models
    vote: Vote | None = None
    correction: str | None = None  # what it should have said
    sent_to: tuple[str, ...] = ()  # datasets that it became an example of

    @property
    def best(self) -> str:
        return self.text if self.correction is None else self.correction


class Exchange(Frozen):
    """One question with its answers."""

    question: str
    how: How
    answers: tuple[KeptAnswer, ...] = ()

    def answer_in(self, column: int) -> KeptAnswer | None:
        return next((answer for answer in self.answers if answer.column == column), None)


class KeptChat(Frozen):
    chat_id: str
    created_at: datetime
    changed_at: datetime
    exchanges: tuple[Exchange, ...] = ()

    @property
    def title(self) -> str:
        words = " ".join(self.exchanges[0].question.split()) if self.exchanges else ""
        return words if len(words) <= _TITLE else f"{words[: _TITLE - 1]}…"

    @property
    def labels(self) -> tuple[str, ...]:
        """Who answered, in the order in which they first did."""
        return tuple(dict.fromkeys(answer.label for each in self.exchanges for answer in each.answers))


def id_of_answer(chat_id: str, number: int, column: int) -> str:
    return f"{chat_id}.{number + 1}.{column + 1}"


def place_of_answer(answer_id: str) -> tuple[str, int, int]:
    """The chat, the number of the exchange, and the column. Raises AnswerNotFound."""
    chat_id, *numbers = answer_id.split(".")
    if len(numbers) != 2 or not all(_COUNT.fullmatch(number) for number in numbers):
        raise AnswerNotFound(name=answer_id)
    return chat_id, int(numbers[0]) - 1, int(numbers[1]) - 1


def exported(chat: KeptChat, exchange: Exchange, answer: KeptAnswer) -> dict[str, Any]:
    """One answer as a line of a file: the conversation that it ended, and what is known of it."""
    return {
        "chat_id": chat.chat_id,
        **answer.model_dump(mode="json", exclude={"text", "column"}),
        "messages": [*turns_before(chat, exchange, answer.column), {"role": "assistant", "content": answer.text}],
        "settings": exchange.how.model_dump(mode="json", exclude={"system"}),
    }


def turns_before(chat: KeptChat, exchange: Exchange, column: int) -> list[dict[str, str]]:
    """What the model of a column has heard when it answers; a question that it never answered is not repeated."""
    turns = [{"role": "system", "content": exchange.how.system}] if exchange.how.system else []
    for earlier in chat.exchanges[: chat.exchanges.index(exchange)]:
        answer = earlier.answer_in(column)
        if answer is not None:
            turns.append({"role": "user", "content": earlier.question})
            turns.append({"role": "assistant", "content": answer.best})
    return [*turns, {"role": "user", "content": exchange.question}]


class ChatNotFound(NotFound):
    code = "chats.not_found"
    sentence = "No kept chat is called {name}."
    actions = (Action(label="See the chats", command="luthier chats list"),)


class ChatNameAmbiguous(NotFound):
    code = "chats.name_ambiguous"
    sentence = "{name} could be any of {candidates}."
    actions = (Action(label="Give more of the id", command="luthier chats list"),)


class AnswerNotFound(NotFound):
    code = "chats.answer_not_found"
    sentence = "No kept answer is called {name}."
    actions = (Action(label="See the answers of a chat with their ids", command="luthier chats show CHAT"),)


class NothingAsked(WrongUsage):
    code = "chats.nothing_asked"
    sentence = "The question is empty."
    actions = (Action(label="Ask something"),)


class ColumnWrong(WrongUsage):
    code = "chats.column_wrong"
    sentence = "There is no column {column}; a question has up to {most} answers beside each other."
    actions = (Action(label="Ask fewer models at once"),)


class AnswerEmpty(DataProblem):
    code = "chats.answer_empty"
    sentence = "{answer} is empty, and a model would learn to say nothing from it."
    actions = (Action(label="Say what it should have answered", command="luthier chats correct {answer} --text TEXT"),)


class AnswerIsNoPair(DataProblem):
    code = "chats.answer_is_no_pair"
    sentence = "{dataset} holds pairs of a better and a worse answer, and {answer} was not corrected."
    actions = (
        Action(label="Say what it should have answered", command="luthier chats correct {answer} --text TEXT"),
        Action(label="Or send it to another dataset", command="luthier chats send {answer} --to NAME"),
    )


class DatasetTakesNoAnswers(NotAllowedNow):
    code = "chats.dataset_takes_no_answers"
    sentence = "{dataset} holds {shape}, to which answers to questions cannot be added."
    actions = (
        Action(label="Send them to another dataset, or a new one", command="luthier chats send ANSWER --to NAME"),
    )
