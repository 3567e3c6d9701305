"""Workspaces with nothing, little and much in them, as the pages must be able to show."""

import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson

from luthier.domain.errors import Action, Problem
from luthier.domain.findings import Finding, Level, Place
from luthier.domain.jobs import Alert, Answered, Sample
from luthier.domain.logs import LogLine
from luthier.domain.plans import Decision
from luthier.domain.run_states import RunState
from luthier.domain.runs import MetricPoint, Run
from luthier.kit.files import write_json
from luthier.services.folders import Folders
from luthier.store import Store, Transaction
from tests.builders import a_checkpoint, a_dataset, a_plan, a_recipe, a_run, a_version
from tests.builders.datasets import a_dataset_report
from tests.builders.evaluations import an_evaluation
from tests.builders.exports import an_export
from tests.builders.preflight import a_preflight_report

STEPS = 60
_REASONS = (
    Decision(
        name="epochs",
        value=2.0,
        reason="There are few examples, and two passes are enough to learn them.",
        source="data",
    ),
    Decision(
        name="learning_rate", value=1e-3, reason="Small models with LoRA learn well at this rate.", source="model"
    ),
    Decision(
        name="batch_size",
        value=8,
        reason="Large enough for a steady direction, small enough for many steps.",
        source="default",
    ),
    Decision(name="max_length", value=192, reason="The longest example has 140 tokens.", source="data"),
    Decision(name="adapter.rank", value=16, reason="It was asked for.", source="recipe"),
    Decision(name="precision", value="bf16", reason="This processor multiplies bf16 quickly.", source="machine"),
    Decision(
        name="schedule", value="linear", reason="It ends at a rate of zero, so the last steps settle.", source="default"
    ),
    Decision(name="warmup_ratio", value=0.03, reason="The first steps are the least certain.", source="default"),
    Decision(name="seed", value=7, reason="Any number will do; the same one repeats the run.", source="default"),
)


@dataclass(frozen=True)
class Scene:
    """What was put there: runs by the name of their state, and one dataset and version when there are any."""

    runs: dict[str, Run]
    dataset_id: str | None = None
    version_id: str | None = None
    export_id: str | None = None


def nothing(tx: Transaction, folders: Folders) -> Scene:
    return Scene(runs={})


def little(tx: Transaction, folders: Folders) -> Scene:
    """One run at work and one that is done."""
    dataset_id = _dataset(tx, folders)
    running = _run(tx, folders, RunState.RUNNING, "orders-2", dataset_id=dataset_id)
    done = _run(tx, folders, RunState.COMPLETED, "orders", dataset_id=dataset_id)
    return Scene(runs={"running": running, "completed": done}, dataset_id=dataset_id, version_id=_version(tx, done))


def much(tx: Transaction, folders: Folders) -> Scene:
    """A run in every state and many more, with long names and everything that can be attached."""
    dataset_id = _dataset(tx, folders)
    for number in range(60):
        name = f"experiment-with-a-rather-long-name-that-goes-on-and-on-{number}"
        _run(tx, folders, RunState.COMPLETED, name, attach=False, dataset_id=dataset_id)
    runs = {state.value: _run(tx, folders, state, f"orders-{state.value}", dataset_id=dataset_id) for state in RunState}
    version_id = _version(tx, runs["completed"])
    for number in range(2, 30):
        _version(tx, runs["completed"], number=f"0.{number}.0")
    made = an_export(version_id=version_id, version="orders@0.1.0")
    tx.exports.add(made)
    return Scene(runs=runs, dataset_id=dataset_id, version_id=version_id, export_id=made.export_id)


SCENES = {"nothing": nothing, "little": little, "much": much}


def stage(name: str, store: Store, folders: Folders) -> Scene:
    with store.writing() as tx:
        return SCENES[name](tx, folders)


def _run(tx: Transaction, folders: Folders, state: RunState, name: str, *, attach: bool = True, **more: Any) -> Run:
    now = datetime.now(UTC)
    run = a_run(
        name=name,
        state=state,
        recipe=a_recipe(name=name, data="/home/maker/data/workshop-orders.jsonl"),
        plan=a_plan(decisions=_REASONS, system_prompt="Turn the order into JSON."),
        created_at=now - timedelta(minutes=20),
        updated_at=now,
        **_progress(state),
        **_outcome(state, name, now),
        **more,
    )
    tx.runs.add(run)
    if not attach or state in (RunState.CREATED, RunState.QUEUED):
        return run
    tx.metrics.put(run.run_id, _curve(run.step))
    for step in range(15, run.step + 1, 15):
        tx.checkpoints.put(a_checkpoint(run.run_id, step, saved_at=now - timedelta(minutes=1)))
    if state in (RunState.EVALUATING, RunState.COMPLETED, RunState.FAILED):
        _told(tx, run, now)
    _reports(folders, run)
    return run


def _progress(state: RunState) -> dict[str, Any]:
    match state:
        case RunState.CREATED | RunState.QUEUED:
            return {}
        case RunState.PREPARING:
            return {"phase": "preparing", "progress_done": 130, "progress_total": 300, "attempt": 1}
        case RunState.COMPLETED | RunState.COMPLETING:
            step = STEPS
        case RunState.EVALUATING:
            step = STEPS
        case _:
            step = 34
    figures = {"step": step, "loss": _loss(step), "tokens_per_second": 312.4, "training_seconds": 3.1 * step}
    more = {"phase": "evaluating", "progress_done": 24, "progress_total": 120} if state is RunState.EVALUATING else {}
    worker = {"rss_bytes": 1_720_000_000, "threads": 2, "seconds_left": (2.6 * (STEPS - step), 3.6 * (STEPS - step))}
    return {
        **figures,
        **more,
        **worker,
        "peak_rss_bytes": 1_910_000_000,
        "attempt": 1,
        "phase": more.get("phase", "training"),
    }


def _outcome(state: RunState, name: str, now: datetime) -> dict[str, Any]:
    if state is RunState.FAILED:
        actions = (Action(label="Go on from the last checkpoint", command=f"luthier runs resume {name}"),)
        sentence = "The loss became nan at step 35; training stopped before any weight was changed by it."
        return {"problem": Problem(code="runs.loss_not_finite", sentence=sentence, actions=actions), "finished_at": now}
    if state is RunState.COMPLETED:
        summary = {"base_loss": 2.31, "tuned_loss": 0.018, "scorer": "json", "base_share": 0.05, "tuned_share": 0.95}
        return {"summary": summary, "adapter_folder": "/workspace/runs/one/adapter", "finished_at": now}
    return {}


def _loss(step: int) -> float:
    return 2.3 * math.exp(-step / 11) + 0.05 + 0.06 * math.sin(step * 2.1) ** 2


def _curve(last: int) -> list[MetricPoint]:
    points = [MetricPoint(step=step, name="loss", value=_loss(step)) for step in range(1, last + 1)]
    points += [
        MetricPoint(step=step, name="held_out_loss", value=_loss(step) * 1.1 + 0.02) for step in range(0, last + 1, 15)
    ]
    for name, value in _MACHINE.items():
        points += [
            MetricPoint(step=step, name=name, value=value * (1 + 0.1 * math.sin(step)))
            for step in range(1, last + 1, 3)
        ]
    return points


_MACHINE = {
    "learning_rate": 5e-4,
    "gradient_norm": 0.8,
    "tokens_per_second": 290.0,
    "step_seconds": 2.6,
    "cpu_share": 0.84,
    "worker_cpu_share": 0.8,
    "memory_used_bytes": 9.1e9,
    "rss_bytes": 1.7e9,
    "disk_free_bytes": 41e9,
}


def _told(tx: Transaction, run: Run, now: datetime) -> None:
    alert = Alert(
        code="health.loss_spike",
        sentence="The loss rose to three times its recent mean.",
        actions=(Action(label="Look at the examples of that step: rows 12, 40"),),
        step=21,
    )
    tx.events.append("run.alert", run.run_id, "worker", alert.model_dump(mode="json", exclude={"kind"}), now)
    for row, answer in enumerate(an_evaluation().answers[:2], 1):
        for step, text in ((0, answer.base), (15, answer.base), (30, answer.expected[:9]), (60, answer.tuned)):
            said = Answered(step=step, row=row, prompt=answer.prompt, expected=answer.expected, text=text)
            tx.events.append("run.answer", run.run_id, "worker", said.model_dump(mode="json", exclude={"kind"}), now)
    for answer in an_evaluation().answers[:3]:
        sample = Sample(prompt=answer.prompt, expected=answer.expected, base=answer.base, tuned=answer.tuned)
        tx.events.append("run.sample", run.run_id, "worker", sample.model_dump(mode="json", exclude={"kind"}), now)


def _reports(folders: Folders, run: Run) -> None:
    folder = folders.run(run.run_id)
    write_json(folder.preflight, a_preflight_report().model_dump(mode="json"))
    if run.state is RunState.COMPLETED:
        write_json(folder.evaluation, an_evaluation().model_dump(mode="json"))
    log = folder.attempt(run.attempt).log
    log.parent.mkdir(parents=True, exist_ok=True)
    lines = [_log_line(run, step) for step in range(1, 60)]
    log.write_text("A library said something.\n" + "".join(f"{line.model_dump_json()}\n" for line in lines))


def _log_line(run: Run, step: int) -> LogLine:
    if step == 21:
        spike = "The loss rose to three times its recent mean."
        return LogLine(level="warning", message=spike, code="health.loss_spike", time=run.updated_at, run_id=run.run_id)
    message = f"step {step}: loss {_loss(step):.4f}"
    return LogLine(level="info", message=message, time=run.updated_at, run_id=run.run_id, attempt=run.attempt)


def _dataset(tx: Transaction, folders: Folders) -> str:
    row = {
        "messages": [
            {"role": "user", "content": "Could I get 12 ebony pegs by the 3rd of May? Thanks, A. Customer"},
            {"role": "assistant", "content": '{"customer":"A. Customer","items":[{"name":"ebony peg","quantity":12}]}'},
        ]
    }
    warning = Finding(
        code="dataset.duplicate",
        level=Level.WARNING,
        sentence="This example stands in the file twice.",
        place=Place(file="orders.jsonl", line=9, row=9),
    )
    dataset = a_dataset(report=a_dataset_report(findings=(warning,)), examples=24, created_at=datetime.now(UTC))
    tx.datasets.add(dataset)
    examples = folders.examples(dataset.dataset_id)
    examples.parent.mkdir(parents=True)
    examples.write_bytes(b"".join(orjson.dumps({"row": number, **row}) + b"\n" for number in range(1, 25)))
    return dataset.dataset_id


def _version(tx: Transaction, run: Run, number: str = "0.1.0") -> str:
    version = a_version(run_id=run.run_id, number=number, summary=run.summary, created_at=datetime.now(UTC))
    tx.versions.add(version)
    return version.version_id
