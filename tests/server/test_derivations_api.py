import json
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from tests.server.jobs import ended

DATASETS = "/api/v1/datasets"
JOBS = "/api/v1/dataset-jobs"


@pytest.fixture
def client(program: TestClient, tmp_path: Path) -> TestClient:
    path = tmp_path / "orders.jsonl"
    asked = [("oak " * number, number) for number in range(20)]
    rows = [{"prompt": f"{woods}{at}?", "completion": f"mail ada@lute.org {at}"} for woods, at in asked]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert program.post(DATASETS, json={"path": str(path)}).status_code == 201
    return program


def derive(client: TestClient, what: str, name: str | None = None, **parameters: Any) -> list[dict[str, Any]]:
    body = {"what": what, "parameters": parameters, "name": name}
    job = ended(client, client.post(f"{DATASETS}/orders/derive", json=body))
    assert job["state"] == "done", job
    return [client.get(f"{DATASETS}/{label}").json() for label in job["made"]]


def test_a_dataset_is_derived_and_traced_back(client: TestClient, tmp_path: Path) -> None:
    (clean,) = derive(client, "redact")
    assert (clean["label"], clean["made_by"]["counts"]) == ("orders@2", {"changed": 20})
    train, test = derive(client, "split", shares={"test": 0.25}, near=1)
    assert (train["examples"], test["label"]) == (15, "orders-test@1")
    lineage = client.get(f"{DATASETS}/orders-test/lineage").json()
    assert lineage["parents"][0]["parents"][0]["label"] == "orders@1"
    assert str(tmp_path) not in json.dumps(lineage)
    diff = client.get(f"{DATASETS}/diff", params={"before": "orders@1", "after": "orders", "limit": 2}).json()
    assert (diff["changed"], diff["unchanged"], len(diff["shown"])) == (20, 0, 2)


def test_rows_are_searched_page_by_page(client: TestClient) -> None:
    first = client.get(f"{DATASETS}/orders/search", params={"text": "OAK", "limit": 15}).json()
    second = client.get(f"{DATASETS}/orders/search", params={"text": "oak", "after": first["next"]}).json()
    assert first["positions"] + second["positions"] == list(range(1, 20))
    assert second["next"] is None


def test_every_version_is_listed_once_also_when_two_names_share_a_content(client: TestClient) -> None:
    (copied,) = derive(client, "repair", name="copy")
    assert copied["label"] == "copy@1"
    derive(client, "redact")
    labels: list[str] = []
    cursor: str | None = None
    for _ in range(3):
        page = client.get(DATASETS, params={"limit": 1} | ({"cursor": cursor} if cursor else {})).json()
        labels += [item["label"] for item in page["items"]]
        cursor = page["next"]
    assert (labels, cursor) == (["orders@2", "copy@1", "orders@1"], None)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"what": "melt"}, 422),
        ({"what": "paraphrase"}, 422),
        ({"what": "split", "parameters": {"shares": {"a": 3}}}, 422),
        ({"what": "filter", "parameters": {"without": ["ugly"]}}, 422),
        ({"what": "mix", "parameters": {"weights": [1, 2]}}, 422),
        ({"what": "redact", "name": "a@b"}, 422),
    ],
)
def test_what_cannot_be_derived_is_a_problem(client: TestClient, body: dict[str, Any], status: int) -> None:
    answer = client.post(f"{DATASETS}/orders/derive", json=body)
    assert (answer.status_code, bool(answer.json()["detail"])) == (status, True), answer.text


def test_what_only_the_examples_can_refuse_fails_the_work_and_says_why(client: TestClient) -> None:
    body = {"what": "filter", "parameters": {"containing": "zebra"}}
    job = ended(client, client.post(f"{DATASETS}/orders/derive", json=body))
    assert (job["state"], job["problem"]["code"]) == ("failed", "derivations.leaves_nothing")
    body = {"what": "paraphrase", "parameters": {"model": "nobody"}}
    job = ended(client, client.post(f"{DATASETS}/orders/derive", json=body))
    assert (job["state"], "nobody" in job["problem"]["sentence"]) == ("failed", True)


def test_a_difference_is_made_in_the_background_and_read_page_by_page(client: TestClient) -> None:
    derive(client, "redact")
    pair = {"before": "orders@1", "after": "orders@2"}
    job = ended(client, client.post(f"{DATASETS}/diff", json=pair))
    assert (job["state"], job["work"]["kind"]) == ("done", "compare")
    page = client.get(f"{DATASETS}/diff/rows", params=pair | {"kind": "changed", "offset": 18}).json()
    assert (page["total"], len(page["changes"])) == (20, 2)
    change = page["changes"][0]
    assert "ada@lute.org" in str(change["before"]) and "[EMAIL_1]" in str(change["after"])
    assert client.get(f"{DATASETS}/diff/rows", params=pair | {"kind": "added"}).json()["changes"] == []


def test_work_is_listed_and_a_finished_one_is_not_begun_again(client: TestClient) -> None:
    job = ended(client, client.post(f"{DATASETS}/orders/derive", json={"what": "repair"}))
    assert job["changed_nothing"] and job["made"] == ["orders@1"]
    assert client.get(JOBS).json()["items"] == [job]
    assert client.post(f"{JOBS}/{job['job_id']}/cancel").json() == job
    again = client.post(f"{JOBS}/{job['job_id']}/restart")
    assert (again.status_code, again.json()["code"]) == (409, "dataset_jobs.done")
    assert client.get(f"{JOBS}/job_none").json()["code"] == "dataset_jobs.not_found"
