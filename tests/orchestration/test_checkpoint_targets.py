"""A checkpoint of a run is asked by its name: what it had learnt at that step, or a clear refusal."""

import shutil
from pathlib import Path

import pytest
import safetensors.numpy

from luthier.domain.chat import ChatMessage, ChatRequest, ChatTarget
from luthier.domain.checkpoint_names import CheckpointNotThere, CheckpointUnusable
from luthier.domain.run_states import RunState
from luthier.workspace import Workspace
from tests.orchestration.conftest import Submit, wait_for


def answer_of(workspace: Workspace, target: ChatTarget) -> str:
    messages = (ChatMessage(role="user", content="3 of oak"),)
    request = ChatRequest(target=target, messages=messages, max_new_tokens=8)
    return "".join(piece.text for piece in workspace.chat.stream(request))


def weights_of(target: ChatTarget) -> Path:
    assert target.adapter_folder is not None
    return Path(target.adapter_folder) / "adapter_model.safetensors"


def test_a_checkpoint_answers_as_the_adapter_of_its_step_and_a_bad_one_is_refused(
    workspace: Workspace, submit: Submit
) -> None:
    run = wait_for(workspace, submit(steps=20, keep_checkpoints=5, learning_rate=1e-2), RunState.COMPLETED)
    checkpoints = workspace.folders.run(run.run_id).checkpoints
    last, middle = (workspace.chat.resolve(f"{run.name}@step-{step}") for step in (20, 10))

    result = workspace.chat.resolve(run.name)
    assert weights_of(last).read_bytes() == weights_of(result).read_bytes(), "the last step is what the run saved"
    assert answer_of(workspace, last) == answer_of(workspace, result)
    trained = safetensors.numpy.load_file(checkpoints / "step-000010" / "adapter.safetensors")
    written = safetensors.numpy.load_file(weights_of(middle))
    assert {name.replace(".default", ""): tensor.tobytes() for name, tensor in trained.items()} == {
        name: tensor.tobytes() for name, tensor in written.items()
    }
    assert middle.label == f"{run.name}@step-10"
    assert workspace.chat.resolve(middle.label) == middle

    damaged = checkpoints / "step-000010" / "adapter.safetensors"
    damaged.write_bytes(damaged.read_bytes()[:-1] + b"?")
    assert workspace.chat.resolve(middle.label) == middle, "what was written while it was whole is still whole"
    shutil.rmtree(middle.adapter_folder or "")
    with pytest.raises(CheckpointUnusable, match=r"adapter.safetensors has changed. There are those of step 20\."):
        workspace.chat.resolve(middle.label)
    shutil.rmtree(checkpoints / "step-000020")
    with pytest.raises(CheckpointNotThere, match=r"no checkpoint of step 20. There are those of step 10\."):
        workspace.chat.resolve(last.label)
    with pytest.raises(CheckpointNotThere, match="step 10"):
        workspace.evaluations.run(last.label, "instructions")
