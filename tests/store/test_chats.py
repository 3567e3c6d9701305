import pytest

from luthier.domain.chats import ChatNameAmbiguous, ChatNotFound
from luthier.store import Store
from tests.builders.chats import a_chat


def test_a_chat_comes_back_as_it_was_kept(store: Store) -> None:
    chat = a_chat("chat_1", "Zwei Wirbel, bitte? \U0001f3bb")
    with store.writing() as tx:
        tx.chats.add(chat)
    with store.reading() as tx:
        assert tx.chats.get("chat_1") == chat


def test_the_one_that_changed_last_comes_first_and_pages_follow_on(store: Store) -> None:
    minutes = {"chat_a": 3, "chat_b": 1, "chat_c": 3, "chat_d": 2}
    with store.writing() as tx:
        for chat_id, minute in minutes.items():
            tx.chats.add(a_chat(chat_id, minute=minute))
    with store.reading() as tx:
        everything = [chat.chat_id for chat in tx.chats.list()]
        paged: list[str] = []
        while page := tx.chats.list("", 1, paged[-1] if paged else None):
            paged += [chat.chat_id for chat in page]
    assert everything == paged == ["chat_c", "chat_a", "chat_d", "chat_b"]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("PEGS", ["chat_1"]),
        ("pegs yes", ["chat_1"]),
        ("pegs no", []),
        ("orders@1 pegs", ["chat_1"]),
        ("%", []),
        ("p_gs", []),
    ],
)
def test_words_are_looked_for_as_they_are_whatever_the_case(store: Store, words: str, found: list[str]) -> None:
    with store.writing() as tx:
        tx.chats.add(a_chat("chat_1"))
        tx.chats.add(a_chat("chat_2", "Strings?", answer="None."))
    with store.reading() as tx:
        assert [chat.chat_id for chat in tx.chats.list(words)] == found


def test_a_chat_is_found_by_a_beginning_that_only_it_has(store: Store) -> None:
    with store.writing() as tx:
        tx.chats.add(a_chat("chat_abc"))
        tx.chats.add(a_chat("chat_abd"))
        assert tx.chats.find("chat_abc").chat_id == tx.chats.find("abc").chat_id == "chat_abc"
        with pytest.raises(ChatNameAmbiguous):
            tx.chats.find("chat_ab")
        tx.chats.remove("chat_abd")
        assert tx.chats.find("chat_ab").chat_id == "chat_abc"
        with pytest.raises(ChatNotFound):
            tx.chats.find("chat_abd")


def test_a_page_is_full_although_nothing_was_said_in_some_chats(store: Store) -> None:
    with store.writing() as tx:
        for number in range(6):
            tx.chats.add(a_chat(f"chat_{number}", minute=number))
            tx.chats.add(a_chat(f"chat_silent_{number}", minute=number).model_copy(update={"exchanges": ()}))
    with store.reading() as tx:
        page = tx.chats.list(limit=4, silent=False)
        rest = tx.chats.list(limit=4, before=page[-1].chat_id, silent=False)
    assert [chat.chat_id for chat in (*page, *rest)] == [f"chat_{number}" for number in reversed(range(6))]
