"""Runs rows of the benchmark table: ours and the peer in turn, medians, a gate on what they did, one JSON line each."""

import argparse
import json
import os
import platform
import statistics
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks import check, checkpoint, first_step, gguf, metrics, query, resume, swap, sweep, tokenise, training, web
from benchmarks.processes import require_peer
from benchmarks.rows import Bench, Measure, NotMeasurable, Row

_MEASURED = (
    *(training.LORA_INSTRUCT, training.LORA_FIXED, training.LORA_FIXED_TUNED, training.FULL_FT, training.DPO),
    training.GPU_SMALL,
    *(sweep.ROW, first_step.ROW, resume.ROW, check.ROW, tokenise.ROW, gguf.ROW, swap.ROW),
    *(metrics.ROW, metrics.ROW_WANDB, query.ROW, checkpoint.ROW, web.ROW),
)
ROWS = {row.name: row for row in _MEASURED}
USUAL = [row.name for row in _MEASURED if not row.needs_gpu]
RESULTS = Path(__file__).parent / "results.jsonl"
QUIET_LOAD = 0.5
PAIRS = 3


def main() -> int:
    options = _options()
    try:
        require_peer()
        if not options.smoke:
            require_a_quiet_machine()
        outcomes = [
            _outcome_of(ROWS[name], options)
            for name in options.rows or [row.name for row in _MEASURED if not row.needs_gpu]
        ]
    except NotMeasurable as reason:
        print(reason, file=sys.stderr)
        return 2
    return 0 if all(outcome["agree"] for outcome in outcomes) else 1


def _outcome_of(row: Row, options: argparse.Namespace) -> dict[str, Any]:
    pairs, size = (1, row.smoke_size) if options.smoke else (max(options.pairs, PAIRS), row.size)
    with row.open(size, options.data or row.data) as bench:
        measured = [_pair(bench, number, pairs) for number in range(1, pairs + 1)]
    outcome = summary(row, [ours for ours, _ in measured], [peer for _, peer in measured])
    print(json.dumps(outcome))
    if options.smoke:
        print("A smoke run shows that both sides work; it is not recorded.", file=sys.stderr)
    else:
        with open(RESULTS, "a", encoding="utf-8") as results:
            results.write(json.dumps(outcome) + "\n")
    return outcome


def _pair(bench: Bench, number: int, pairs: int) -> tuple[Measure, Measure]:
    ours, peer = bench.ours(), bench.peer()
    print(
        f"pair {number} of {pairs}: ours {_figure(ours.per_second)}, peer {_figure(peer.per_second)} a second",
        file=sys.stderr,
    )
    return ours, peer


def summary(row: Row, ours: list[Measure], peers: list[Measure]) -> dict[str, Any]:
    """The line of a row: medians of both sides, their ratio, and whether they did the same work."""
    mine = statistics.median(measure.per_second for measure in ours)
    theirs = statistics.median(measure.per_second for measure in peers)
    my_bytes = statistics.median(measure.peak_bytes for measure in ours)
    their_bytes = statistics.median(measure.peak_bytes for measure in peers)
    difference = max(outcome_difference(a, b) for a, b in zip(ours, peers, strict=True))
    return {
        **row.facts(),
        "ours": _figure(mine),
        "peer": _figure(theirs),
        "ratio": round(mine / theirs, 2),
        "difference": round(difference, 5),
        "agree": difference <= row.gate,
        "ours_peak_bytes": int(my_bytes),
        "peer_peak_bytes": int(their_bytes),
        "memory_ratio": round(their_bytes / my_bytes, 2),
        "pairs": [[_figure(a.per_second), _figure(b.per_second)] for a, b in zip(ours, peers, strict=True)],
        "amount": ours[0].amount,
        **_details(ours, peers),
        "versions": {"ours": ours[0].versions, "peer": peers[0].versions},
        "machine": {"cpu": cpu_name(), "cores": len(os.sched_getaffinity(0)), "system": platform.system()},
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def _figure(value: float) -> float:
    return float(f"{value:.4g}")


def _details(ours: list[Measure], peers: list[Measure]) -> dict[str, Any]:
    """Medians of the further figures, for the rows that have some."""
    sides = {"ours": ours, "peer": peers}
    medians = {
        side: {name: round(statistics.median(each.details[name] for each in done), 2) for name in done[0].details}
        for side, done in sides.items()
    }
    return {"details": medians} if any(medians.values()) else {}


def outcome_difference(ours: Measure, peer: Measure) -> float:
    """The mean of how far the two sides are apart, e.g. over the losses of the steps."""
    return statistics.fmean(abs(a - b) for a, b in zip(ours.outcome, peer.outcome, strict=True))


def require_a_quiet_machine() -> None:
    load = os.getloadavg()[0]
    if load > QUIET_LOAD:
        raise NotMeasurable(
            f"The machine is busy: its load average is {load:.2f}, and a measurement needs at most {QUIET_LOAD}. "
            "Close other programs, wait a minute, and try again."
        )


def cpu_name() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []:
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument(
        "rows", nargs="*", help=f"rows to measure, of {', '.join(ROWS)}; all that need no GPU by default"
    )
    parser.add_argument("--pairs", type=int, default=PAIRS, help=f"how often each side runs, at least {PAIRS}")
    parser.add_argument("--data", type=Path, help="the examples to train on, instead of the row's own")
    parser.add_argument("--smoke", action="store_true", help="a few steps of each side on any machine, not recorded")
    options = parser.parse_args()
    if unknown := [name for name in options.rows if name not in ROWS]:
        parser.error(f"there is no row called {unknown[0]}; there are {', '.join(ROWS)}")
    return options


if __name__ == "__main__":
    sys.exit(main())
