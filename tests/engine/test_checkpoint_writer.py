"""What is written beside the training is the moment that was asked for; what goes wrong with it stops the training."""

from pathlib import Path

import pytest
import safetensors.torch
import torch
from torch import nn

from luthier.domain.jobs import CheckpointSaved, Job, fact_from
from luthier.engine.channel import Channel
from luthier.engine.checkpoint_writer import CheckpointWriter
from luthier.engine.checkpoints import TrainingState
from luthier.engine.crash_points import CrashPoints
from luthier.engine.flat_parameters import FlatParameters
from luthier.engine.optimiser import Optimiser
from luthier.engine.tensor_file import write_tensors
from luthier.engine.trained import Trained
from luthier.kit.clock import SystemClock
from luthier.kit.files import read_json
from luthier.kit.journal import read_journal
from tests.builders.jobs import a_run_folder


class OneLayer(Trained):
    folder_name = weights_name = "result"

    def __init__(self, weights: int) -> None:
        super().__init__(FlatParameters({"w": nn.Parameter(torch.arange(float(weights)))}))

    def add_own_gradient(self) -> None:
        raise NotImplementedError

    def disabled(self):  # type: ignore[no-untyped-def]
        raise NotImplementedError

    def write(self, folder: Path, base_name: str, base_revision: str) -> None:
        raise NotImplementedError


@pytest.fixture
def folder(tmp_path: Path, tiny_base: Path) -> Path:
    return a_run_folder(tmp_path / "run", tiny_base)


def writer_in(folder: Path, weights: int = 6) -> tuple[CheckpointWriter, Channel, OneLayer, Optimiser]:
    attempt = folder / "attempts" / "001"
    job, trained = Job.model_validate(read_json(attempt / "job.json")), OneLayer(weights)
    channel = Channel(attempt, job.token, SystemClock())
    optimiser = Optimiser(trained.parameters, job.settings, 10)
    return CheckpointWriter(job, folder, channel, CrashPoints()), channel, trained, optimiser


def test_a_checkpoint_is_the_moment_at_which_it_was_asked_for(folder: Path) -> None:
    many = 15_000_000  # so that the copy takes longer than what comes after the wish
    writer, _, trained, optimiser = writer_in(folder, many)
    with writer:
        writer.save(TrainingState(step=3), trained, optimiser, "interval")
        writer.let_change()
        trained.parameters.values.fill_(-1.0)
    kept = safetensors.torch.load_file(folder / "checkpoints" / "step-000003" / "adapter.safetensors")
    assert torch.equal(kept["w"], torch.arange(float(many)))


def test_it_is_told_of_once_it_is_on_the_disk(folder: Path) -> None:
    writer, _, trained, optimiser = writer_in(folder)
    with writer:
        writer.save(TrainingState(step=3), trained, optimiser, "last")
        [record] = read_journal(folder / "attempts" / "001" / "journal.jsonl").records
    fact = fact_from(record.kind, record.body)
    assert isinstance(fact, CheckpointSaved)
    assert (folder / fact.folder).is_dir()


def test_a_checkpoint_that_could_not_be_written_stops_the_training(folder: Path) -> None:
    (folder / "checkpoints").write_text("in the way")
    writer, channel, trained, optimiser = writer_in(folder)
    with pytest.raises(OSError), writer:
        writer.save(TrainingState(step=3), trained, optimiser, "interval")
    assert channel.phase == "loading"


def test_every_kind_of_tensor_comes_back_as_it_was(tmp_path: Path) -> None:
    kinds = (torch.float32, torch.bfloat16, torch.float16, torch.int64, torch.int32, torch.uint8, torch.bool)
    tensors = {str(kind): torch.tensor([[0, 1], [1, 0]]).to(kind) for kind in kinds}
    tensors |= {"one": torch.tensor(7.0), "none": torch.zeros(0, 3), "turned": torch.arange(6.0).reshape(2, 3).T}
    write_tensors(tmp_path / "tensors", tensors)
    back = safetensors.torch.load_file(tmp_path / "tensors")
    assert back.keys() == tensors.keys()
    assert all(torch.equal(back[name], tensors[name]) and back[name].dtype == tensors[name].dtype for name in tensors)
