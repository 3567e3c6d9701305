from fastapi.testclient import TestClient

from luthier.store import Store
from tests.builders import a_dataset, a_run, a_version


def found(program: TestClient, words: str) -> list[tuple[str, str]]:
    answer = program.get("/api/v1/search", params={"q": words})
    assert answer.status_code == 200, answer.text
    return [(hit["kind"], hit["label"]) for hit in answer.json()]


def test_a_term_answers_to_each_of_its_names(program: TestClient) -> None:
    for name in ("learning-rate", "Learning rate", "lr"):
        assert program.get(f"/api/v1/help/terms/{name}").json()["key"] == "learning-rate"


def test_the_glossary_is_read_page_by_page_without_a_gap(program: TestClient) -> None:
    keys: list[str] = []
    cursor = None
    while True:
        page = program.get("/api/v1/help/terms", params={"limit": 40, **({"cursor": cursor} if cursor else {})}).json()
        keys += [term["key"] for term in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert len(keys) == len(set(keys)) >= 90


def test_what_is_not_in_the_help_is_said_with_what_may_have_been_meant(program: TestClient) -> None:
    answer = program.get("/api/v1/help/terms/lorra")
    assert answer.status_code == 404 and "did you mean LoRA" in answer.json()["detail"]
    assert program.get("/api/v1/help/errors/no.such").status_code == 404
    assert program.get("/api/v1/help/documents/guide/..%2f..%2fREADME").status_code == 404


def test_documents_and_errors_are_there_to_be_read(program: TestClient) -> None:
    lines = program.get("/api/v1/help/documents", params={"limit": 200}).json()["items"]
    for line in lines:
        assert program.get(f"/api/v1/help/documents/{line['folder']}/{line['name']}").json()["title"] == line["title"]
    assert "exit code" in program.get("/api/v1/help/errors/runs.not_found").json()["says"]


def test_the_search_finds_runs_datasets_and_versions_by_name_and_by_id(program: TestClient, store: Store) -> None:
    run, dataset = a_run(name="Pegs-of-June"), a_dataset(name="pegs")
    version = a_version(run_id=run.run_id, name="pegs")
    with store.writing() as tx:
        tx.runs.add(run)
        tx.runs.add(a_run(name="frets"))
        tx.datasets.add(dataset)
        tx.versions.add(version)
    hits = found(program, "peg")
    assert ("run", "Pegs-of-June") in hits and ("dataset", "pegs@1") in hits
    assert ("version", f"pegs@{version.number}") in hits and ("run", "frets") not in hits
    assert found(program, "june pegs")[0] == ("run", "Pegs-of-June")
    assert ("run", "Pegs-of-June") in found(program, run.run_id[:12])


def test_a_name_with_signs_of_the_database_is_only_a_name(program: TestClient, store: Store) -> None:
    with store.writing() as tx:
        tx.runs.add(a_run(name="plain"))
    assert not [hit for hit in found(program, "%") if hit[0] == "run"]
    assert not [hit for hit in found(program, "_lai_") if hit[0] == "run"]
    assert not [hit for hit in found(program, "' or 1=1 --") if hit[0] == "run"]


def test_without_words_the_search_offers_what_can_be_done(program: TestClient) -> None:
    hits = found(program, "")
    assert hits[0] == ("action", "Train a model") and ("page", "Runs") in hits
