from pathlib import Path

from fastapi.testclient import TestClient

from luthier.domain.versions import Version
from luthier.store import Store
from luthier.workspace import Workspace
from tests.builders.deployments import a_deployment, a_turn
from tests.server.jobs import ended
from tests.services.registered import registered


def two(store: Store, workspace: Workspace) -> tuple[Version, Version]:
    return registered(store, workspace.folders), registered(store, workspace.folders, number="0.2.0")


def test_versions_are_searched_tagged_noted_and_registered_again(
    program: TestClient, store: Store, workspace: Workspace
) -> None:
    first, second = two(store, workspace)
    path = f"/api/v1/versions/{first.version_id}"
    assert program.post(f"{path}/tags", json={"tag": "kept"}).json()["tags"] == ["kept"]
    assert program.put(f"{path}/note", json={"text": "in verse"}).json()["notes"] == "in verse"
    listed = program.get("/api/v1/versions", params={"q": "verse", "tag": "kept"}).json()["items"]
    assert [each["version_id"] for each in listed] == [first.version_id]
    assert program.delete(path).status_code == 409
    assert program.delete(f"{path}/tags/kept").json()["tags"] == []
    made = program.post("/api/v1/versions", json={"source": "orders@0.1.0", "number": "1.0.0"})
    assert (made.status_code, made.json()["label"]) == (201, "orders@1.0.0")
    assert program.get("/api/v1/versions/orders").json()["label"] == "orders@1.0.0"
    compared = program.get("/api/v1/versions/compare", params={"first": first.label, "second": second.label}).json()
    assert compared["sentence"].startswith("They answered no example in common")


def test_slots_are_shown_and_emptied_and_a_wrong_one_is_refused(
    program: TestClient, store: Store, workspace: Workspace
) -> None:
    first, second = two(store, workspace)
    with store.writing() as tx:
        tx.deployments.put(a_deployment("clerk/orders", a_turn(first), a_turn(second)))
    shown = program.get("/api/v1/deployments/clerk/orders").json()
    assert (shown["serving"]["label"], [each["label"] for each in shown["earlier"]]) == (second.label, [first.label])
    wrong = program.put("/api/v1/deployments/Clerk/orders", json={"version": "orders"})
    assert (wrong.status_code, wrong.json()["code"]) == (422, "deployments.slot_wrong")
    assert program.delete("/api/v1/deployments/clerk/orders").status_code == 200
    assert program.get("/api/v1/deployments").json()["items"] == []


def test_a_rollout_is_begun_watched_and_says_why_nothing_changed(
    program: TestClient, store: Store, workspace: Workspace
) -> None:
    first, _ = two(store, workspace)
    (Path(first.adapter_folder) / first.weights_file).write_bytes(b"tampered with")
    begun = program.put("/api/v1/deployments/clerk/orders", json={"version": first.label})
    done = ended(program, begun, "rollouts", "rollout_id")
    assert (done["state"], done["problem"]["code"]) == ("failed", "deployments.trial_failed")
    assert program.get("/api/v1/deployments").json()["items"] == []
    again = program.post(f"/api/v1/rollouts/{done['rollout_id']}/restart").json()
    assert program.post(f"/api/v1/rollouts/{again['rollout_id']}/cancel").status_code == 200
    assert [each["rollout_id"] for each in program.get("/api/v1/rollouts").json()["items"]] == [again["rollout_id"]]
    assert program.get("/api/v1/rollouts/rollout_none").status_code == 404


def test_models_of_v1_begin_with_the_slots(program: TestClient, store: Store, workspace: Workspace) -> None:
    first, _ = two(store, workspace)
    with store.writing() as tx:
        tx.deployments.put(a_deployment("clerk/orders", a_turn(first)))
    assert program.get("/v1/models").json()["data"][0]["id"] == "clerk/orders"


def test_the_disk_is_told_item_by_item_and_only_what_is_offered_goes(
    program: TestClient, store: Store, workspace: Workspace
) -> None:
    first, second = two(store, workspace)
    told = program.get("/api/v1/disk").json()
    assert [item["item_id"] for item in told["items"] if item["may_go"]] == [first.version_id]
    refused = program.post("/api/v1/disk/clean-up", json={"items": [second.version_id]})
    assert (refused.status_code, refused.json()["code"]) == (409, "disk.not_offered")
    done = program.post("/api/v1/disk/clean-up", json={"items": [first.version_id]}).json()
    assert done["freed_bytes"] > 0
    assert not Path(first.adapter_folder).exists()


def test_what_cannot_be_merged_is_refused_before_anything_begins(
    program: TestClient, store: Store, workspace: Workspace
) -> None:
    two(store, workspace)
    registered(store, workspace.folders, name="other", base_revision="ab" * 20, base_name="another")
    registered(store, workspace.folders, name="whole", kind="model")
    for versions, code in ((["orders", "other"], "merges.do_not_fit"), (["orders", "whole"], "merges.do_not_fit")):
        answer = program.post("/api/v1/merges", json={"versions": versions})
        assert answer.json()["code"] == code
    weights = {"versions": ["orders@0.1.0", "orders"], "request": {"weights": [1, 2, 3]}}
    assert program.post("/api/v1/merges", json=weights).json()["code"] == "merges.refused"
    assert program.get("/api/v1/merges").json()["items"] == []
