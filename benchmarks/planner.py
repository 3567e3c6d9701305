"""Rows planner and duration: what plans expected of short runs on the starter, beside what their workers took.

`python -m benchmarks.planner` runs every configuration once and prints a JSON line for each, then one for each row. A
round of them is one sample of a machine that changes its pace: a row is judged by each configuration's median over all
recorded rounds. `--only NAME` runs one of them; `--docs` writes the table into docs/guide/planning.md.
Peer: accelerate's estimate.
"""

import argparse
import json
import os
import platform
import statistics
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import luthier
from benchmarks.processes import peer, require_peer
from benchmarks.rows import NotMeasurable
from benchmarks.run import RESULTS, cpu_name, require_a_quiet_machine
from benchmarks.training import completed
from luthier.domain.recipes import Method
from luthier.domain.runs import Run
from luthier.domain.truths import truths_of
from luthier.kit.units import show_bytes, show_duration
from luthier.planning.calibration import Lesson, calibrated
from luthier.services.recipes import make_recipe
from luthier.workspace import Workspace

GUIDE = Path(__file__).parents[1] / "docs" / "guide" / "planning.md"
BEGIN, END = "<!-- planner table -->", "<!-- end of planner table -->"
FEWEST_STEPS = 12
FEWEST_TOKENS = 10_000  # of a run: what takes a few seconds says more of the moment than of the plan
OVERHEAD = 30  # tokens of the template and its system message
WORDS = ("river", "stone", "cloud", "table", "green", "window", "paper", "light", "music", "garden")


@dataclass(frozen=True)
class Configuration:
    """`tokens` of an example, or of each answer of a pair; half of them are supervised."""

    name: str
    tokens: int
    batch: int
    settings: dict[str, Any] = field(default_factory=dict)
    adapter: dict[str, Any] = field(default_factory=dict)
    method: Method = "sft"

    @property
    def steps(self) -> int:
        return max(FEWEST_STEPS, -(-FEWEST_TOKENS // (self.tokens * self.batch)))


CONFIGURATIONS = (
    Configuration("LoRA, 1 x 128", 128, 1),
    Configuration("LoRA, 16 x 128", 128, 16),
    Configuration("LoRA, 4 x 448", 448, 4),
    Configuration("LoRA, 2 x 1024", 1024, 2),
    Configuration("LoRA, 1 x 2048", 2048, 1),
    Configuration("LoRA, 4 x 1024 in passes of 1,088", 1024, 4, {"micro_batch_tokens": 1088}),
    Configuration("LoRA of rank 128, 4 x 256", 256, 4, adapter={"rank": 128}),
    Configuration("LoRA with dropout, 4 x 256", 256, 4, adapter={"dropout": 0.1}),
    Configuration("LoRA in fp32, 4 x 256", 256, 4, {"precision": "fp32"}),
    Configuration("LoRA, reference kernels, 4 x 256", 256, 4, {"kernels": "reference"}),
    Configuration("LoRA, layers computed twice, 8 x 256", 256, 8, {"gradient_checkpointing": True}),
    Configuration("LoRA on nf4, 2 x 256", 256, 2, {"precision": "nf4"}),
    Configuration("DoRA, 2 x 256", 256, 2, adapter={"kind": "dora"}),
    Configuration("every weight, 4 x 256", 256, 4, adapter={"kind": "full"}),
    Configuration("every weight, layers twice, 4 x 256", 256, 4, {"gradient_checkpointing": True}, {"kind": "full"}),
    Configuration("DPO, 4 pairs of 2 x 256", 256, 4, method="dpo"),
    Configuration("KTO, 8 x 256", 256, 8, method="kto"),
)


@dataclass(frozen=True)
class Outcome:
    name: str
    memory_planned: float
    memory_measured: float
    seconds_planned: float
    seconds_measured: float

    @property
    def memory_error(self) -> float:
        return self.memory_planned / self.memory_measured - 1

    @property
    def lesson(self) -> Lesson:
        return Lesson(self.memory_measured / self.memory_planned, self.seconds_measured / self.seconds_planned)


def main(arguments: Sequence[str] | None = None) -> int:
    options = _options(arguments)
    chosen = [each for each in CONFIGURATIONS if options.only in (None, each.name)]
    try:
        if not options.busy:
            require_a_quiet_machine()
        outcomes = _measured(chosen)
        theirs = _peer_estimate() if options.peer else None
    except NotMeasurable as reason:
        print(reason, file=sys.stderr)
        return 2
    if not outcomes:
        return 2
    rows = [over_rounds(row, _recorded()) for row in (memory_row(outcomes, theirs), duration_row(outcomes))]
    for row in rows:
        print(json.dumps(row, ensure_ascii=False))
    if options.docs:
        _write_table(outcomes)
    if not options.busy and options.only is None:
        with open(RESULTS, "a", encoding="utf-8") as results:
            results.writelines(json.dumps(row) + "\n" for row in rows)
    return 0 if len(outcomes) == len(chosen) and all(row["within_target"] for row in rows) else 1


def memory_row(outcomes: Sequence[Outcome], peer_bytes: float | None = None) -> dict[str, Any]:
    """The largest error over all configurations; the peer gives one figure for all of them."""
    each = [_compared(one.name, one.memory_planned, one.memory_measured) for one in outcomes]
    theirs = [abs(peer_bytes / outcome.memory_measured - 1) for outcome in outcomes] if peer_bytes else []
    return _row("planner", 0.1, each, {"peer_error_max": round(max(theirs), 3)} if theirs else {})


def duration_row(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """Each is judged by what all the others teach."""
    each = []
    for judged in outcomes:
        factor = calibrated([other.lesson for other in outcomes if other is not judged]).duration_factor
        each.append(_compared(judged.name, factor * judged.seconds_planned, judged.seconds_measured))
    return _row("duration", 0.15, each, {})


def over_rounds(row: dict[str, Any], recorded: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The row with what it shares with earlier rounds of the same configurations on the same machine."""
    alike = ("row", "configurations", "machine")
    rounds = [each for each in recorded if all(each.get(key) == row[key] for key in alike)]
    errors: dict[str, list[float]] = {}
    for one in (each for round_ in (*rounds, row) for each in round_["each"]):
        errors.setdefault(one["name"], []).append(one["error"])
    worst = round(max(abs(statistics.median(of_one)) for of_one in errors.values()), 3)
    return {**row, "rounds": len(rounds) + 1, "error_of_medians": worst, "within_target": worst <= row["target"]}


def _recorded() -> list[dict[str, Any]]:
    return [json.loads(line) for line in RESULTS.read_text(encoding="utf-8").splitlines()]


def _compared(name: str, predicted: float, measured: float) -> dict[str, Any]:
    error = round(predicted / measured - 1, 4)
    return {"name": name, "predicted": round(predicted, 2), "measured": round(measured, 2), "error": error}


def _row(name: str, target: float, each: Sequence[dict[str, Any]], more: dict[str, Any]) -> dict[str, Any]:
    errors = [abs(one["error"]) for one in each]
    return {
        "row": name,
        "configurations": len(each),
        "error_max": round(max(errors), 3),
        "error_median": round(statistics.median(errors), 3),
        "target": target,
        "within_target": max(errors) <= target,
        **more,
        "each": each,
        "machine": {"cpu": cpu_name(), "cores": len(os.sched_getaffinity(0)), "system": platform.system()},
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def _measured(configurations: Sequence[Configuration]) -> list[Outcome]:
    outcomes = []
    with TemporaryDirectory(prefix="luthier-bench-") as folder, luthier.open(Path(folder) / "workspace") as workspace:
        workspace.models.get("starter")
        for configuration in configurations:
            workspace.measuring.run(lambda _: None)  # as `luthier doctor --measure` does; machines change their pace
            try:
                outcome = _outcome(configuration, _run(workspace, Path(folder), configuration))
            except NotMeasurable as reason:  # the others are worth knowing all the same
                print(f"{configuration.name}: {reason}", file=sys.stderr)
                continue
            outcomes.append(outcome)
            print(json.dumps({**vars(outcome), "memory_error": round(outcome.memory_error, 3)}), flush=True)
    return outcomes


def _run(workspace: Workspace, folder: Path, configuration: Configuration) -> Run:
    values = {
        "name": configuration.name,
        "data": str(_data(folder, configuration)),
        "method": configuration.method,
        "settings": {
            "max_steps": configuration.steps,
            "epochs": 1,
            "batch_size": configuration.batch,
            "checkpoint_every": 1000,
            "evaluate_every": 1000,
            **configuration.settings,
        },
        "adapter": configuration.adapter,
        "evaluation": {"scorer": "off", "examples": 0, "held_out_share": 0},
    }
    workspace.plans.make(make_recipe(values), trace=True)
    return completed(workspace, workspace.runs.submit(make_recipe(values)).run_id)


def _outcome(configuration: Configuration, run: Run) -> Outcome:
    """Without what earlier runs taught: the errors are those of the constants that are shipped."""
    memory, duration = truths_of(run)
    assert memory.measured is not None
    assert duration.measured is not None
    return Outcome(
        name=configuration.name,
        memory_planned=memory.planned.middle / run.plan.calibration.memory_factor,
        memory_measured=memory.measured,
        seconds_planned=duration.planned.middle / run.plan.calibration.duration_factor,
        seconds_measured=duration.measured,
    )


def _data(folder: Path, configuration: Configuration) -> Path:
    """Examples of one length, made of words that are one token each."""
    path = folder / f"{configuration.method}-{configuration.tokens}-{configuration.batch}.jsonl"
    answer = (configuration.tokens - OVERHEAD) // 2
    with open(path, "w", encoding="utf-8") as file:
        for row in range(configuration.steps * configuration.batch):
            question, *replies = (
                _text(words, row + shift)
                for words, shift in ((configuration.tokens - OVERHEAD - answer, 0), (answer, 3), (answer, 5))
            )
            file.write(json.dumps({"prompt": question, **_answers(configuration.method, replies, row)}) + "\n")
    return path


def _answers(method: Method, replies: Sequence[str], row: int) -> dict[str, Any]:
    match method:
        case "dpo":
            return {"chosen": replies[0], "rejected": replies[1]}
        case "kto":
            return {"completion": replies[0], "label": row % 2 == 0}
        case _:
            return {"completion": replies[0]}


def _text(words: int, start: int) -> str:
    return " ".join(WORDS[(7 * place + start + place // 10) % len(WORDS)] for place in range(words))


def _peer_estimate() -> float:
    """Bytes that accelerate expects of training the starter, whatever the settings."""
    require_peer()
    with TemporaryDirectory() as place, luthier.open() as workspace:
        return peer("estimate_memory.py", workspace.models.get("starter").folder, place=Path(place)).amount


def _write_table(outcomes: Sequence[Outcome]) -> None:
    lines = ["", "| configuration | memory expected | measured | off by |", "| --- | --- | --- | --- |"]
    for each in outcomes:
        figures = f"{show_bytes(each.memory_planned)} | {show_bytes(each.memory_measured)} | {each.memory_error:+.1%}"
        lines.append(f"| {each.name} | {figures} |")
    text = GUIDE.read_text(encoding="utf-8")
    before, rest = text.split(BEGIN)
    GUIDE.write_text(f"{before}{BEGIN}\n" + "\n".join(lines) + f"\n\n{END}{rest.split(END)[1]}", encoding="utf-8")
    print(
        f"{len(outcomes)} configurations; {show_duration(sum(each.seconds_measured for each in outcomes))} of training"
    )


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.planner", description=__doc__)
    parser.add_argument("--only", choices=[each.name for each in CONFIGURATIONS], help="run one configuration")
    parser.add_argument("--busy", action="store_true", help="on a busy machine: memory holds, nothing is recorded")
    parser.add_argument("--docs", action="store_true", help="write the table into the guide")
    parser.add_argument("--no-peer", dest="peer", action="store_false", help="without accelerate's estimate")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
