import json
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

DATASETS = "/api/v1/datasets"


@pytest.fixture
def client(program: TestClient, tmp_path: Path) -> TestClient:
    path = tmp_path / "orders.jsonl"
    asked = [("oak " * number, number) for number in range(20)]
    rows = [{"prompt": f"{woods}{at}?", "completion": f"mail ada@lute.org {at}"} for woods, at in asked]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert program.post(DATASETS, json={"path": str(path)}).status_code == 201
    return program


def derive(client: TestClient, what: str, **parameters: Any) -> list[dict[str, Any]]:
    made = client.post(f"{DATASETS}/orders/derive", json={"what": what, "parameters": parameters})
    assert made.status_code == 201, made.text
    found: list[dict[str, Any]] = made.json()["datasets"]
    return found


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
    copied = client.post(f"{DATASETS}/orders/derive", json={"what": "repair", "name": "copy"})
    assert copied.json()["datasets"][0]["label"] == "copy@1"
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
        ({"what": "paraphrase", "parameters": {"model": "x"}}, 422),
        ({"what": "split", "parameters": {"shares": {"a": 3}}}, 422),
        ({"what": "filter", "parameters": {"containing": "zebra"}}, 422),
        ({"what": "mix", "parameters": {"weights": [1, 2]}}, 422),
        ({"what": "redact", "name": "a@b"}, 422),
    ],
)
def test_what_cannot_be_derived_is_a_problem(client: TestClient, body: dict[str, Any], status: int) -> None:
    answer = client.post(f"{DATASETS}/orders/derive", json=body)
    assert (answer.status_code, bool(answer.json()["detail"])) == (status, True), answer.text
