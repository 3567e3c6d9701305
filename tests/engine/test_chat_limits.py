import io
import queue
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from luthier.domain.chat import (
    Ask,
    ChatLimits,
    ChatMessage,
    ChatRequest,
    ChatTarget,
    Embed,
    Embedded,
    EmbeddingRequest,
    FromChatWorker,
    Refused,
    Reply,
    Said,
)
from luthier.engine.adapted_base import AdaptedBase
from luthier.engine.chat import ChatWorker, Incoming
from luthier.engine.chat_models import ChatModels, expected_bytes
from luthier.engine.kv_cache import growing_cache
from luthier.engine.loading import load_base
from luthier.engine.prefixes import BLOCK
from luthier.engine.solo_decoder import SoloDecoder
from luthier.kit.clock import SystemClock
from tests.builders.models import FAMILIES, a_model_folder
from tests.kit.clocks import PatientClock

Drive = Callable[[int], list[Reply]]


class Worker:
    """One that is driven turn by turn, with a clock that moves when it is told to."""

    def __init__(self, **limits: float) -> None:
        self.clock = PatientClock()
        self._incoming: Incoming = queue.SimpleQueue()
        self._output = io.BytesIO()
        values = {"memory_bytes": 10**9, **limits}
        self._worker = ChatWorker(self._incoming, self._output, self.clock, ChatLimits(**values))  # type: ignore[arg-type]

    def ask(self, identity: str, base: Path, text: str = "a", length: int = 4) -> None:
        target = ChatTarget(label=base.name, base_folder=str(base))
        request = ChatRequest(target=target, messages=(ChatMessage(role="user", content=text),), max_new_tokens=length)
        self._incoming.put(Ask(id=identity, request=request).model_dump_json().encode())

    def turns(self, count: int = 100) -> list[Reply]:
        """Everything that was said until then."""
        for _ in range(count):
            if self._worker.has_work or not self._incoming.empty():
                self._worker.take_turns()
        return [FromChatWorker.validate_json(line) for line in self._output.getvalue().splitlines()]


def done(replies: list[Reply]) -> list[str]:
    return [reply.id for reply in replies if isinstance(reply, Said) and reply.piece.done]


def refused(replies: list[Reply]) -> dict[str, str]:
    return {reply.id: reply.problem.code for reply in replies if isinstance(reply, Refused)}


@pytest.fixture(scope="module")
def other_base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return a_model_folder(tmp_path_factory.mktemp("models") / "other", seed=9)


def test_more_questions_than_may_wait_are_refused_at_once_and_the_others_are_answered(tiny_base: Path) -> None:
    worker = Worker(answers_at_once=1, waiting=2)
    for number in range(5):
        worker.ask(str(number), tiny_base)
    replies = worker.turns()
    assert refused(replies) == {"3": "chat.queue_full", "4": "chat.queue_full"}
    assert done(replies) == ["0", "1", "2"]


def test_a_question_that_waited_too_long_is_given_up(tiny_base: Path) -> None:
    worker = Worker(answers_at_once=1, wait_seconds=5)
    worker.ask("long", tiny_base, length=50)
    worker.ask("late", tiny_base)
    worker.turns(3)
    worker.clock.sleep(6)
    replies = worker.turns()
    assert refused(replies) == {"late": "chat.waited_too_long"}
    assert done(replies) == ["long"]


def test_a_short_answer_does_not_wait_for_a_long_prompt_or_a_long_answer(tiny_base: Path) -> None:
    worker = Worker()
    worker.ask("long", tiny_base, text="a" * (3 * BLOCK), length=200)
    worker.ask("short", tiny_base, length=2)
    replies = worker.turns(4)
    assert done(replies) == ["short"]


def test_models_that_do_not_fit_together_take_turns_and_each_is_answered(tiny_base: Path, other_base: Path) -> None:
    """The second must neither push the first out while it answers nor be forgotten."""
    worker = Worker(memory_bytes=int(1.5 * expected_bytes(tiny_base, "bf16")))
    worker.ask("one", tiny_base, length=20)
    worker.ask("two", other_base)
    worker.ask("three", tiny_base)
    replies = worker.turns(5)
    assert {reply.id for reply in replies} == {"one"}
    assert done(worker.turns()) == ["one", "two", "three"]


def test_a_model_larger_than_the_limit_is_refused_with_both_sizes(tiny_base: Path) -> None:
    worker = Worker(memory_bytes=1000)
    worker.ask("q", tiny_base)
    (reply,) = worker.turns()
    assert isinstance(reply, Refused)
    assert reply.problem.code == "chat.model_too_large"
    assert "1.0 kB" in reply.problem.sentence


def test_the_expected_size_is_that_of_the_weights(tiny_base: Path) -> None:
    model = load_base(tiny_base, "bf16").model
    assert expected_bytes(tiny_base, "bf16") == sum(p.numel() * 2 for p in model.parameters())
    assert expected_bytes(tiny_base, "fp32") == 2 * expected_bytes(tiny_base, "bf16")


def test_an_idle_model_is_given_up_and_a_busy_one_is_not(tiny_base: Path, other_base: Path) -> None:
    clock = PatientClock()
    models = ChatModels(ChatLimits(memory_bytes=10**9, idle_seconds=10), clock)
    targets = [ChatTarget(label="x", base_folder=str(base)) for base in (tiny_base, other_base)]
    busy, idle = (models.get(target, ()) for target in targets)
    assert busy is not None and idle is not None
    clock.sleep(11)
    models.give_up_idle([busy])
    assert models.get(targets[0], ()) is busy
    assert models.get(targets[1], ()) is not idle


def test_an_answer_is_the_same_whether_its_beginning_was_read_for_it_or_before(tiny_base: Path) -> None:
    long = "The top is of spruce. " * 35
    fresh, again = Worker(), Worker()
    again.ask("before", tiny_base, text=long + "And the back?", length=3)
    again.turns()
    for worker in (fresh, again):
        worker.ask("q", tiny_base, text=long + "And the bridge?", length=30)
    told = [[reply for reply in worker.turns() if reply.id == "q"] for worker in (fresh, again)]
    texts = ["".join(reply.piece.text for reply in replies if isinstance(reply, Said)) for replies in told]
    lasts = [replies[-1] for replies in told]
    assert texts[0] == texts[1]
    assert all(isinstance(last, Said) for last in lasts)
    assert [last.piece.reused_tokens for last in lasts if isinstance(last, Said)] == [0, 3 * BLOCK]


def test_what_was_read_with_one_adapter_is_not_used_with_another(tiny_base: Path) -> None:
    prefixes = AdaptedBase(load_base(tiny_base, "bf16")).prefixes
    prompt = list(range(2 * BLOCK + 5))
    cache, held = prefixes.begin("one", [each % 250 for each in prompt])
    decoder = SoloDecoder(load_base(tiny_base, "bf16").model, [each % 250 for each in prompt], cache, held)
    while not decoder.read_block():
        pass
    prefixes.keep("one", [each % 250 for each in prompt], decoder.cache)
    assert prefixes.begin("one", [each % 250 for each in prompt])[1] == 2 * BLOCK
    assert prefixes.begin("two", [each % 250 for each in prompt])[1] == 0
    assert prefixes.begin("one", [7, *[each % 250 for each in prompt]])[1] == 0
    prefixes.forget("one")
    assert prefixes.begin("one", [each % 250 for each in prompt])[1] == 0


@pytest.mark.parametrize("family", FAMILIES)
def test_a_prompt_read_in_blocks_says_what_it_says_read_at_once(family: str, tmp_path: Path) -> None:
    """Families with a sliding window keep only a part of what was read."""
    model = load_base(a_model_folder(tmp_path / family, family=family), "fp32").model
    prompt = [(7 * place) % 250 for place in range(2 * BLOCK + 40)]
    decoder = SoloDecoder(model, prompt, growing_cache(model), 0)
    while not decoder.read_block():
        pass
    with torch.no_grad():
        whole = model(input_ids=torch.tensor([prompt])).logits[0, -1].float()
    assert torch.allclose(decoder.logits, whole, atol=1e-3), (decoder.logits - whole).abs().max()


def test_texts_are_embedded_by_the_base_that_is_asked(tiny_base: Path) -> None:
    incoming: Incoming = queue.SimpleQueue()
    output = io.BytesIO()
    target = ChatTarget(label="tiny", base_folder=str(tiny_base))
    asked = Embed(id="e", request=EmbeddingRequest(target=target, texts=("spruce", "maple", "")))
    incoming.put(asked.model_dump_json().encode())
    good = asked.model_copy(
        update={"id": "good", "request": EmbeddingRequest(target=target, texts=("spruce", "maple"))}
    )
    incoming.put(good.model_dump_json().encode())
    ChatWorker(incoming, output, SystemClock(), ChatLimits(memory_bytes=10**9)).take_turns()
    empty, embedded = [FromChatWorker.validate_json(line) for line in output.getvalue().splitlines()]
    assert isinstance(empty, Refused) and empty.problem.code == "chat.prompt_empty"
    assert isinstance(embedded, Embedded)
    lengths = [sum(value * value for value in each.values) for each in embedded.embeddings]
    assert lengths == pytest.approx([1, 1], abs=1e-3)
