from collections.abc import Generator
from pathlib import Path

import pytest

from luthier.domain.adapters import FullSettings
from luthier.domain.chat import (
    ChatMessage,
    ChatPiece,
    ChatRequest,
    ChatTarget,
    Embedding,
    EmbeddingRequest,
    TargetNotFound,
)
from luthier.domain.runs import RunHasNoAdapter, RunNameAmbiguous
from luthier.services.chat import Chat
from luthier.services.folders import Folders
from luthier.services.models import Models
from luthier.settings import Settings
from luthier.store import Store
from tests.builders.models import a_model_folder
from tests.builders.plans import a_plan
from tests.builders.runs import a_run
from tests.builders.versions import a_version
from tests.kit.clocks import PatientClock


class Parrot:
    """Stands where the model process is: repeats what it is told."""

    def stream(self, request: ChatRequest) -> Generator[ChatPiece, None, None]:
        yield ChatPiece(text=request.messages[-1].content, done=True)

    def embed(self, request: EmbeddingRequest) -> tuple[Embedding, ...]:
        return ()


@pytest.fixture
def chat(store: Store, folders: Folders) -> Chat:
    folders.models.mkdir()
    settings = Settings(home=folders.root, hub_cache=folders.root / "cache", hub_endpoint="http://127.0.0.1:9")
    return Chat(store, Models(settings, folders, PatientClock()), Parrot())


def test_a_version_is_its_base_with_its_adapter(chat: Chat, store: Store) -> None:
    version = a_version()
    with store.writing() as tx:
        tx.versions.add(version)
    expected = ChatTarget(label=version.label, base_folder=version.base_folder, adapter_folder=version.adapter_folder)
    for reference in (version.name, version.label, version.version_id):
        assert chat.resolve(reference) == expected


def test_a_result_that_is_a_whole_model_is_asked_without_its_base(chat: Chat, store: Store) -> None:
    plan = a_plan(adapter=FullSettings(kind="full"))
    run = a_run(name="whole", adapter_folder="/runs/1/model", plan=plan)
    with store.writing() as tx:
        tx.runs.add(run)
        tx.versions.add(a_version(name="orders", kind="model", adapter_folder="/runs/1/model"))
    for reference in ("orders", "whole"):
        target = chat.resolve(reference)
        assert (target.base_folder, target.adapter_folder) == ("/runs/1/model", None)


def test_a_version_goes_before_the_run_of_the_same_name(chat: Chat, store: Store) -> None:
    run = a_run(name="orders", adapter_folder="/runs/1/adapter")
    with store.writing() as tx:
        tx.runs.add(run)
        tx.versions.add(a_version(name="orders", adapter_folder="/versions/1"))
    assert chat.resolve("orders").adapter_folder == "/versions/1"
    assert chat.resolve(run.run_id).adapter_folder == "/runs/1/adapter"


def test_what_was_tuned_brings_the_system_message_of_its_training_data(chat: Chat, store: Store) -> None:
    run = a_run(adapter_folder="/runs/1/adapter", plan=a_plan(system_prompt="Answer in JSON."))
    version = a_version(run_id=run.run_id)
    with store.writing() as tx:
        tx.runs.add(run)
        tx.versions.add(version)
    for reference in (run.run_id, version.version_id):
        assert chat.resolve(reference).system_prompt == "Answer in JSON."


def test_a_run_without_an_adapter_says_in_which_state_it_is(chat: Chat, store: Store) -> None:
    with store.writing() as tx:
        tx.runs.add(a_run(name="young"))
    with pytest.raises(RunHasNoAdapter, match="young is"):
        chat.resolve("young")


def test_a_name_that_two_runs_carry_is_not_guessed(chat: Chat, store: Store) -> None:
    with store.writing() as tx:
        tx.runs.add(a_run(run_id="run_1", name="twin"))
        tx.runs.add(a_run(run_id="run_2", name="twin"))
    with pytest.raises(RunNameAmbiguous):
        chat.resolve("twin")


def test_a_model_folder_is_a_base_without_an_adapter(chat: Chat, tmp_path: Path) -> None:
    folder = a_model_folder(tmp_path / "tiny")
    assert chat.resolve(str(folder)) == ChatTarget(label=str(folder), base_folder=str(folder))


@pytest.mark.parametrize("reference", ["nobody", "some/model", "orders@9.9.9", ""])
def test_what_nothing_carries_is_not_fetched_from_anywhere(chat: Chat, reference: str) -> None:
    """A slip of the pen must not become a download."""
    with pytest.raises(TargetNotFound):
        chat.resolve(reference)


def test_answers_come_through(chat: Chat) -> None:
    target = ChatTarget(label="tiny", base_folder="/models/tiny")
    request = ChatRequest(target=target, messages=(ChatMessage(role="user", content="hello"),))
    assert [piece.text for piece in chat.stream(request)] == ["hello"]
