"""What the engine's tests share: one tiny base model, and a bench to train it on in this process."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import torch

from luthier.domain.jobs import Job
from luthier.engine.channel import Channel
from luthier.engine.crash_points import CrashPoints
from luthier.engine.determinism import seed_for
from luthier.engine.devices import torch_device
from luthier.engine.loading import load_base
from luthier.engine.loop import Bench
from luthier.engine.preparing import prepare
from luthier.engine.questions import Questions
from luthier.engine.tasks.finetune import begin_at_data, objective_of, optimiser_of, trained_part
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
def wide_base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Wide enough for blocks of 64 weights."""
    folder = tmp_path_factory.mktemp("models") / "wide"
    return a_model_folder(folder, hidden_size=64, intermediate_size=128)


@pytest.fixture(scope="session")
def workers() -> Iterator[Workers]:
    with Workers() as workers:
        yield workers


@pytest.fixture
def bench_for(tiny_base: Path, wide_base: Path, tmp_path: Path) -> Iterator[Callable[..., Bench]]:
    """`bench_for(learning_rate=..., ...)` makes a run folder and everything that the training loop needs."""
    with ExitStack() as stack:

        def make(name: str = "run", **changes: object) -> Bench:
            base_folder = changes.pop("base_folder", wide_base if changes.get("precision") == "nf4" else tiny_base)
            folder = a_run_folder(tmp_path / name, base_folder, **changes)
            job = Job.model_validate(read_json(folder / "attempts" / "001" / "job.json"))
            channel = stack.enter_context(Channel(folder / "attempts" / "001", job.token, SystemClock()))
            base = load_base(base_folder, job.settings.precision, device=torch_device(job.settings.device))
            seed_for(job.settings.seed, 0)
            trained = trained_part(base, job)
            data = prepare(job, base.renderer, channel)
            begin_at_data(job, base, trained, data, channel)
            optimiser = optimiser_of(job, trained, data.total_steps)
            objective = objective_of(job, base, data, trained)
            questions = Questions(job, base, data.held_out_examples)
            return Bench(job, folder, base, data, objective, trained, optimiser, channel, CrashPoints(), questions)

        yield make
