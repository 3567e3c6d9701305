from luthier.domain.chats import Exchange, How, KeptAnswer, KeptChat
from tests.builders import a_moment


def a_chat(chat_id: str, question: str = "Two pegs?", minute: float = 0, answer: str = "Yes.") -> KeptChat:
    kept = KeptAnswer(
        answer_id=f"{chat_id}.1.1", column=0, target="orders", label="orders@1", text=answer, at=a_moment()
    )
    exchange = Exchange(question=question, how=How(), answers=(kept,))
    return KeptChat(chat_id=chat_id, created_at=a_moment(), changed_at=a_moment(60 * minute), exchanges=(exchange,))
