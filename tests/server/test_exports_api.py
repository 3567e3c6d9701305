"""Exports over HTTP."""

from pathlib import Path

from fastapi.testclient import TestClient

from luthier.workspace import Workspace
from tests.builders import a_version
from tests.builders.exports import an_export


def kept(workspace: Workspace, folder: Path) -> str:
    """An export that is done, with its one file."""
    version = a_version()
    made = an_export(folder=str(folder), version=version.label, version_id=version.version_id)
    (folder / made.files[0].name).write_bytes(b"GGUF")
    with workspace._store.writing() as tx:
        tx.versions.add(version)
        tx.exports.add(made)
    return made.export_id


def test_exports_are_listed_shown_and_removed(program: TestClient, workspace: Workspace, tmp_path: Path) -> None:
    export_id = kept(workspace, tmp_path)
    (listed,) = program.get("/api/v1/exports", params={"version": "orders"}).json()["items"]
    assert (listed["export_id"], listed["state"], listed["bytes"]) == (export_id, "done", 144_000_000)
    assert program.get(f"/api/v1/exports/{export_id}").json()["parity"][0]["checks"][0]["passed"]
    assert program.delete(f"/api/v1/exports/{export_id}").status_code == 200
    assert program.get(f"/api/v1/exports/{export_id}").json()["code"] == "exports.not_found"


def test_only_files_that_the_export_lists_can_be_fetched(
    program: TestClient, workspace: Workspace, tmp_path: Path
) -> None:
    export_id = kept(workspace, tmp_path)
    (tmp_path / "secret.txt").write_text("no")
    assert program.get(f"/api/v1/exports/{export_id}/files/orders-0.1.0-Q8_0.gguf").content == b"GGUF"
    for name in ("secret.txt", "..%2F..%2Fluthier.db", "/etc/passwd"):
        assert program.get(f"/api/v1/exports/{export_id}/files/{name}").status_code == 404


def test_what_cannot_be_made_is_refused_at_once(program: TestClient, workspace: Workspace, tmp_path: Path) -> None:
    kept(workspace, tmp_path)
    unknown = program.post("/api/v1/exports", json={"version": "nobody"})
    assert (unknown.status_code, unknown.json()["code"]) == (404, "versions.not_found")
    refused = program.post("/api/v1/exports", json={"version": "orders", "quant": "Q9_9"})
    assert (refused.json()["code"], "Q8_0" in refused.json()["detail"]) == ("exports.unsupported", True)
    done = program.post(f"/api/v1/exports/{workspace.exports.list()[0].export_id}/restart")
    assert (done.status_code, done.json()["code"]) == (409, "exports.done")


def test_an_export_of_another_form_is_not_for_ollama(program: TestClient, workspace: Workspace, tmp_path: Path) -> None:
    answer = program.post(f"/api/v1/exports/{kept(workspace, tmp_path)}/ollama", json={})
    assert answer.json()["code"] == "ollama.wrong_form"
