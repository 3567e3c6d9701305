import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi.testclient import TestClient

from luthier.workspace import Workspace
from tests.builders.models import a_model_folder
from tests.server.conftest import listening


def _question(target: object, **changes: Any) -> dict[str, Any]:
    return {"target": str(target), "messages": [{"role": "user", "content": "Good morning"}], **changes}


def _events(answer: httpx.Response) -> Iterator[tuple[str, dict[str, Any]]]:
    kind = ""
    for line in answer.iter_lines():
        name, _, value = line.partition(": ")
        if name == "event":
            kind = value
        elif name == "data":
            yield kind, json.loads(value)


def test_a_target_that_does_not_exist_is_a_problem_not_a_stream(program: TestClient) -> None:
    answer = program.post("/api/v1/chat", json=_question("nobody"))
    assert (answer.status_code, answer.json()["code"]) == (404, "chat.target_not_found")


@pytest.mark.parametrize(
    "changes",
    [
        {"messages": []},
        {"messages": [{"role": "wizard", "content": "x"}]},
        {"max_new_tokens": 0},
        {"temperature": -1},
        {"top_p": 0},
        {"seed": -1},
        {"target": ""},
    ],
)
def test_a_senseless_question_is_refused(program: TestClient, changes: dict[str, Any]) -> None:
    assert program.post("/api/v1/chat", json={**_question("starter"), **changes}).status_code == 422


@pytest.mark.slow
def test_an_answer_streams_from_a_real_model_and_leaving_frees_it_for_the_next(
    workspace: Workspace, tmp_path: Path
) -> None:
    model = a_model_folder(tmp_path / "model")
    with listening(workspace) as client:
        long = _question(model, max_new_tokens=900, temperature=1.0)
        with client.stream("POST", "/api/v1/chat", json=long, timeout=120) as answer:
            kind, piece = next(_events(answer))
            assert (kind, piece["done"]) == ("piece", False)
        short = _question(model, max_new_tokens=5)
        with client.stream("POST", "/api/v1/chat", json=short, timeout=60) as answer:
            pieces = [piece for kind, piece in _events(answer) if kind == "piece"]
    assert pieces[-1]["done"] and pieces[-1]["tokens"] <= 5
    assert pieces[-1]["stop_reason"] in ("length", "stop")


@pytest.mark.slow
def test_a_model_that_cannot_be_loaded_is_a_problem_at_the_end_of_the_stream(
    workspace: Workspace, tmp_path: Path
) -> None:
    model = a_model_folder(tmp_path / "model")
    config = json.loads((model / "config.json").read_text())
    (model / "config.json").write_text(
        json.dumps(config | {"hidden_size": 64, "head_dim": 16})
    )  # not what the weights are
    with (
        listening(workspace) as client,
        client.stream("POST", "/api/v1/chat", json=_question(model), timeout=120) as answer,
    ):
        assert answer.status_code == 200
        (kind, problem) = list(_events(answer))[-1]
    assert kind == "problem"
    assert problem["detail"] and problem["code"] and "Traceback" not in json.dumps(problem)
