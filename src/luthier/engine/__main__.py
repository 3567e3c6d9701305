"""The worker process: `RUN_FOLDER --attempt N [--crash-at MOMENT:NTH]`, or `--follow RANK PORT` beside its leader.

Else a word with what it needs: `forks [BASE PRECISION]`; `chat LIMITS`; `dequantise GGUF FOLDER`; `result-of-step JOB
CHECKPOINT TARGET`; `reference` and `hub-check EXPORT_FOLDER`, which measure for parity; `prune EXPORT_FOLDER`.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

import orjson

from luthier.domain.chat import ChatLimits
from luthier.domain.errors import LuthierError
from luthier.domain.exports import ExportJob
from luthier.domain.jobs import Job
from luthier.domain.parity import Reference
from luthier.export.telling import tell_failure, tell_progress
from luthier.kit.files import read_json, write_json


def main(arguments: Sequence[str]) -> int:
    match arguments:
        case ["dequantise", source, target]:
            return _dequantise(Path(source), Path(target))
        case ["result-of-step", job_file, checkpoint, target]:
            return _write_result_of_step(Path(job_file), Path(checkpoint), Path(target))
        case ["reference" | "hub-check" | "prune" as what, folder]:
            return _for_export(what, Path(folder))
        case ["forks", *held]:
            from luthier.engine.forks import serve_forks

            return serve_forks(Path(held[0]), held[1]) if held else serve_forks()
        case ["chat", limits]:
            from luthier.engine.chat import serve

            return serve(ChatLimits.model_validate_json(limits))
        case [run_folder, "--attempt", number, *rest]:
            return _run_attempt(Path(run_folder), int(number), rest)
        case _:
            sys.stderr.write(f"{__doc__}\n")
            return 2


def _run_attempt(run_folder: Path, number: int, rest: Sequence[str]) -> int:
    from luthier.engine.crash_points import CrashPoints
    from luthier.engine.worker import run_attempt

    match rest:
        case []:
            return run_attempt(run_folder, number, CrashPoints())
        case ["--crash-at", order]:
            return run_attempt(run_folder, number, CrashPoints(order))
        case ["--follow", rank, port]:
            from luthier.engine.follower import follow

            return follow(run_folder, number, int(rank), int(port))
        case _:
            sys.stderr.write(f"{__doc__}\n")
            return 2


def _dequantise(source: Path, target: Path) -> int:
    from luthier.engine.dequantise import dequantise

    try:
        dequantise(source, target)
    except LuthierError as error:
        sys.stdout.buffer.write(orjson.dumps(error.problem.model_dump(mode="json")) + b"\n")
        return 1
    return 0


def _write_result_of_step(job_file: Path, checkpoint: Path, target: Path) -> int:
    from luthier.engine.tasks.result_of_step import write_result_of_step

    try:
        write_result_of_step(Job.model_validate(read_json(job_file)), checkpoint, target)
    except LuthierError as error:
        tell_failure(error)
        return 1
    return 0


def _for_export(what: str, folder: Path) -> int:
    from luthier.engine.hub_check import measure_folder
    from luthier.engine.parity import measure_reference
    from luthier.engine.pruning import prune

    job = ExportJob.model_validate(read_json(folder / "job.json"))
    try:
        if what == "reference":
            write_json(folder / "reference.json", measure_reference(job, tell_progress).model_dump(mode="json"))
        elif what == "prune":
            write_json(folder / "pruned.json", prune(job, folder / "pruned", tell_progress).model_dump(mode="json"))
        else:
            reference = Reference.model_validate(read_json(folder / "reference.json"))
            found = measure_folder(job, folder / "files", reference, tell_progress)
            write_json(folder / "elsewhere.json", found.model_dump(mode="json"))
    except LuthierError as error:
        tell_failure(error)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
