import json
from pathlib import Path

import httpx
import pytest
from fastapi.testclient import TestClient

from luthier.domain.chats import How
from luthier.store import Store
from luthier.workspace import Workspace
from tests.builders.models import a_model_folder
from tests.builders.versions import a_version
from tests.server.conftest import listening

ASKED = {"question": "Two pegs, please.", "max_new_tokens": 5, "system": "Be brief."}


def _events(answer: httpx.Response) -> list[tuple[str, dict[str, object]]]:
    frames = [frame.split("\n", 1) for frame in answer.read().decode().strip().split("\n\n")]
    return [(kind.removeprefix("event: "), json.loads(data.removeprefix("data: "))) for kind, data in frames]


@pytest.mark.slow
def test_an_answer_is_kept_judged_exported_and_learned_from(workspace: Workspace, store: Store, tmp_path: Path) -> None:
    folder = str(a_model_folder(tmp_path / "model"))
    with store.writing() as tx:
        tx.versions.add(a_version(name="tiny", kind="model", adapter_folder=folder))
    with listening(workspace) as client:
        asked = client.post("/api/v1/chats", json=ASKED).json()
        chat_id = asked["chat_id"]
        place = f"/api/v1/chats/{chat_id}/questions/{asked['number']}/answers"
        answers = [
            _events(client.post(place, json={"target": "tiny", "column": column}, timeout=120)) for column in (0, 3)
        ]
        kinds = [kind for kind, _ in answers[0]]
        assert set(kinds[:-1]) == {"piece"} and kinds[-1] == "kept"
        assert answers[0][-1][1]["text"] == answers[1][-1][1]["text"]  # the same seed and settings
        answer_id = str(answers[0][-1][1]["answer_id"])
        judged = client.put(f"/api/v1/chats/answers/{answer_id}", json={"vote": "up", "correction": "At once."}).json()
        assert (judged["vote"], judged["correction"]) == ("up", "At once.")
        kept_vote = client.put(f"/api/v1/chats/answers/{answer_id}", json={"correction": None}).json()
        assert (kept_vote["vote"], kept_vote["correction"]) == ("up", None)
        client.put(f"/api/v1/chats/answers/{answer_id}", json={"correction": "At once."})
        sent = client.post("/api/v1/chats/send", json={"answers": [answer_id], "dataset": "good"}).json()
        assert (sent["label"], sent["examples"]) == ("good@1", 1)
        lines = client.get("/api/v1/chats/export", params={"words": "pegs"}).text.splitlines()
        assert [json.loads(line)["sent_to"] for line in lines] == [["good@1"], []]
        (found,) = client.get("/api/v1/chats", params={"words": "two pegs"}).json()["items"]
        assert (found["title"], found["questions"]) == ("Two pegs, please.", 1)
        assert client.delete(f"/api/v1/chats/{chat_id}").status_code == 204
        assert client.get(f"/api/v1/chats/{chat_id}").status_code == 404


def test_chats_come_in_pages(program: TestClient, workspace: Workspace) -> None:
    for number in range(3):
        workspace.chats.ask(workspace.chats.begin().chat_id, f"question {number}", How())
    first = program.get("/api/v1/chats", params={"limit": 2}).json()
    rest = program.get("/api/v1/chats", params={"limit": 2, "cursor": first["next"]}).json()
    assert [item["title"] for item in (*first["items"], *rest["items"])] == ["question 2", "question 1", "question 0"]
    assert rest["next"] is None


@pytest.mark.parametrize(
    ("method", "address", "body", "status"),
    [
        ("POST", "/api/v1/chats", {"question": "  "}, 422),
        ("POST", "/api/v1/chats", {"question": "x", "temperature": 9}, 422),
        ("POST", "/api/v1/chats/chat_none/questions", ASKED, 404),
        ("POST", "/api/v1/chats/chat_none/questions/0/answers", {"target": "x"}, 404),
        ("PUT", "/api/v1/chats/answers/chat_none.1.1", {"vote": "up"}, 404),
        ("PUT", "/api/v1/chats/answers/chat_none.1.1", {"vote": "sideways"}, 422),
        ("POST", "/api/v1/chats/send", {"answers": [], "dataset": "x"}, 422),
        ("POST", "/api/v1/chats/send", {"answers": ["chat_none.1.1"], "dataset": "x"}, 404),
    ],
)
def test_what_makes_no_sense_is_refused(
    program: TestClient, method: str, address: str, body: dict[str, object], status: int
) -> None:
    answer = program.request(method, address, json=body)
    assert answer.status_code == status, answer.text
    assert answer.json()["actions"]
