"""The worker process: `dequantise GGUF FOLDER`, `chat LIMITS`, or `RUN_FOLDER --attempt N [--crash-at MOMENT:NTH]`."""

import sys
from collections.abc import Sequence
from pathlib import Path

import orjson

from luthier.domain.chat import ChatLimits
from luthier.domain.errors import LuthierError


def main(arguments: Sequence[str]) -> int:
    match arguments:
        case ["dequantise", source, target]:
            return _dequantise(Path(source), Path(target))
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


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
