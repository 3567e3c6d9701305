"""A judging endpoint is asked as OpenAI's protocol has it, and what goes wrong there is told."""

import json

import pytest
from pydantic import SecretStr

from luthier.connectors.judge import judge_endpoint
from luthier.domain.chat import ChatMessage
from luthier.domain.evaluations import JudgeUnreachable
from luthier.settings import Settings
from tests.kit.loopback import Exchange, loopback

ASKED = (ChatMessage(role="user", content="Mark it."),)


def settings(address: str, **more: object) -> Settings:
    return Settings(judge_url=f"{address}/v1", judge_model="judge-1", judge_key=SecretStr("sk-secret"), **more)


def test_the_judge_gets_the_question_and_its_key() -> None:
    bodies = []

    def script(exchange: Exchange) -> None:
        bodies.append(json.loads(exchange.rfile.read(int(exchange.headers["Content-Length"]))))
        exchange.answer(200, json.dumps({"choices": [{"message": {"content": "4"}}]}).encode())

    with loopback(script) as server:
        ask = judge_endpoint(settings(server.address))
        assert ask is not None
        assert ask(ASKED, 16) == "4"
        ((path, headers),) = server.seen
    assert path == "/v1/chat/completions"
    assert headers["Authorization"] == "Bearer sk-secret"
    assert bodies[0]["messages"] == [{"role": "user", "content": "Mark it."}]
    assert (bodies[0]["model"], bodies[0]["temperature"], bodies[0]["max_tokens"]) == ("judge-1", 0, 16)


@pytest.mark.parametrize(
    ("status", "body", "reason"),
    [
        (401, b'{"error": {"message": "wrong key"}}', "wrong key"),
        (200, b'{"choices": []}', "no chat completion"),
        (200, b"<html>", "not JSON"),
    ],
)
def test_a_judge_that_does_not_judge_is_told_without_its_key(status: int, body: bytes, reason: str) -> None:
    with loopback(lambda exchange: exchange.answer(status, body)) as server:
        ask = judge_endpoint(settings(server.address))
        assert ask is not None
        with pytest.raises(JudgeUnreachable, match=reason) as raised:
            ask(ASKED, 16)
    assert "sk-secret" not in raised.value.problem.model_dump_json()


def test_a_judge_that_is_not_there_or_not_allowed_offline_is_told() -> None:
    gone = judge_endpoint(settings("http://127.0.0.1:9"))
    away = judge_endpoint(settings("http://93.184.216.34", offline=True))
    assert gone is not None and away is not None
    with pytest.raises(JudgeUnreachable):
        gone(ASKED, 16)
    with pytest.raises(JudgeUnreachable, match="offline"):
        away(ASKED, 16)


def test_without_an_address_there_is_no_judge() -> None:
    assert judge_endpoint(Settings()) is None
