from pathlib import Path

import pytest

from luthier.domain.chat import ChatTarget
from luthier.domain.deployments import (
    DeploymentNotFound,
    NothingToRollBackTo,
    ServesElseNow,
    SlotWrong,
    TrialFailed,
)
from luthier.domain.errors import NotAllowedNow
from luthier.services.chat import Chat
from luthier.services.folders import Folders
from luthier.services.models import Models
from luthier.settings import Settings
from luthier.store import Store
from tests.builders.deployments import a_deployment
from tests.kit.clocks import PatientClock
from tests.services.registered import Answers, deployments_of, registered

SLOT = "clerk/orders"


class Refused(NotAllowedNow):
    code = "tests.refused"
    sentence = "It got worse."


class ClosedGate:
    def __init__(self) -> None:
        self.asked: list[tuple[str, str | None]] = []

    def require(self, version_id: str, champion_id: str | None = None) -> None:
        self.asked.append((version_id, champion_id))
        raise Refused


def test_a_version_is_tried_before_it_serves(store: Store, folders: Folders) -> None:
    version = registered(store, folders)
    answers = Answers()
    made = deployments_of(store, folders, answers).deploy("orders", SLOT)
    assert answers.asked == [version.label]
    assert made.serving.trial.files_sha256 == version.adapter_sha256
    assert (made.serving.label, made.serving.trial.answer) == (version.label, "Good day.")


def test_one_action_rolls_back_and_the_next_one_forward_again(store: Store, folders: Folders) -> None:
    deployments = deployments_of(store, folders, Answers())
    for number in ("0.1.0", "0.2.0", "0.3.0"):
        registered(store, folders, number=number)
        deployments.deploy(f"orders@{number}", SLOT)
    assert deployments.roll_back(SLOT).serving.label == "orders@0.2.0"
    assert deployments.roll_back(SLOT, "orders@0.1.0").serving.cause == "rolled back from orders@0.2.0"
    assert [turn.label for turn in deployments.get(SLOT).earlier] == ["orders@0.2.0", "orders@0.3.0"]


def test_a_rollback_target_whose_files_changed_is_refused_and_the_slot_goes_on(store: Store, folders: Folders) -> None:
    deployments = deployments_of(store, folders, Answers())
    first = registered(store, folders)
    registered(store, folders, number="0.2.0")
    deployments.deploy("orders@0.1.0", SLOT)
    deployments.deploy("orders@0.2.0", SLOT)
    (Path(first.adapter_folder) / first.weights_file).write_bytes(b"tampered with")
    with pytest.raises(TrialFailed, match="hash"):
        deployments.roll_back(SLOT)
    assert deployments.get(SLOT).serving.label == "orders@0.2.0"


def test_a_version_that_answers_nothing_does_not_serve(store: Store, folders: Folders) -> None:
    registered(store, folders)
    deployments = deployments_of(store, folders, Answers(" "))
    with pytest.raises(TrialFailed, match="answered nothing"):
        deployments.deploy("orders", SLOT)
    assert deployments.list() == []


def test_a_gate_that_closes_keeps_the_champion_and_nothing_is_loaded(store: Store, folders: Folders) -> None:
    champion = registered(store, folders)
    worse = registered(store, folders, number="0.2.0")
    deployments_of(store, folders, Answers()).deploy("orders@0.1.0", SLOT)
    gate, answers = ClosedGate(), Answers()
    guarded = deployments_of(store, folders, answers, gate)
    with pytest.raises(Refused):
        guarded.deploy("orders@0.2.0", SLOT)
    assert gate.asked == [(worse.version_id, champion.version_id)]
    assert answers.asked == []
    assert guarded.get(SLOT).serving.label == champion.label


def test_who_was_overtaken_while_trying_changes_nothing(store: Store, folders: Folders) -> None:
    registered(store, folders)

    class Slow(Answers):
        def stream(self, request):  # type: ignore[no-untyped-def]
            with store.writing() as tx:
                tx.deployments.put(a_deployment(SLOT))
            yield from super().stream(request)

    with pytest.raises(ServesElseNow):
        deployments_of(store, folders, Slow()).deploy("orders", SLOT)


@pytest.mark.parametrize("slot", ["", "orders", "a/b/c", "Clerk/orders", "../orders", "clerk/", "/orders"])
def test_what_is_no_slot_is_refused_before_anything_is_loaded(store: Store, folders: Folders, slot: str) -> None:
    registered(store, folders)
    answers = Answers()
    with pytest.raises(SlotWrong):
        deployments_of(store, folders, answers).deploy("orders", slot)
    assert answers.asked == []


def test_where_nothing_served_before_there_is_nothing_to_roll_back_to(store: Store, folders: Folders) -> None:
    deployments = deployments_of(store, folders, Answers())
    registered(store, folders)
    registered(store, folders, name="letters")
    with pytest.raises(DeploymentNotFound):
        deployments.roll_back(SLOT)
    deployments.deploy("orders", SLOT)
    with pytest.raises(NothingToRollBackTo, match="nothing served there before"):
        deployments.roll_back(SLOT)


def test_a_chat_finds_what_serves_under_the_name_of_the_slot(store: Store, folders: Folders) -> None:
    version = registered(store, folders)
    deployments_of(store, folders, Answers()).deploy("orders", SLOT)
    chat = Chat(store, Models(Settings(home=folders.root, offline=True), folders, PatientClock()), Answers())
    found = chat.resolve(SLOT)
    expected = ChatTarget(label=version.label, base_folder=version.base_folder, adapter_folder=version.adapter_folder)
    assert found == chat.resolve_listed(SLOT) == expected
    assert next((each.kind, each.name) for each in chat.targets()) == ("deployment", SLOT)
