"""Rows that train: the same tokens, order and settings on our side and on TRL's, by useful tokens a second."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

import luthier
from benchmarks.processes import peer as run_peer
from benchmarks.rows import Bench, Measure, NotMeasurable, Row
from luthier.data.canonical import read_examples
from luthier.data.encode import encode
from luthier.data.order import indices_of_step
from luthier.data.pairs import PairSet, encode_pairs
from luthier.data.render import Renderer
from luthier.domain.adapters import AdapterSettings, FullSettings, LoraSettings
from luthier.domain.errors import LuthierError
from luthier.domain.jobs import Finished, Started, Step, fact_from
from luthier.domain.machine import Device
from luthier.domain.recipes import EvaluationSpec, Method, Recipe
from luthier.domain.run_states import RunState
from luthier.domain.runs import Run
from luthier.kit.clock import parse_rfc3339
from luthier.kit.files import write_json
from luthier.kit.journal import Record, read_journal
from luthier.workspace import Workspace

SAMPLES = Path(__file__).parents[2] / "shared" / "samples"
ALPACA = SAMPLES / "alpaca_en_demo.json"
WARM_UP_STEPS = 2  # allocators and caches settle; not measured, on either side
ENDED = frozenset({RunState.COMPLETED, RunState.FAILED, RunState.PAUSED, RunState.CANCELLED})
F = TypeVar("F", Started, Step, Finished)
_LORA = LoraSettings(rank=16, alpha=32)
_FILLED_CHARACTERS = 6_000  # of one example: more than 512 tokens of any text


@dataclass(frozen=True)
class Work:
    """The same for both sides."""

    steps: int
    batch_size: int = 8
    max_length: int = 1024
    method: Method = "sft"
    adapter: AdapterSettings = _LORA
    learning_rate: float = 2e-4
    seed: int = 7
    peer: str = "trl_sft.py"
    peer_is_tuned: bool = False  # bf16 and no gradient checkpointing, where TRL's defaults have neither
    is_filled: bool = False  # every example is as long as it may be
    device: Device = "cpu"


def training_row(name: str, target: float, size: int, work: Callable[[int], Work], **more: Any) -> Row:
    """`work` is given the number of steps."""

    def open_bench(steps: int, data: Path) -> AbstractContextManager[Bench]:
        return _opened(work(steps), data)

    shared = {"unit": "useful tokens/s", "gate": 0.02, "smoke_size": 3, "data": ALPACA}
    return Row(name=name, target=target, size=size, open=open_bench, **{**shared, **more})


@contextmanager
def _opened(work: Work, data: Path) -> Iterator[Bench]:
    with workplace(data) as (workspace, place):
        source = _filled(data, place / "filled.json") if work.is_filled else data
        recipe = recipe_for(work, source)
        peer_job = place / "peer.json"

        def ours() -> Measure:
            run = completed(workspace, _submitted(workspace, recipe))
            if not peer_job.exists():
                write_json(peer_job, peer_job_of(work, workspace, run))
            return measure_of(workspace, run, work)

        yield Bench(ours, lambda: run_peer(work.peer, str(peer_job), place=place))


LORA_INSTRUCT = training_row("lora-instruct", 10, 20, Work, limit=7600)
LORA_FIXED = training_row("lora-fixed", 7, 5, lambda steps: Work(steps, max_length=512, is_filled=True))
LORA_FIXED_TUNED = training_row(
    "lora-fixed-tuned", 4, 5, lambda steps: Work(steps, max_length=512, is_filled=True, peer_is_tuned=True)
)
FULL_FT = training_row(
    "full-ft",
    4,
    5,
    lambda steps: Work(
        steps,
        max_length=512,
        adapter=FullSettings(kind="full"),
        learning_rate=2e-5,
        is_filled=True,
        peer_is_tuned=True,
    ),
)
DPO = training_row(
    "dpo",
    8,
    4,
    lambda steps: Work(steps, batch_size=4, max_length=256, method="dpo", learning_rate=5e-6, peer="trl_dpo.py"),
    data=SAMPLES / "dpo_en_demo.json",
)


GPU_SMALL = training_row(
    "gpu-small", 4, 20, lambda steps: Work(steps, batch_size=32, peer_is_tuned=True, device="cuda"), needs_gpu=True
)


@contextmanager
def workplace(data: Path) -> Iterator[tuple[Workspace, Path]]:
    """A workspace of its own that has the starter, and a folder beside it. Raises NotMeasurable without `data`."""
    if not data.is_file():
        raise NotMeasurable(f"The examples are not here: {data}. Name an Alpaca file: make bench DATA=FILE.")
    with TemporaryDirectory(prefix="luthier-bench-") as folder, luthier.open(Path(folder) / "workspace") as workspace:
        workspace.models.get("starter")
        yield workspace, Path(folder)


def recipe_for(work: Work, data: Path) -> Recipe:
    return Recipe(
        data=str(data),
        method=work.method,
        adapter=work.adapter,
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
            "device": work.device,
            "checkpoint_every": 10 * work.steps,
            "evaluate_every": 10 * work.steps,
        },
        evaluation=EvaluationSpec(scorer="off", examples=0, held_out_share=0),
    )


def _filled(data: Path, place: Path) -> Path:
    """Alpaca examples whose answers are those of so many examples that none is shorter than the limit."""
    filled: list[dict[str, str]] = []
    for row in json.loads(data.read_text()):
        if not filled or len(filled[-1]["output"]) > _FILLED_CHARACTERS:
            filled.append({"instruction": row["instruction"], "output": ""})
        filled[-1]["output"] += row["output"] + "\n"
    write_json(place, filled[:-1])
    return place


def _submitted(workspace: Workspace, recipe: Recipe) -> str:
    """Raises NotMeasurable, e.g. where the row needs a GPU and none can be used."""
    try:
        return workspace.runs.submit(recipe).run_id
    except LuthierError as error:
        raise NotMeasurable(error.problem.sentence) from error


def completed(workspace: Workspace, run_id: str) -> Run:
    while (run := workspace.runs.get(run_id)).state not in ENDED:
        time.sleep(0.5)
    if run.state is not RunState.COMPLETED:
        reason = run.problem.sentence if run.problem else "no reason is recorded"
        raise NotMeasurable(f"Our side ended {run.state}: {reason}")
    return run


def run_folder_of(workspace: Workspace, run: Run) -> Path:
    return workspace.settings.workspace_folder / "runs" / run.run_id


def measure_of(workspace: Workspace, run: Run, work: Work, attempt: int = 1) -> Measure:
    """Of pairs every step counts, and the reading by the reference before them, which the peer does in its steps."""
    records = read_journal(run_folder_of(workspace, run) / "attempts" / f"{attempt:03}" / "journal.jsonl").records
    steps = [(record, _fact(record, Step)) for record in records if record.kind == "step"]
    started = next(_fact(record, Started) for record in records if record.kind == "started")
    finished = next(_fact(record, Finished) for record in records if record.kind == "finished")
    warm_up = warm_up_of(work)
    before = steps[warm_up - 1][0] if warm_up else next(record for record in records if record.kind == "preflight")
    seconds = (parse_rfc3339(steps[-1][0].time) - parse_rfc3339(before.time)).total_seconds()
    tokens = sum(step.tokens for _, step in steps[warm_up:])
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


def warm_up_of(work: Work) -> int:
    return WARM_UP_STEPS if work.method == "sft" else 0


def peer_job_of(work: Work, workspace: Workspace, run: Run) -> dict[str, Any]:
    """The very tokens, mask and order of our run, so that both sides do the same work."""
    renderer, train = Renderer(Path(run.base_folder)), run_folder_of(workspace, run) / "data" / "train.jsonl"
    rows = _pairs(work, renderer, train) if work.method == "dpo" else _answers(work, renderer, train)
    order = [
        index
        for step in range(1, work.steps + 1)
        for index in indices_of_step(step, work.batch_size, len(rows), work.seed)
    ]
    lora = work.adapter if isinstance(work.adapter, LoraSettings) else None
    return {
        "model": run.base_folder,
        "rows": [rows[index] for index in order],
        "warm_up_steps": warm_up_of(work),
        "batch_size": work.batch_size,
        "max_length": work.max_length,
        "lora": {"r": lora.rank, "lora_alpha": lora.alpha} if lora else None,
        "learning_rate": work.learning_rate,
        "seed": work.seed,
        "is_tuned": work.peer_is_tuned,
        "on_gpu": work.device != "cpu",
    }


def _answers(work: Work, renderer: Renderer, train: Path) -> list[dict[str, list[int]]]:
    encoded = encode(read_examples(train), renderer, max_length=work.max_length, overlong="truncate")
    return [
        {"input_ids": encoded.ids_of(i).tolist(), "completion_mask": encoded.supervised_of(i).astype(int).tolist()}
        for i in range(len(encoded))
    ]


def _pairs(work: Work, renderer: Renderer, train: Path) -> list[dict[str, list[int]]]:
    examples = list(read_examples(train))
    pairs = encode_pairs(
        examples, renderer, max_length=work.max_length, overlong="truncate", on_progress=lambda _: None
    )
    return [_pair(pairs, index) for index in range(len(pairs))]


def _pair(pairs: PairSet, index: int) -> dict[str, list[int]]:
    """As TRL's collator takes it: what both answers follow, and each answer."""
    chosen, rejected = (side.ids_of(index).tolist() for side in (pairs.chosen, pairs.rejected))
    given = int(pairs.chosen.supervised_of(index).argmax())
    return {"prompt_ids": chosen[:given], "chosen_ids": chosen[given:], "rejected_ids": rejected[given:]}
