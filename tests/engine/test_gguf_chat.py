import io
import queue
from itertools import pairwise
from pathlib import Path

import pytest

from luthier.domain.chat import (
    Ask,
    ChatLimits,
    ChatMessage,
    ChatRequest,
    ChatTarget,
    Embed,
    EmbeddingRequest,
    FromChatWorker,
    Refused,
    Said,
    Withdraw,
)
from luthier.engine.chat import ChatWorker, Incoming
from luthier.kit.clock import SystemClock
from tests.builders.gguf_files import a_gguf_file

pytest.importorskip("xllamacpp", reason="GGUF files are asked by llama.cpp: pip install 'luthier[llama]'")


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("gguf") / "tiny.gguf"
    a_gguf_file(place)
    return place


def a_question(file: Path, text: str = "abc", **changes: object) -> ChatRequest:
    target = ChatTarget(label="tiny", base_folder=str(file))
    values: dict[str, object] = {"messages": (), "text": text, "max_new_tokens": 8, **changes}
    return ChatRequest(target=target, **values)


def replies(*questions: Ask | Embed | Withdraw, memory_bytes: int = 10**9) -> list[Said | Refused]:
    incoming: Incoming = queue.SimpleQueue()
    for question in questions:
        incoming.put(question.model_dump_json().encode())
    output = io.BytesIO()
    worker = ChatWorker(incoming, output, SystemClock(), ChatLimits(memory_bytes=memory_bytes))
    worker.take_turns()
    while worker.has_work:
        worker.take_turns()
    return [FromChatWorker.validate_json(line) for line in output.getvalue().splitlines()]  # type: ignore[misc]


def texts(told: list[Said | Refused]) -> dict[str, str]:
    found: dict[str, str] = {}
    for reply in told:
        assert isinstance(reply, Said), reply
        found[reply.id] = found.get(reply.id, "") + reply.piece.text
    return found


def test_a_gguf_file_answers_in_pieces_and_the_same_for_the_same_seed(file: Path) -> None:
    drawn = {"temperature": 1.0, "seed": 7}
    told = replies(
        Ask(id="a", request=a_question(file, **drawn)),
        Ask(id="b", request=a_question(file, **drawn)),
        Ask(id="c", request=a_question(file, temperature=1.0, seed=8)),
    )
    said = texts(told)
    assert said["a"] == said["b"] != said["c"]
    ends = [reply.piece for reply in told if isinstance(reply, Said) and reply.piece.done]
    assert len(ends) == 3
    assert all(0 < end.tokens <= 8 and end.prompt_tokens > 0 and end.memory_bytes > 0 for end in ends)
    assert len(told) > 6


def test_a_stop_text_ends_the_answer_and_is_not_in_it(file: Path) -> None:
    (whole,) = texts(replies(Ask(id="a", request=a_question(file)))).values()
    stop = next(one + two for one, two in pairwise(whole) if (one + two).isascii() and one != whole[0])
    told = replies(Ask(id="a", request=a_question(file, stop=(stop,))))
    assert texts(told)["a"] == whole[: whole.index(stop)]
    assert isinstance(told[-1], Said)
    assert told[-1].piece.stop_reason == "stop"


def test_a_file_that_is_gone_damaged_or_too_large_is_refused_in_words(file: Path, tmp_path: Path) -> None:
    (tmp_path / "damaged.gguf").write_bytes(b"GGUF and nothing more")
    found = [
        replies(Ask(id="a", request=a_question(tmp_path / "gone.gguf")))[0],
        replies(Ask(id="a", request=a_question(tmp_path / "damaged.gguf")))[0],
        replies(Ask(id="a", request=a_question(file)), memory_bytes=10)[0],
        replies(Embed(id="a", request=EmbeddingRequest(target=a_question(file).target, texts=("a",))))[0],
    ]
    codes = [each.problem.code for each in found if isinstance(each, Refused)]
    assert codes == ["exports.llama_failed", "exports.llama_failed", "chat.model_too_large", "chat.no_embeddings"]


def test_a_conversation_that_is_longer_than_the_context_is_refused(file: Path) -> None:
    message = ChatMessage(role="user", content="word " * 20_000)
    (told,) = replies(Ask(id="a", request=a_question(file, text=None, messages=(message,))))
    assert isinstance(told, Refused)
    assert told.problem.code == "chat.too_long"


def test_who_hangs_up_ends_only_his_own_answer(file: Path) -> None:
    told = replies(
        Ask(id="a", request=a_question(file, max_new_tokens=400)),
        Ask(id="b", request=a_question(file)),
        Withdraw(id="a"),
    )
    assert "b" in texts(told)
