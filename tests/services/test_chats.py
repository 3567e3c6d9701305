import json
from collections.abc import Generator
from pathlib import Path

import pytest

from luthier.connectors.dataset_sources import DatasetSources
from luthier.domain.chat import ChatPiece, ChatRequest, Embedding, EmbeddingRequest
from luthier.domain.chats import (
    AnswerEmpty,
    AnswerIsNoPair,
    AnswerNotFound,
    ChatNotFound,
    ColumnWrong,
    DatasetTakesNoAnswers,
    How,
    KeptAnswer,
    NothingAsked,
)
from luthier.domain.datasets import DatasetNameWrong, Role
from luthier.services.chat import Chat
from luthier.services.chat_examples import ChatExamples
from luthier.services.chats import Chats
from luthier.services.datasets import Datasets
from luthier.services.folders import Folders
from luthier.services.models import Models
from luthier.settings import Settings
from luthier.store import Store
from tests.builders.versions import a_version
from tests.kit.clocks import PatientClock


class Echo:
    """Stands where the model process is: repeats everything that it was told, a word at a time."""

    def stream(self, request: ChatRequest) -> Generator[ChatPiece, None, None]:
        said = " | ".join(message.content for message in request.messages)
        for word in said.split(" "):
            yield ChatPiece(text=f"{word} ", tokens=1)
        yield ChatPiece(done=True, stop_reason="stop", tokens=9, tokens_per_second=30, memory_bytes=1000)

    def embed(self, request: EmbeddingRequest) -> tuple[Embedding, ...]:
        return ()


@pytest.fixture
def chats(store: Store, folders: Folders) -> Chats:
    folders.models.mkdir()
    clock = PatientClock()
    settings = Settings(home=folders.root, hub_cache=folders.root / "cache", hub_endpoint="http://127.0.0.1:9")
    with store.writing() as tx:
        for name in ("orders", "letters"):
            tx.versions.add(a_version(name=name))
    return Chats(store, Chat(store, Models(settings, folders, clock), Echo()), clock)


@pytest.fixture
def datasets(store: Store, folders: Folders) -> Datasets:
    clock = PatientClock()
    return Datasets(store, folders, clock, DatasetSources(Settings(home=folders.root, offline=True), clock))


@pytest.fixture
def examples(chats: Chats, datasets: Datasets) -> ChatExamples:
    return ChatExamples(chats, datasets, PatientClock())


def answered(chats: Chats, question: str = "two pegs", chat_id: str = "", column: int = 0) -> KeptAnswer:
    chat_id = chat_id or chats.begin().chat_id
    number = chats.ask(chat_id, question, How(system="Be brief."))
    *_, kept = chats.answer(chat_id, number, column, "orders")
    assert isinstance(kept, KeptAnswer)
    return kept


def test_an_answer_is_kept_with_its_figures_and_found_again(chats: Chats) -> None:
    kept = answered(chats)
    chat, exchange, found = chats.find_answer(kept.answer_id)
    assert found == kept
    assert (found.text, found.tokens, found.stop_reason, found.memory_bytes) == (
        "Be brief. | two pegs ",
        9,
        "stop",
        1000,
    )
    assert (exchange.question, chat.title, chat.labels) == ("two pegs", "two pegs", ("orders@0.1.0",))


def test_each_column_hears_its_own_answers_only(chats: Chats) -> None:
    chat_id = chats.begin().chat_id
    for question in ("first", "second"):
        number = chats.ask(chat_id, question, How())
        for column, name in enumerate(("orders", "letters")):
            list(chats.answer(chat_id, number, column, name))
    last = chats.get(chat_id).exchanges[1]
    assert [answer.label for answer in last.answers] == ["orders@0.1.0", "letters@0.1.0"]
    assert [answer.text for answer in last.answers] == ["first | first  | second "] * 2


def test_what_was_corrected_is_what_the_conversation_goes_on_from(chats: Chats) -> None:
    first = answered(chats, "first")
    chats.correct(first.answer_id, "better")
    chat_id = first.answer_id.split(".")[0]
    assert answered(chats, "second", chat_id).text == "Be brief. | first | better | second "


def test_a_question_that_a_model_never_answered_is_not_asked_twice(chats: Chats) -> None:
    chat_id = chats.begin().chat_id
    chats.ask(chat_id, "lost", How())
    assert answered(chats, "again", chat_id).text == "Be brief. | again "


def test_what_was_said_before_somebody_left_is_kept_as_cancelled(chats: Chats) -> None:
    chat_id = chats.begin().chat_id
    number = chats.ask(chat_id, "one two three", How())
    telling = chats.answer(chat_id, number, 0, "orders")
    next(telling)
    next(telling)
    telling.close()
    (answer,) = chats.get(chat_id).exchanges[0].answers
    assert (answer.text, answer.stop_reason) == ("one two ", "cancelled")


def test_asked_again_an_answer_takes_the_place_of_the_one_before(chats: Chats) -> None:
    chat_id = chats.begin().chat_id
    number = chats.ask(chat_id, "twice", How())
    for name in ("orders", "letters"):
        list(chats.answer(chat_id, number, 0, name))
    assert [answer.label for answer in chats.get(chat_id).exchanges[0].answers] == ["letters@0.1.0"]


def test_chats_are_found_by_all_the_words_that_were_said(chats: Chats) -> None:
    pegs, bridge = answered(chats, "Ebony PEGS, 100 %"), answered(chats, "a bridge_of maple")
    ids = {name: answer.answer_id.split(".")[0] for name, answer in (("pegs", pegs), ("bridge", bridge))}

    def found(words: str) -> list[str]:
        return [chat.chat_id for chat in chats.list(words)]

    assert found("pegs ebony") == [ids["pegs"]]
    assert found("maple pegs") == []
    assert found("%") == [ids["pegs"]] and found("_") == [ids["bridge"]]
    assert found("") == [ids["bridge"], ids["pegs"]]


def test_pages_of_chats_miss_none_and_repeat_none(chats: Chats) -> None:
    made = [answered(chats, f"question {number}").answer_id.split(".")[0] for number in range(7)]
    seen: list[str] = []
    while page := chats.list("", 3, seen[-1] if seen else None):
        seen += [chat.chat_id for chat in page]
    assert seen == made[::-1]


def test_a_chat_in_which_nothing_was_asked_is_in_no_list(chats: Chats) -> None:
    chats.begin()
    assert chats.list() == []


def test_an_export_holds_every_answer_with_what_came_before_it(chats: Chats) -> None:
    first = answered(chats, "first")
    answered(chats, "second", first.answer_id.split(".")[0])
    chats.vote(first.answer_id, "up")
    documents = list(chats.export())
    assert [document["vote"] for document in documents] == ["up", None]
    assert [turn["role"] for turn in documents[1]["messages"]] == ["system", "user", "assistant", "user", "assistant"]
    assert json.loads(json.dumps(documents))[0]["messages"][-1]["content"] == first.text


def test_a_deleted_chat_is_gone_for_good(chats: Chats) -> None:
    kept = answered(chats)
    chats.delete(kept.answer_id.split(".")[0])
    with pytest.raises(AnswerNotFound):
        chats.find_answer(kept.answer_id)
    with pytest.raises(ChatNotFound):
        chats.get(kept.answer_id.split(".")[0])


@pytest.mark.parametrize("name", ["", "x", "chat_1.1", "chat_1.1.a", "chat_1.0.1", "chat_1.1.-1", "chat_1.1.1.1"])
def test_what_is_no_answer_is_not_found(chats: Chats, name: str) -> None:
    with pytest.raises(AnswerNotFound):
        chats.vote(name, "up")


def test_a_place_that_is_not_there_is_refused_before_a_model_is_asked(chats: Chats) -> None:
    chat_id = chats.begin().chat_id
    with pytest.raises(NothingAsked):
        chats.ask(chat_id, " \n", How())
    with pytest.raises(AnswerNotFound):
        chats.answer(chat_id, 0, 0, "orders")
    chats.ask(chat_id, "x", How())
    with pytest.raises(ColumnWrong):
        chats.answer(chat_id, 0, 4, "orders")


# ── answers as examples ──────────────────────────────────────────────────────────────────────────────────────────


def test_answers_become_a_dataset_and_then_its_next_version(
    chats: Chats, examples: ChatExamples, datasets: Datasets
) -> None:
    first = answered(chats, "first")
    second = answered(chats, "second", first.answer_id.split(".")[0])
    chats.correct(second.answer_id, "as it should be")
    one = examples.send([first.answer_id], "good-answers")
    two = examples.send([second.answer_id, second.answer_id], "good-answers")
    assert [(one.label, one.examples), (two.label, two.examples)] == [("good-answers@1", 1), ("good-answers@2", 2)]
    rows = list(datasets.examples(two))
    assert rows[0].messages[-1].content == first.text
    assert rows[1].messages[-1].content == "as it should be"
    assert [message.train for message in rows[1].messages if message.role is Role.ASSISTANT] == [False, True]
    assert two.made_by is not None
    assert two.made_by.parameters == {"answers": [second.answer_id]}
    assert [parent.label for parent in two.made_by.parents] == ["good-answers@1"]
    assert chats.find_answer(second.answer_id)[2].sent_to == ("good-answers@2",)


def test_to_a_dataset_of_pairs_a_correction_goes_with_what_was_said(
    chats: Chats, examples: ChatExamples, datasets: Datasets, tmp_path: Path
) -> None:
    source = tmp_path / "pairs.jsonl"
    source.write_text('{"prompt": "a", "chosen": "good", "rejected": "bad"}\n')
    datasets.import_file(str(source))
    kept = answered(chats)
    with pytest.raises(AnswerIsNoPair):
        examples.send([kept.answer_id], "pairs")
    chats.correct(kept.answer_id, "better")
    *_, row = datasets.examples(examples.send([kept.answer_id], "pairs"))
    assert (row.messages[-1].content, row.rejected[0].content) == ("better", kept.text)


def test_what_cannot_be_learned_from_is_refused_and_changes_nothing(
    chats: Chats, examples: ChatExamples, datasets: Datasets, tmp_path: Path
) -> None:
    kept = answered(chats)
    notes = tmp_path / "notes.txt"
    notes.write_text("Spruce is light.\n\nMaple is hard.")
    datasets.import_file(str(notes))
    with pytest.raises(DatasetTakesNoAnswers):
        examples.send([kept.answer_id], "notes")
    with pytest.raises(DatasetNameWrong):
        examples.send([kept.answer_id], "a/b")
    with pytest.raises(AnswerNotFound):
        examples.send([kept.answer_id, "nothing"], "new")
    assert [dataset.name for dataset in datasets.list()] == ["notes"]
    assert chats.find_answer(kept.answer_id)[2].sent_to == ()


def test_an_empty_answer_teaches_nothing(chats: Chats, examples: ChatExamples, store: Store) -> None:
    kept = answered(chats)
    chat, exchange, _ = chats.find_answer(kept.answer_id)
    silent = exchange.model_copy(update={"answers": (kept.model_copy(update={"text": " "}),)})
    with store.writing() as tx:
        tx.chats.save(chat.model_copy(update={"exchanges": (silent,)}))
    with pytest.raises(AnswerEmpty):
        examples.send([kept.answer_id], "new")
