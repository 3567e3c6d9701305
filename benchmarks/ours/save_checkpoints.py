"""Our side of checkpoint: the writer of a training loop, asked once in ten short steps that keep both cores busy."""

import sys
import time
from pathlib import Path
from tempfile import mkdtemp

import torch

from benchmarks.peers.measures import write_measure
from luthier.domain.adapters import LoraSettings
from luthier.domain.jobs import Job
from luthier.engine.adapters import attach
from luthier.engine.channel import Channel
from luthier.engine.checkpoint_writer import CheckpointWriter
from luthier.engine.checkpoints import TrainingState
from luthier.engine.crash_points import CrashPoints
from luthier.engine.loading import load_base
from luthier.engine.optimiser import Optimiser
from luthier.kit.clock import SystemClock
from luthier.kit.files import read_json
from tests.builders.jobs import a_run_folder

STEPS, STEP_SECONDS = 10, 0.2


def main(base_folder: Path, saves: int, result: Path) -> None:
    folder = a_run_folder(Path(mkdtemp(dir=result.parent)) / "run", base_folder)
    attempt = folder / "attempts" / "001"
    job = Job.model_validate(read_json(attempt / "job.json"))
    trained = attach(load_base(base_folder, "bf16").model, LoraSettings(rank=16), fused=True)
    optimiser = Optimiser(trained.parameters, job.settings, saves + 1)
    optimiser.update(1, 1.0, job.settings)
    seconds = 0.0
    with CheckpointWriter(job, folder, Channel(attempt, job.token, SystemClock()), CrashPoints()) as checkpoints:
        for number in range(1, saves + 1):
            started = time.perf_counter()
            checkpoints.save(TrainingState(step=10 * number), trained, optimiser, "interval")
            seconds += time.perf_counter() - started
            for _ in range(STEPS):
                compute(STEP_SECONDS)
                started = time.perf_counter()
                checkpoints.let_change()  # as before every update
                seconds += time.perf_counter() - started
    write_measure(result, saves, seconds, [saves], ("luthier", "torch"))


def compute(seconds: float) -> None:
    until, matrix = time.perf_counter() + seconds, torch.ones(512, 512)
    while time.perf_counter() < until:
        matrix @ matrix


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]))
