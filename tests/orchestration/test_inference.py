import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from luthier.domain.chat import ChatMessage, ChatPiece, ChatRequest, ChatTarget, ChatWorkerLost
from luthier.domain.errors import ReportedProblem
from luthier.orchestration.inference import Inference
from luthier.services.folders import Folders
from luthier.settings import Settings

Make = Callable[..., Inference]
Workers = Callable[[], list[psutil.Process]]


@pytest.fixture
def inference_for(tmp_path: Path) -> Iterator[Make]:
    made: list[Inference] = []

    def make(**options: float) -> Inference:
        home = tmp_path / f"workspace{len(made)}"
        folders = Folders(home)
        folders.logs.mkdir(parents=True)
        made.append(Inference(folders, Settings(home=home, **options)))
        return made[-1]

    yield make
    for inference in made:
        inference.close()


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Inference]:
    """For tests that leave it as they found it: a process takes seconds to start."""
    folders = Folders(tmp_path_factory.mktemp("shared"))
    folders.logs.mkdir()
    inference = Inference(folders, Settings(home=folders.root))
    yield inference
    inference.close()


def a_question(base: Path, text: str = "a", length: int = 8) -> ChatRequest:
    target = ChatTarget(label="tiny", base_folder=str(base))
    return ChatRequest(target=target, messages=(ChatMessage(role="user", content=text),), max_new_tokens=length)


def text_of(pieces: Iterator[ChatPiece]) -> str:
    return "".join(piece.text for piece in pieces)


def workers() -> list[psutil.Process]:
    return [child for child in psutil.Process().children() if _is_worker(child)]


def _is_worker(child: psutil.Process) -> bool:
    try:
        return "luthier.engine" in child.cmdline()
    except psutil.Error:  # it ended meanwhile
        return False


@pytest.fixture
def own_workers() -> Workers:
    """Those that were started since this test began: the shared one is somebody else's."""
    before = workers()
    return lambda: [process for process in workers() if process not in before]


def test_answers_stream_from_one_process_that_stays(shared: Inference, tiny_base: Path) -> None:
    pieces = list(shared.stream(a_question(tiny_base)))
    assert pieces[-1].done
    (process,) = workers()
    assert text_of(shared.stream(a_question(tiny_base))) == "".join(piece.text for piece in pieces)
    assert workers() == [process]


def test_several_threads_are_answered_at_the_same_time(shared: Inference, tiny_base: Path) -> None:
    alone = {text: text_of(shared.stream(a_question(tiny_base, text))) for text in ("a", "bb", "ccc")}
    together: dict[str, str] = {}

    def ask(text: str) -> None:
        together[text] = text_of(shared.stream(a_question(tiny_base, text)))

    threads = [threading.Thread(target=ask, args=(text,)) for text in alone]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert together == alone


def test_a_problem_of_one_answer_is_raised_with_its_own_code(shared: Inference, tiny_base: Path) -> None:
    with pytest.raises(ReportedProblem) as error:
        text_of(shared.stream(a_question(tiny_base, "a" * 3000)))
    assert error.value.problem.code == "chat.too_long"
    assert shared.is_running


def test_an_answer_that_nobody_reads_on_is_given_up(shared: Inference, tiny_base: Path) -> None:
    """Otherwise the long answer would go on, and the short one after it would have to share."""
    long = shared.stream(a_question(tiny_base, length=900))
    next(long)
    long.close()
    (process,) = workers()
    text_of(shared.stream(a_question(tiny_base, length=2)))
    before = sum(process.cpu_times()[:2])
    time.sleep(0.5)
    assert sum(process.cpu_times()[:2]) - before < 0.3


def test_a_process_that_dies_is_said_and_started_anew(
    inference_for: Make, tiny_base: Path, own_workers: Workers
) -> None:
    inference = inference_for()
    pieces = inference.stream(a_question(tiny_base, length=900))
    next(pieces)
    for process in own_workers():
        process.kill()
    with pytest.raises(ChatWorkerLost):
        text_of(pieces)
    assert list(inference.stream(a_question(tiny_base)))[-1].done


def test_an_idle_process_gives_its_memory_back(inference_for: Make, tiny_base: Path, own_workers: Workers) -> None:
    inference = inference_for(inference_idle_seconds=0.3)
    text_of(inference.stream(a_question(tiny_base)))
    deadline = time.monotonic() + 20
    while own_workers() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert own_workers() == []
    assert not inference.is_running


def test_a_long_answer_is_not_idleness(inference_for: Make, tiny_base: Path) -> None:
    inference = inference_for(inference_idle_seconds=0.2)
    long = inference.stream(a_question(tiny_base, length=900))
    next(long)
    text_of(inference.stream(a_question(tiny_base, length=1)))
    time.sleep(0.6)
    assert list(long)[-1].done


def test_closing_ends_the_process(inference_for: Make, tiny_base: Path, own_workers: Workers) -> None:
    inference = inference_for()
    text_of(inference.stream(a_question(tiny_base)))
    inference.close()
    assert own_workers() == []
