"""What the engine's tests share: one tiny base model, and a bench to train it on in this process."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import torch

from luthier.domain.jobs import Job
from luthier.engine.adapters import attach
from luthier.engine.channel import Channel
from luthier.engine.crash_points import CrashPoints
from luthier.engine.determinism import seed_for
from luthier.engine.loading import load_base
from luthier.engine.loop import Bench
from luthier.engine.optimiser import Optimiser
from luthier.engine.preparing import prepare
from luthier.kit.clock import SystemClock
from luthier.kit.files import read_json
from tests.builders.jobs import a_run_folder
from tests.builders.models import a_model_folder
from tests.engine.workers import Workers

# Models this small gain nothing from a second thread, and wait for it long on a busy machine.
torch.set_num_threads(1)


@pytest.fixture(scope="session")
def tiny_base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return a_model_folder(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture(scope="session")
def workers() -> Iterator[Workers]:
    with Workers() as workers:
        yield workers


@pytest.fixture
def bench_for(tiny_base: Path, tmp_path: Path) -> Iterator[Callable[..., Bench]]:
    """`bench_for(learning_rate=..., ...)` makes a run folder and everything that the training loop needs."""
    with ExitStack() as stack:

        def make(name: str = "run", **changes: object) -> Bench:
            folder = a_run_folder(tmp_path / name, tiny_base, **changes)
            job = Job.model_validate(read_json(folder / "attempts" / "001" / "job.json"))
            channel = stack.enter_context(Channel(folder / "attempts" / "001", job.token, SystemClock()))
            base = load_base(tiny_base, job.settings.precision)
            seed_for(job.settings.seed, 0)
            adapter = attach(base.model, job.adapter, fused=job.settings.kernels == "fused")
            data = prepare(job, base.renderer, channel)
            optimiser = Optimiser(adapter.parameters, job.settings, data.total_steps)
            return Bench(job, folder, base, data, adapter, optimiser, channel, CrashPoints())

        yield make
