import json
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from luthier.domain.errors import Problem
from luthier.domain.health import Anomaly, AnomalyKind
from luthier.domain.logs import LogLine
from luthier.domain.run_states import RunState
from luthier.domain.runs import Lease, MetricPoint, Run
from luthier.store import Store
from luthier.workspace import Workspace
from tests.builders import a_checkpoint, a_moment, a_plan, a_run


def _keep(store: Store, *runs: Run) -> None:
    with store.writing() as tx:
        for run in runs:
            tx.runs.add(run)


def test_a_run_shows_what_can_be_asked_of_it_and_nothing_of_the_machinery(program: TestClient, store: Store) -> None:
    problem = Problem(code="runs.out_of_memory", sentence="It was too much.", details="Traceback /home/me/x.py")
    _keep(store, a_run(name="orders", state=RunState.FAILED, problem=problem, adapter_folder="/w/adapter", token=7))
    answer = program.get("/api/v1/runs/orders")
    run: dict[str, Any] = answer.json()
    assert run["state"] == "failed" and run["wishes"] == ["resume", "retry", "cancel"]
    assert run["problem"] == {
        "code": "runs.out_of_memory",
        "sentence": "It was too much.",
        "actions": [],
        "help": "/help/errors/runs.out_of_memory",
    }
    assert run["adapter_path"] == "/w/adapter"
    assert run["created_at"] == "2026-05-04T09:30:00.123456Z"
    for hidden in ("Traceback", "base_folder", "/models/starter", "token", "journal"):
        assert f'"{hidden}"' not in answer.text and "Traceback" not in answer.text


def test_the_list_is_paged_newest_first_without_gap_or_repetition(program: TestClient, store: Store) -> None:
    runs = [a_run(name=f"run-{number}") for number in range(7)]
    _keep(store, *runs)
    seen: list[str] = []
    cursor = None
    while True:
        page = program.get("/api/v1/runs", params={"limit": 3} | ({"cursor": cursor} if cursor else {})).json()
        seen += [run["name"] for run in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert seen == [run.name for run in reversed(runs)]


def test_the_list_can_be_narrowed_to_states(program: TestClient, store: Store) -> None:
    states = (RunState.RUNNING, RunState.COMPLETED, RunState.FAILED)
    _keep(store, *(a_run(name=state.value, state=state) for state in states))
    page = program.get("/api/v1/runs?state=running&state=failed").json()
    assert [run["name"] for run in page["items"]] == ["failed", "running"]
    assert program.get("/api/v1/runs?state=sleeping").status_code == 422


def test_the_list_is_sorted_and_narrowed_over_its_pages(program: TestClient, store: Store) -> None:
    runs = [a_run(name=f"oak-{number}", loss=1 / (number + 1) if number else None) for number in range(5)]
    _keep(store, *runs, a_run(name="ash", loss=0.0))
    asked = {"limit": 2, "sort": "loss", "text": "oak"}
    seen: list[str] = []
    page = program.get("/api/v1/runs", params=asked).json()
    while True:
        seen += [run["name"] for run in page["items"]]
        if page["next"] is None:
            break
        page = program.get("/api/v1/runs", params=asked | {"cursor": page["next"]}).json()
    assert seen == ["oak-4", "oak-3", "oak-2", "oak-1", "oak-0"]
    assert program.get("/api/v1/runs?sort=luck").status_code == 422
    assert program.get("/api/v1/runs?method=dpo").json()["items"] == []


def test_wishes_are_granted_when_the_state_allows_them_and_refused_with_what_would_be(
    program: TestClient, store: Store
) -> None:
    _keep(store, a_run(name="orders", state=RunState.QUEUED))
    assert program.post("/api/v1/runs/orders/pause").json()["state"] == "paused"
    again = program.post("/api/v1/runs/orders/pause")
    assert (again.status_code, again.json()["code"]) == (409, "runs.move_not_allowed")
    assert "it can be resumed or stopped or cancelled or cloned" in again.json()["detail"]
    stopped = program.post("/api/v1/runs/orders/stop").json()
    assert (stopped["state"], stopped["keeps_checkpoint"]) == ("cancelled", True)
    assert program.post("/api/v1/runs/orders/resume").json()["state"] == "queued"
    cancelled = program.post("/api/v1/runs/orders/cancel").json()
    assert (cancelled["state"], cancelled["wishes"]) == ("cancelled", ["retry"])
    assert program.post("/api/v1/runs/orders/resume").json()["code"] == "runs.nothing_to_go_on_from"
    assert program.post("/api/v1/runs/orders/retry").json()["state"] == "queued"


def test_a_paused_run_shows_what_it_used_and_what_is_left(program: TestClient, store: Store) -> None:
    figures = {"rss_bytes": 900, "peak_rss_bytes": 1000, "threads": 2, "seconds_left": (20.0, 30.0)}
    _keep(store, a_run(name="orders", state=RunState.PAUSED, step=30, training_seconds=40.0, **figures))
    shown = program.get("/api/v1/runs/orders").json()
    assert {name: shown[name] for name in figures} == {**figures, "seconds_left": [20.0, 30.0]}
    assert (shown["step"], shown["total_steps"], shown["training_seconds"]) == (30, 60, 40.0)
    assert "resume" in shown["wishes"]


def test_a_run_that_waits_says_where_it_stands_and_why(program: TestClient, store: Store) -> None:
    at_work = a_run(name="oak", state=RunState.RUNNING, attempt=1, token=1)
    _keep(store, at_work, a_run(name="ash", ticket=1), a_run(name="elm", ticket=2, priority="high"))
    with store.writing() as tx:
        tx.leases.put(Lease(run_id=at_work.run_id, holder="here/1", token=1))
    shown = {run["name"]: run["queue"] for run in program.get("/api/v1/runs").json()["items"]}
    why = "It waits for its turn; oak is at work."
    assert shown == {"oak": None, "ash": {"position": 2, "why": why}, "elm": {"position": 1, "why": why}}


def test_metrics_are_curves_by_name_from_a_step_on(program: TestClient, store: Store) -> None:
    run = a_run(name="orders")
    _keep(store, run)
    with store.writing() as tx:
        points = [MetricPoint(step=step, name=name, value=step / 4) for step in (1, 2, 3) for name in ("loss", "rss")]
        tx.metrics.put(run.run_id, points)
    everything = program.get("/api/v1/runs/orders/metrics").json()
    assert [curve["name"] for curve in everything] == ["loss", "rss"]
    one = program.get("/api/v1/runs/orders/metrics?name=loss&after_step=1").json()
    assert one == [{"name": "loss", "points": [[2, 0.5], [3, 0.75]]}]


def test_a_curve_comes_in_buckets_that_get_finer_with_the_range(program: TestClient, store: Store) -> None:
    run = a_run(name="orders")
    _keep(store, run)
    with store.writing() as tx:
        tx.metrics.put(run.run_id, (MetricPoint(step=step, name="loss", value=step % 7) for step in range(1, 1001)))
    (whole,) = program.get("/api/v1/runs/orders/curves?buckets=100").json()
    assert (whole["name"], whole["points"], whole["bucket_steps"]) == ("loss", 1000, 16)
    assert whole["buckets"][1] == [16, 31, 16, pytest.approx(sum(n % 7 for n in range(16, 32)) / 16), 0.0, 6.0]
    (part,) = program.get("/api/v1/runs/orders/curves?buckets=100&first_step=500&last_step=560").json()
    assert (part["bucket_steps"], len(part["buckets"])) == (1, 61)


def test_checkpoints_are_shown_without_their_folder(program: TestClient, store: Store) -> None:
    run = a_run(name="orders")
    _keep(store, run)
    with store.writing() as tx:
        tx.checkpoints.put(a_checkpoint(run.run_id, 30))
    (checkpoint,) = program.get("/api/v1/runs/orders/checkpoints").json()
    assert checkpoint == {"step": 30, "bytes": 59_000_000, "saved_at": "2026-05-04T09:33:00.123456Z"}


def test_the_plan_comes_with_the_reason_of_every_value(program: TestClient, store: Store) -> None:
    run = a_run(name="orders")
    _keep(store, run)
    plan = program.get("/api/v1/runs/orders/plan").json()
    assert plan == json.loads(run.plan.model_dump_json())


@pytest.mark.parametrize("what", ["preflight", "preflight.html", "evaluation"])
def test_a_report_that_is_not_there_yet_is_a_problem_that_says_so(program: TestClient, store: Store, what: str) -> None:
    _keep(store, a_run(name="orders", state=RunState.PREPARING))
    answer = program.get(f"/api/v1/runs/orders/{what}")
    assert (answer.status_code, answer.json()["code"]) == (404, "runs.report_not_there")
    assert "orders is preparing" in answer.json()["detail"]


def test_the_preflight_page_is_a_file_to_keep_and_cannot_run_anything(
    program: TestClient, store: Store, workspace: Workspace
) -> None:
    run = a_run(name="orders")
    _keep(store, run)
    page = workspace.folders.run(run.run_id).preflight_page
    page.parent.mkdir(parents=True)
    page.write_text("<script>alert(1)</script>")
    answer = program.get("/api/v1/runs/orders/preflight.html")
    assert answer.headers["content-disposition"].startswith("attachment")
    assert "script-src 'self'" in answer.headers["content-security-policy"]


def test_the_log_is_its_last_lines(program: TestClient, store: Store, workspace: Workspace) -> None:
    run = a_run(name="orders", attempt=1)
    _keep(store, run)
    log: Path = workspace.folders.run(run.run_id).attempt(1).log
    log.parent.mkdir(parents=True)
    ours = LogLine(level="warning", message="It is hot.", code="x.hot", time=a_moment(), run_id=run.run_id, attempt=1)
    log.write_text("".join(f"line {number}\n" for number in range(50)) + ours.model_dump_json() + "\n")
    answer = program.get("/api/v1/runs/orders/log?lines=2").json()["lines"]
    assert [line["message"] for line in answer] == ["line 49", "It is hot."]
    (warning,) = program.get("/api/v1/runs/orders/log?level=warning").json()["lines"]
    assert (warning["level"], warning["code"], warning["run_id"], warning["attempt"]) == (
        "warning",
        "x.hot",
        run.run_id,
        1,
    )


def test_samples_come_from_what_happened(program: TestClient, store: Store) -> None:
    run = a_run(name="orders")
    _keep(store, run)
    body = {"prompt": "p", "expected": "e", "base": "b", "tuned": "t"}
    with store.writing() as tx:
        tx.events.append("run.sample", run.run_id, "worker", body, a_moment())
    assert program.get("/api/v1/runs/orders/samples").json() == [{"kind": "sample", **body}]


def test_warnings_come_oldest_first_with_what_can_be_done(program: TestClient, store: Store) -> None:
    run = a_run(name="orders")
    _keep(store, run)
    actions = [{"label": "Look at the log", "command": "luthier runs logs orders", "address": None}]
    with store.writing() as tx:
        for step in (3, 9):
            body = {"code": "runs.worker_lost", "sentence": "It ended.", "actions": actions, "step": step}
            tx.events.append("run.alert", run.run_id, "supervisor", body, a_moment())
    alerts = program.get("/api/v1/runs/orders/alerts").json()
    assert [(alert["step"], alert["actions"]) for alert in alerts] == [(3, actions), (9, actions)]


def test_remedies_are_listed_and_one_that_is_not_offered_is_refused(program: TestClient, store: Store) -> None:
    anomaly = Anomaly(kind=AnomalyKind.SPIKE, step=5, since_step=5, rows=(3,), figures={"step": "5"})
    _keep(store, a_run(name="orders", state=RunState.PAUSED, anomaly=anomaly))
    told = program.get("/api/v1/runs/orders/remedies").json()
    assert [offer["remedy"] for offer in told["offers"]] == ["skip_batch", "clip_harder", "lower_rate", "go_on"]
    assert (told["anomaly"]["kind"], told["applied"]) == ("spike", [])
    refused = program.post("/api/v1/runs/orders/remedies/halve_micro_batch")
    assert (refused.status_code, refused.json()["code"]) == (409, "runs.remedy_not_offered")
    assert program.post("/api/v1/runs/orders/remedies/prayer").status_code == 422
    _keep(store, a_run(name="well"))
    assert program.post("/api/v1/runs/well/remedies/lower_rate").json()["code"] == "runs.nothing_to_remedy"


def test_the_system_message_of_the_training_data_is_told(program: TestClient, store: Store) -> None:
    _keep(store, a_run(name="orders", plan=a_plan(system_prompt="Answer in JSON.")), a_run(name="plain"))
    told = [program.get(f"/api/v1/runs/{name}").json()["system_prompt"] for name in ("orders", "plain")]
    assert told == ["Answer in JSON.", None]


@pytest.mark.parametrize("reference", ["..%2f..%2fetc", "%00", "x" * 400, "%F0%9F%8E%BB", "a%0d%0ab"])
def test_a_hostile_reference_finds_nothing(program: TestClient, reference: str) -> None:
    assert program.get(f"/api/v1/runs/{reference}").status_code in (404, 422)
