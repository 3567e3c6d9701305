import io
import queue
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
import torch

from luthier.domain.adapters import LoraSettings
from luthier.domain.chat import (
    Ask,
    ChatLimits,
    ChatMessage,
    ChatRequest,
    ChatTarget,
    FromChatWorker,
    Refused,
    Said,
    Withdraw,
)
from luthier.engine.adapters import attach
from luthier.engine.chat import ChatWorker, Incoming
from luthier.engine.loading import load_base
from luthier.engine.sampling import Sampler
from luthier.engine.text_stream import TextStream
from luthier.kit.clock import SystemClock
from tests.builders.models import a_model_folder

ROOM = ChatLimits(memory_bytes=1_000_000_000)


@pytest.fixture(scope="module")
def adapters(tiny_base: Path, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Two adapters of the tiny base that make it say different things."""
    folders = []
    for seed in (1, 2):
        base = load_base(tiny_base, "fp32")
        adapter = attach(base.model, LoraSettings(rank=4, alpha=8), fused=False)
        values = adapter.parameters.values
        values.copy_(torch.randn(values.shape, generator=torch.Generator().manual_seed(seed)))
        folder = tmp_path_factory.mktemp("adapter")
        adapter.write(folder, "tiny", "1")
        folders.append(str(folder))
    return folders


def a_question(base: Path, adapter: str | None = None, text: str = "a", **changes: object) -> ChatRequest:
    target = ChatTarget(label="tiny", base_folder=str(base), adapter_folder=adapter)
    values: dict[str, object] = {"max_new_tokens": 12, **changes}
    return ChatRequest(target=target, messages=(ChatMessage(role="user", content=text),), **values)


def talk(*messages: Ask | Withdraw, limits: ChatLimits = ROOM) -> list[Said | Refused]:
    """Everything that a worker says to these messages until nothing is left to do."""
    incoming: Incoming = queue.SimpleQueue()
    for message in messages:
        incoming.put(message.model_dump_json().encode())
    output = io.BytesIO()
    worker = ChatWorker(incoming, output, SystemClock(), limits)
    while worker.has_work or not incoming.empty():
        worker.take_turns()
    return [FromChatWorker.validate_json(line) for line in output.getvalue().splitlines()]


def text_of(identity: str, said: Sequence[Said | Refused]) -> str:
    return "".join(message.piece.text for message in said if isinstance(message, Said) and message.id == identity)


def answer(request: ChatRequest) -> str:
    return text_of("q", talk(Ask(id="q", request=request)))


def test_an_answer_ends_with_its_figures(tiny_base: Path) -> None:
    *_, last = talk(Ask(id="q", request=a_question(tiny_base)))
    assert isinstance(last, Said)
    assert last.piece.done
    assert last.piece.stop_reason in ("stop", "length")
    assert 0 < last.piece.tokens <= 12
    assert last.piece.first_token_seconds > 0
    assert last.piece.tokens_per_second > 0


def test_the_length_is_a_limit(tiny_base: Path) -> None:
    *_, last = talk(Ask(id="q", request=a_question(tiny_base, max_new_tokens=2)))
    assert isinstance(last, Said)
    assert (last.piece.tokens, last.piece.stop_reason) == (2, "length")


def test_answers_take_turns_and_are_what_each_would_be_alone(tiny_base: Path, adapters: list[str]) -> None:
    """Base and adapters of one base alternate token by token; none may leak into another."""
    requests = {
        "base": a_question(tiny_base),
        "one": a_question(tiny_base, adapters[0]),
        "two": a_question(tiny_base, adapters[1]),
    }
    alone = {identity: answer(request) for identity, request in requests.items()}
    assert len(set(alone.values())) == 3
    said = talk(*(Ask(id=identity, request=request) for identity, request in requests.items()))
    assert {identity: text_of(identity, said) for identity in requests} == alone
    first_of_two = next(place for place, message in enumerate(said) if message.id == "two")
    last_of_base = max(place for place, message in enumerate(said) if message.id == "base")
    assert first_of_two < last_of_base


def test_an_adapter_that_was_written_anew_is_loaded_anew(tiny_base: Path, adapters: list[str], tmp_path: Path) -> None:
    mine = tmp_path / "adapter"
    mine.mkdir()
    for path in Path(adapters[0]).iterdir():
        (mine / path.name).write_bytes(path.read_bytes())
    incoming: Incoming = queue.SimpleQueue()
    output = io.BytesIO()
    worker = ChatWorker(incoming, output, SystemClock(), ROOM)
    texts = []
    for number in (1, 2):
        incoming.put(Ask(id=str(number), request=a_question(tiny_base, str(mine))).model_dump_json().encode())
        worker.take_turns()
        while worker.has_work:
            worker.take_turns()
        said = [FromChatWorker.validate_json(line) for line in output.getvalue().splitlines()]
        texts.append(text_of(str(number), said))
        (mine / "adapter_model.safetensors").write_bytes((Path(adapters[1]) / "adapter_model.safetensors").read_bytes())
    assert texts == [answer(a_question(tiny_base, adapters[0])), answer(a_question(tiny_base, adapters[1]))]


def test_a_third_base_takes_the_place_of_the_one_used_least_lately(tiny_base: Path, tmp_path: Path) -> None:
    others = [a_model_folder(tmp_path / name, seed) for seed, name in ((3, "second"), (4, "third"))]
    said = talk(*(Ask(id=str(n), request=a_question(base)) for n, base in enumerate([tiny_base, *others, tiny_base])))
    assert text_of("0", said) == text_of("3", said)
    assert not any(isinstance(message, Refused) for message in said)


def test_a_withdrawn_question_gets_no_further_word(tiny_base: Path) -> None:
    said = talk(
        Ask(id="q", request=a_question(tiny_base)), Withdraw(id="q"), Ask(id="r", request=a_question(tiny_base))
    )
    assert {message.id for message in said} == {"r"}


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"text": "a" * 3000}, "chat.too_long"),
        ({"adapter": "/no/such/adapter"}, "chat.adapter_unusable"),
        ({"base": Path("/no/such/model")}, "models.damaged"),
        ({"messages": (ChatMessage(role="wizard", content="x"),)}, "chat.role_unknown"),
    ],
)
def test_a_question_that_cannot_be_answered_is_refused_and_the_next_one_is_answered(
    tiny_base: Path, changes: dict[str, object], code: str
) -> None:
    messages = changes.pop("messages", None)
    bad = a_question(**{"base": tiny_base, **changes})  # type: ignore[arg-type]
    if messages is not None:
        bad = bad.model_copy(update={"messages": messages})
    refused, *rest = talk(Ask(id="bad", request=bad), Ask(id="good", request=a_question(tiny_base)))
    assert isinstance(refused, Refused)
    assert refused.problem.code == code
    assert text_of("good", rest) == answer(a_question(tiny_base))


def test_the_same_seed_says_the_same_and_another_seed_something_else(tiny_base: Path) -> None:
    texts = [answer(a_question(tiny_base, temperature=1.5, seed=seed)) for seed in (1, 1, 2)]
    assert texts[0] == texts[1]
    assert texts[0] != texts[2]


def test_a_sampler_draws_as_often_as_the_temperature_says() -> None:
    logits = torch.tensor([2.0, 1.0, 0.0])
    sampler = Sampler(temperature=2.0, top_p=1.0, seed=3)
    drawn = torch.bincount(torch.tensor([sampler.choose(logits) for _ in range(4000)]), minlength=3) / 4000
    assert torch.allclose(drawn, (logits / 2).softmax(-1), atol=0.03)


def test_a_nucleus_leaves_out_the_unlikely_and_always_keeps_the_likeliest() -> None:
    logits = torch.tensor([0.6, 0.3, 0.1]).log()
    assert {Sampler(1.0, 0.7, seed).choose(logits) for seed in range(60)} == {0, 1}
    assert {Sampler(1.0, 1e-9, seed).choose(logits) for seed in range(20)} == {0}


def test_temperature_0_takes_the_likeliest() -> None:
    assert Sampler(0.0, 1.0, 1).choose(torch.tensor([0.1, 0.3, 0.2])) == 1


@pytest.mark.parametrize(
    "text",
    [
        "plain",
        "H\u00f8jre \u2014 \u4f60\u597d",
        "\U0001f3bb\u200d\U0001f3a8!",
        "e\u0301 \U0001f468\u200d\U0001f469\u200d\U0001f467",
    ],
)
def test_a_stream_never_emits_half_a_character(tiny_base: Path, text: str) -> None:
    """Every byte is a token of the tiny tokenizer, so every character beyond ASCII comes in pieces."""
    renderer = load_base(tiny_base, "fp32").renderer
    stream = TextStream(renderer.decode)
    pieces = [stream.push(token) for token in renderer.text_prompt_ids(text)]
    assert "".join(pieces) + stream.rest() == text
    assert not any("\ufffd" in piece for piece in pieces)


def test_bytes_that_never_become_a_character_are_dropped_at_the_end(tiny_base: Path) -> None:
    renderer = load_base(tiny_base, "fp32").renderer
    stream = TextStream(renderer.decode)
    text = "".join(stream.push(token) for token in renderer.text_prompt_ids("ok\U0001f3bb")[:-1])
    assert text + stream.rest() == "ok"


def test_the_process_speaks_only_answers_and_ends_with_its_input(tiny_base: Path) -> None:
    question = Ask(id="q", request=a_question(tiny_base, max_new_tokens=2)).model_dump_json().encode() + b"\n"
    process = subprocess.Popen(
        [sys.executable, "-m", "luthier.engine", "chat", ROOM.model_dump_json()],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(question)
    process.stdin.flush()
    answers = [FromChatWorker.validate_json(process.stdout.readline())]
    while not (isinstance(answers[-1], Said) and answers[-1].piece.done):
        answers.append(FromChatWorker.validate_json(process.stdout.readline()))
    process.stdin.close()
    assert process.wait(60) == 0
    assert process.stdout.read() == b""
