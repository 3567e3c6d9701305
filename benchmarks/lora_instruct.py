"""Row lora-instruct: LoRA on instruction examples of uneven length, where padding costs; peer: TRL's defaults."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

import luthier
from benchmarks.processes import peer as run_peer
from benchmarks.rows import Bench, Measure, NotMeasurable, Row
from luthier.data.canonical import read_examples
from luthier.data.encode import encode
from luthier.data.order import indices_of_step
from luthier.data.render import Renderer
from luthier.domain.adapters import LoraSettings
from luthier.domain.jobs import Finished, Started, Step, fact_from
from luthier.domain.recipes import EvaluationSpec, Recipe
from luthier.domain.run_states import RunState
from luthier.domain.runs import Run
from luthier.kit.clock import parse_rfc3339
from luthier.kit.files import write_json
from luthier.kit.journal import Record, read_journal
from luthier.workspace import Workspace

HERE = Path(__file__).parent
WARM_UP_STEPS = 2  # allocators and caches settle; not measured, on either side
F = TypeVar("F", Started, Step, Finished)

ENDED = frozenset({RunState.COMPLETED, RunState.FAILED, RunState.PAUSED, RunState.CANCELLED})


@dataclass(frozen=True)
class Work:
    """The same for both sides."""

    steps: int
    batch_size: int = 8
    max_length: int = 1024
    rank: int = 16
    alpha: int = 32
    learning_rate: float = 2e-4
    seed: int = 7


@contextmanager
def open_bench(steps: int, data: Path) -> Iterator[Bench]:
    if not data.is_file():
        raise NotMeasurable(f"The examples are not here: {data}. Name an Alpaca file: make bench DATA=FILE.")
    work = Work(steps)
    with TemporaryDirectory(prefix="luthier-bench-") as folder, luthier.open(Path(folder) / "workspace") as workspace:
        base = workspace.models.get("starter")
        recipe = _recipe(work, data)
        peer_job = Path(folder) / "peer.json"

        def ours() -> Measure:
            run = completed(workspace, workspace.runs.submit(recipe).run_id)
            if not peer_job.exists():
                write_json(peer_job, _peer_job(work, _run_folder(workspace, run), Path(base.folder)))
            return _read(_run_folder(workspace, run))

        def peer() -> Measure:
            return run_peer("trl_sft.py", str(peer_job), place=Path(folder))

        yield Bench(ours, peer)


ROW = Row(
    name="lora-instruct",
    unit="useful tokens/s",
    limit=7600,
    target=10,
    gate=0.02,
    size=20,
    smoke_size=3,
    open=open_bench,
    data=HERE.parents[1] / "shared" / "samples" / "alpaca_en_demo.json",
)


def _recipe(work: Work, data: Path) -> Recipe:
    return Recipe(
        data=str(data),
        adapter=LoraSettings(rank=work.rank, alpha=work.alpha),
        settings={
            "epochs": 1,
            "max_steps": work.steps,
            "batch_size": work.batch_size,
            "max_length": work.max_length,
            "overlong": "truncate",
            "learning_rate": work.learning_rate,
            "schedule": "linear",
            "warmup_ratio": 0,
            "weight_decay": 0,
            "max_gradient_norm": 1,
            "seed": work.seed,
            "checkpoint_every": 10 * work.steps,
            "evaluate_every": 10 * work.steps,
        },
        evaluation=EvaluationSpec(scorer="off", examples=0, held_out_share=0),
    )


def completed(workspace: Workspace, run_id: str) -> Run:
    while (run := workspace.runs.get(run_id)).state not in ENDED:
        time.sleep(1)
    if run.state is not RunState.COMPLETED:
        reason = run.problem.sentence if run.problem else "no reason is recorded"
        raise NotMeasurable(f"Our side ended {run.state}: {reason}")
    return run


def _run_folder(workspace: Workspace, run: Run) -> Path:
    return workspace.settings.workspace_folder / "runs" / run.run_id


def _read(run_folder: Path) -> Measure:
    records = read_journal(run_folder / "attempts" / "001" / "journal.jsonl").records
    steps = [(record, _fact(record, Step)) for record in records if record.kind == "step"]
    started = next(_fact(record, Started) for record in records if record.kind == "started")
    finished = next(_fact(record, Finished) for record in records if record.kind == "finished")
    begin, end = steps[WARM_UP_STEPS - 1][0], steps[-1][0]
    seconds = (parse_rfc3339(end.time) - parse_rfc3339(begin.time)).total_seconds()
    tokens = sum(step.tokens for _, step in steps[WARM_UP_STEPS:])
    return Measure(
        per_second=tokens / seconds,
        amount=tokens,
        seconds=seconds,
        peak_bytes=finished.peak_rss_bytes,
        outcome=tuple(step.loss for _, step in steps),
        versions=started.versions,
    )


def _fact(record: Record, kind: type[F]) -> F:
    fact = fact_from(record.kind, record.body)
    assert isinstance(fact, kind)
    return fact


def _peer_job(work: Work, run_folder: Path, base: Path) -> dict[str, object]:
    """The very tokens, mask and order of our run, so that both sides do the same work."""
    encoded = encode(
        read_examples(run_folder / "data" / "train.jsonl"),
        Renderer(base),
        max_length=work.max_length,
        overlong="truncate",
    )
    order = [
        index
        for step in range(1, work.steps + 1)
        for index in indices_of_step(step, work.batch_size, len(encoded), work.seed)
    ]
    return {
        "model": str(base),
        "rows": [
            {"input_ids": encoded.ids_of(i).tolist(), "completion_mask": encoded.supervised_of(i).astype(int).tolist()}
            for i in order
        ],
        "warm_up_steps": WARM_UP_STEPS,
        "batch_size": work.batch_size,
        "max_length": work.max_length,
        "rank": work.rank,
        "alpha": work.alpha,
        "learning_rate": work.learning_rate,
        "seed": work.seed,
    }
