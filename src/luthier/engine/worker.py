"""One attempt from job.json to its last fact: the rim at which every failure becomes a sentence in the journal."""

import os
import signal
import sys
import traceback
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path
from types import FrameType

import torch

from luthier.data.token_shelf import TokenShelf
from luthier.domain.errors import LuthierError, Problem, UnexpectedFailure
from luthier.domain.jobs import Cancelled, Failed, Job, Parked, Started
from luthier.domain.runs import WorkerShortOfMemory
from luthier.engine.channel import Channel, Interrupted, JournalLost
from luthier.engine.crash_points import CrashPoints
from luthier.engine.determinism import compute_deterministically, fingerprint
from luthier.engine.memory_use import peak_bytes
from luthier.engine.readings import Watching
from luthier.engine.tasks.finetune import finetune
from luthier.engine.vigil import Unwell, out_of_memory
from luthier.health.checkpoints import newest_intact, step_of
from luthier.health.disk import disk_full
from luthier.health.verdicts import problem_of as problem_of_anomaly
from luthier.kit.clock import SystemClock
from luthier.kit.files import read_json
from luthier.kit.units import show_bytes

EXIT_DONE, EXIT_FAILED, EXIT_JOURNAL_LOST = 0, 1, 74
_SHORT_OF_MEMORY = (
    "can't allocate memory",
    "not enough memory",
    "out of memory",  # of a GPU too
    "could not create a memory object",
    "cublas_status_alloc_failed",
)


def run_attempt(run_folder: Path, attempt: int, crash: CrashPoints, shelf: TokenShelf | None = None) -> int:
    """Does one attempt and returns the process's exit code. Exactly one last fact is written, unless it cannot be.

    `shelf` has what others of its sweep have tokenised.
    """
    folder = run_folder / "attempts" / f"{attempt:03d}"
    job = Job.model_validate(read_json(folder / "job.json"))
    compute_deterministically()
    try:
        with Channel(folder, job.token, SystemClock()) as channel:
            _stop_on_signals(channel)
            channel.say(_started(job))
            with Watching(channel, run_folder):
                return _act(job, run_folder, channel, crash, shelf)
    except JournalLost as error:
        with suppress(OSError):
            sys.stderr.write(f"The journal of this attempt cannot be written: {error}\n")
        return EXIT_JOURNAL_LOST
    finally:
        _let_go_of_a_full_log()


def _act(job: Job, run_folder: Path, channel: Channel, crash: CrashPoints, shelf: TokenShelf | None) -> int:
    try:
        channel.say(finetune(job, run_folder, channel, crash, shelf))
        return EXIT_DONE
    except Interrupted as interruption:
        channel.say(Cancelled() if interruption.wish == "cancel" else _parked(run_folder, None))
        return EXIT_DONE
    except Unwell as unwell:
        _say_unwell(unwell, job, run_folder, channel)
        return EXIT_DONE
    except LuthierError as error:
        channel.say(Failed(problem=error.problem))
    except JournalLost:
        raise
    except Exception as error:  # noqa: BLE001 - the worker's rim: whatever it is, the journal says it
        with suppress(OSError):
            traceback.print_exc()
        if full := disk_full(error, run_folder):
            channel.say(_parked(run_folder, full.problem))
            return EXIT_DONE
        if is_short_of_memory(error) and channel.phase == "training" and job.health.policy != "off":
            _say_unwell(out_of_memory(job, channel.step + 1), job, run_folder, channel)
            return EXIT_DONE
        channel.say(Failed(problem=problem_of(error, job, channel.phase)))
    return EXIT_FAILED


def _say_unwell(unwell: Unwell, job: Job, run_folder: Path, channel: Channel) -> None:
    channel.say(unwell.alert)
    problem = problem_of_anomaly(unwell.anomaly, job.run_id)
    channel.say(_parked(run_folder, problem).model_copy(update={"anomaly": unwell.anomaly}))


def _let_go_of_a_full_log() -> None:
    """What could not be written would be tried again while Python ends, and its failure would be the exit code."""
    try:
        sys.stderr.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno())


def _started(job: Job) -> Started:
    packages = {name: version(name) for name in ("torch", "transformers", "peft", "luthier")}
    return Started(
        attempt=job.attempt,
        token=job.token,
        pid=os.getpid(),
        resumed_from_step=step_of(Path(job.resume_from)) if job.resume_from else 0,
        versions={**packages, "instructions": fingerprint()["instructions"]},
        threads=torch.get_num_threads(),
    )


def _stop_on_signals(channel: Channel) -> None:
    def stop(number: int, frame: FrameType | None) -> None:
        channel.ask("stop")

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)


def _parked(run_folder: Path, problem: Problem | None) -> Parked:
    newest = newest_intact(run_folder / "checkpoints")
    if newest is None:
        return Parked(step=0, folder=None, problem=problem)
    return Parked(step=step_of(newest), folder=newest.relative_to(run_folder).as_posix(), problem=problem)


def is_short_of_memory(error: Exception) -> bool:
    return isinstance(error, MemoryError) or any(words in str(error).lower() for words in _SHORT_OF_MEMORY)


def problem_of(error: Exception, job: Job, phase: str) -> Problem:
    """What cannot be foreseen, in words: too little memory, or a defect with its trace."""
    trace = traceback.format_exc()
    if is_short_of_memory(error):
        return WorkerShortOfMemory(
            phase=phase,
            used=show_bytes(peak_bytes()),
            half=max(64, job.settings.micro_batch_tokens // 2),
            run=job.run_id,
            details=trace,
        ).problem
    return UnexpectedFailure(what=f"{type(error).__name__} while {phase}", details=trace).problem
