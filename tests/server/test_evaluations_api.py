"""Evaluations, votes, suites, gates and quality reports over HTTP."""

import pytest
from fastapi.testclient import TestClient

from luthier.domain.evaluations import Evaluation
from luthier.services.run_quality import write_quality
from luthier.workspace import Workspace
from tests.builders import a_run, a_version
from tests.builders.evaluations import an_evaluation
from tests.builders.suites import an_evaluation_of, an_outcome
from tests.evaluation.test_quality import training

FORM = {"x-luthier": "1"}
SUITE = "name: mine\ncases: [{prompt: a, expected: b}]\n"


def kept(workspace: Workspace, **changes: str | None) -> Evaluation:
    outcomes = tuple(an_outcome(str(at), 1.0, 0.0) for at in range(3))
    evaluation = an_evaluation_of(outcomes, **changes)
    with workspace._store.writing() as tx:
        tx.evaluations.add(evaluation, outcomes)
    return evaluation


def test_evaluations_are_listed_shown_and_removed(program: TestClient, workspace: Workspace) -> None:
    version = a_version()
    with workspace._store.writing() as tx:
        tx.versions.add(version)
    mine = kept(workspace, target_version=version.version_id)
    kept(workspace, suite="others")
    (listed,) = program.get("/api/v1/evaluations", params={"version": "orders"}).json()["items"]
    assert listed["evaluation_id"] == mine.evaluation_id
    assert [each["suite"] for each in program.get("/api/v1/evaluations").json()["items"]] == ["others", "sums"]
    shown = program.get(f"/api/v1/evaluations/{mine.evaluation_id}").json()
    assert shown["figures"][0]["difference"]["verdict"] == "open"
    page = program.get(f"/api/v1/evaluations/{mine.evaluation_id}/cases", params={"limit": 2}).json()
    assert (len(page["items"]), page["next"]) == (2, "1")
    assert program.delete(f"/api/v1/evaluations/{mine.evaluation_id}").status_code == 200
    gone = program.get(f"/api/v1/evaluations/{mine.evaluation_id}")
    assert (gone.status_code, gone.json()["code"]) == (404, "evaluations.not_found")


def test_what_cannot_be_asked_is_refused_at_once(program: TestClient) -> None:
    unknown = program.post("/api/v1/evaluations", json={"target": "nobody", "suite": "refusal"})
    assert (unknown.status_code, unknown.json()["code"]) == (404, "chat.target_not_found")
    assert program.post("/api/v1/evaluations", json={"target": "a", "scorers": ["magic"]}).status_code == 422


def test_the_form_takes_a_task_of_the_harness_a_judge_and_a_number_of_cases(browser: TestClient) -> None:
    form = {"target": "nobody", "suite": "refusal", "against": "", "task": "", "judge": "", "most_cases": ""}
    unknown = browser.post("/evaluations", data=form, headers=FORM)
    assert "nobody" in unknown.text
    missing = browser.post("/evaluations", data=form | {"task": " hellaswag "}, headers=FORM)
    assert "lm-eval is not installed" in missing.text and "pip install" in missing.text
    judged = browser.post("/evaluations", data=form | {"judge": "no-judge", "target": "starter"}, headers=FORM)
    assert "no-judge" in judged.text
    assert browser.post("/evaluations", data=form | {"most_cases": "0"}, headers=FORM).status_code >= 400


def test_votes_are_cast_without_knowing_for_whom(program: TestClient, workspace: Workspace) -> None:
    evaluation = kept(workspace)
    address = f"/api/v1/evaluations/{evaluation.evaluation_id}/votes"
    for voted in range(3):
        pair = program.get(address).json()["next"]
        assert pair["voted"] == voted
        assert not {"target", "against", "answer"} & pair.keys()
        better = "first" if "target" in pair["first"] else "second"
        votes = program.post(address, json={"case_id": pair["case_id"], "better": better}).json()
    assert (votes["next"], votes["result"]["target"], votes["result"]["verdict"]) == (None, 3, "open")
    wrong = program.post(address, json={"case_id": "99", "better": "first"})
    assert wrong.json()["code"] == "evaluations.case_not_found"


def test_suites_are_checked_kept_and_gated(program: TestClient) -> None:
    names = [suite["name"] for suite in program.get("/api/v1/suites").json()["items"]]
    assert "tool-calls" in names
    wrong = program.post("/api/v1/suites/check", json={"text": "cases: [{promt: a}]", "file_name": "mine.yaml"})
    assert (wrong.json()["code"], "line 1" in wrong.json()["detail"]) == ("suites.invalid", True)
    assert program.post("/api/v1/suites", json={"text": SUITE}).status_code == 201
    assert program.get("/api/v1/suites/mine").json()["cases"][0]["expected"] == "b"
    assert program.get("/api/v1/suites/..%2F..%2Fluthier.db").status_code == 404
    assert program.put("/api/v1/gates/mine", json={"allowed_drop": 0.1}).json() == {
        "suite": "mine",
        "allowed_drop": 0.1,
    }
    assert program.get("/api/v1/gates").json() == [{"suite": "mine", "allowed_drop": 0.1}]
    assert program.delete("/api/v1/gates/mine").status_code == 204
    assert program.delete("/api/v1/gates/mine").json()["code"] == "gates.not_found"
    assert program.delete("/api/v1/suites/mine").status_code == 200
    assert program.delete("/api/v1/suites/refusal").json()["code"] == "suites.built_in"


def test_a_gates_verdict_is_told(program: TestClient, workspace: Workspace) -> None:
    champion, candidate = a_version(number="0.1.0"), a_version(number="0.2.0")
    with workspace._store.writing() as tx:
        tx.versions.add(champion)
        tx.versions.add(candidate)
    program.put("/api/v1/gates/refusal", json={})
    asked = {"champion": champion.version_id}
    verdict = program.get(f"/api/v1/gates/verdicts/{candidate.version_id}", params=asked).json()
    assert (verdict["passed"], "--suite refusal" in verdict["checks"][0]["command"]) == (False, True)


@pytest.fixture
def reported(workspace: Workspace) -> str:
    run = a_run(name="orders-run")
    with workspace._store.writing() as tx:
        tx.runs.add(run)
    write_quality(workspace.folders.run(run.run_id), an_evaluation(), training())
    return run.run_id


def test_the_quality_report_is_there_as_json_and_as_a_page(
    program: TestClient, workspace: Workspace, reported: str
) -> None:
    report = program.get(f"/api/v1/evaluations/quality/{reported}").json()
    assert report["formula"].endswith(f"= {report['score']}")
    page = program.get(f"/api/v1/evaluations/quality/{reported}/page")
    assert page.headers["content-type"].startswith("text/html")
    assert "attachment" in page.headers["content-disposition"]
    other = a_run(name="younger")
    with workspace._store.writing() as tx:
        tx.runs.add(other)
    missing = program.get("/api/v1/evaluations/quality/younger")
    assert (missing.status_code, missing.json()["code"]) == (404, "evaluations.no_quality_report")


def test_the_pages_show_figures_votes_and_reports(browser: TestClient, workspace: Workspace, reported: str) -> None:
    evaluation = kept(workspace)
    listed = browser.get("/evaluations").text
    assert all(words in listed for words in ("orders@0.1.0", "no proven difference", "tool-calls"))
    shown = browser.get(f"/evaluations/{evaluation.evaluation_id}").text
    assert all(words in shown for words in ("Vote blindly", "McNemar, exact", "<svg"))
    voting = browser.get(f"/evaluations/{evaluation.evaluation_id}/vote").text
    assert "orders@0.1.0" not in voting.partition("<main")[2]
    voted = browser.post(
        f"/evaluations/{evaluation.evaluation_id}/vote", data={"case_id": "0", "better": "tie"}, headers=FORM
    )
    assert voted.headers["hx-redirect"].endswith("/vote")
    assert "1 tie" in browser.get(f"/evaluations/{evaluation.evaluation_id}").text
    assert "Points that may be lost" in browser.get("/evaluations/suites/refusal").text
    browser.post("/evaluations/suites/refusal/gate", data={"allowed_points": "2"}, headers=FORM)
    assert "at most 2 points" in browser.get("/evaluations").text
    assert "Quality report" in browser.get(f"/runs/{reported}").text


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"name: a\ncases:\n  - prompt: caf\xe9\n", "line 3: this is no text in UTF-8"),
        (b'{"prompt": "a", "expected": "b"}\n' * 40_000, "The body is larger than the 1.0 MB that this address takes."),
    ],
)
def test_a_file_that_is_no_suite_is_refused_whole_and_says_where(
    browser: TestClient, content: bytes, said: str
) -> None:
    answer = browser.post("/evaluations/add-suite", files={"file": ("own.jsonl", content)}, headers=FORM)
    assert said in answer.text
    assert "Keep it as" not in answer.text
