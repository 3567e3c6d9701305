"""Run folders as the services write them, for a worker to act on."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from luthier.data.canonical import write_examples
from luthier.domain.adapters import LoraSettings
from luthier.domain.datasets import Example, Message, Role
from luthier.domain.jobs import Job
from luthier.domain.plans import EvaluationPlan
from luthier.domain.recipes import PAIR_METHODS
from luthier.domain.rewards import Reward
from luthier.kit.files import write_json
from tests.builders.plans import training_settings

WORDS = ("oak", "ash", "elm", "maple", "spruce", "cedar", "walnut", "ebony", "willow", "pear")


def an_example(row: int) -> Example:
    """Of varying length, so that packing has something to do."""
    wood = WORDS[row % len(WORDS)]
    return Example(
        row=row,
        messages=(
            Message(Role.USER, f"{row % 7} x {wood}" + " please" * (row % 4)),
            Message(Role.ASSISTANT, f'{{"{wood}":{row % 7}}}'),
        ),
    )


def a_pair(row: int) -> Example:
    """The rejected answer is another wood, in words."""
    worse = Message(Role.ASSISTANT, f"I think it is {WORDS[(row + 3) % len(WORDS)]}." + " Or not." * (row % 3))
    return replace(an_example(row), rejected=(worse,))


def a_judged_answer(row: int) -> Example:
    """Every third answer is another wood, in words, and judged bad."""
    if row % 3:
        return replace(an_example(row), desirable=True)
    pair = a_pair(row)
    return replace(pair, messages=(*pair.messages[:-1], *pair.rejected), rejected=(), desirable=False)


def a_run_folder(folder: Path, base_folder: Path, *, examples: int = 20, held_out: int = 4, **changes: Any) -> Path:
    """With attempt 1 ready to be started. `changes` go into the job, or else into its training settings."""
    make = changes.pop("make", _fitting(changes.get("method")))
    write_examples(folder / "data" / "train.jsonl", [make(row) for row in range(1, examples + 1)])
    write_examples(folder / "data" / "held_out.jsonl", [make(row) for row in range(101, 101 + held_out)])
    fields = {name: changes.pop(name) for name in list(changes) if name in Job.model_fields}
    tiny = {"max_length": 256, "batch_size": 4, "micro_batch_tokens": 128, "checkpoint_every": 3, "evaluate_every": 5}
    values: dict[str, Any] = {
        "run_id": "run_tiny",
        "attempt": 1,
        "token": 1,
        "method": "sft",
        "adapter": LoraSettings(rank=4, alpha=8, dropout=0.1),
        "rewards": (Reward(scorer="chrf"),) if fields.get("method") == "grpo" else (),
        "settings": training_settings(**{**tiny, **changes}),
        "evaluation": EvaluationPlan(scorer="json", max_new_tokens=8, examples=2),
        "total_steps": 10,
        "base_folder": str(base_folder),
        "base_name": "tiny",
        "base_revision": "revision-1",
        "train_file": str(folder / "data" / "train.jsonl"),
        "held_out_file": str(folder / "data" / "held_out.jsonl"),
        "data_sha256": "data-1",
        "resume_from": None,
    }
    write_attempt(folder, Job(**{**values, **fields}))
    return folder


def _fitting(method: object) -> Callable[[int], Example]:
    if method == "kto":
        return a_judged_answer
    return a_pair if method in PAIR_METHODS else an_example


def write_attempt(folder: Path, job: Job) -> Path:
    attempt = folder / "attempts" / f"{job.attempt:03d}"
    attempt.mkdir(parents=True)
    write_json(attempt / "job.json", job.model_dump(mode="json"))
    return attempt
