"""Rollouts: a version serves once it was tried in the background, and whatever ends that changes nothing."""

import time
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from threading import Event

import pytest

from luthier.domain.background import WorkState
from luthier.domain.chat import ChatPiece, ChatRequest
from luthier.domain.deployments import NothingToRollBackTo, SlotWrong
from luthier.domain.rollouts import Rollout, RolloutEnded, RolloutNotFound
from luthier.domain.versions import VersionNotFound
from luthier.kit.files import write_json
from luthier.services.folders import Folders
from luthier.services.rollouts import Rollouts
from luthier.store import Store
from tests.kit.clocks import PatientClock
from tests.services.registered import Answers, deployments_of, registered

SLOT = "clerk/orders"
Opener = Callable[..., Rollouts]


class Holding(Answers):
    """As a model that takes its time to be loaded."""

    def __init__(self) -> None:
        super().__init__()
        self.may_go_on, self.was_asked, self.was_withdrawn = Event(), Event(), Event()

    def stream(self, request: ChatRequest) -> Generator[ChatPiece, None, None]:
        self.was_asked.set()
        try:
            assert self.may_go_on.wait(30)
            yield from super().stream(request)
        finally:
            self.was_withdrawn.set()


@pytest.fixture
def rollouts_of(store: Store, folders: Folders) -> Iterator[Opener]:
    with ExitStack() as opened:

        def make(answers: Answers | None = None) -> Rollouts:
            made = Rollouts(deployments_of(store, folders, answers or Answers()), folders, PatientClock())
            opened.callback(made.close)
            return made

        yield make


def ended(rollouts: Rollouts, rollout: Rollout) -> Rollout:
    while (now := rollouts.get(rollout.rollout_id)).state.is_open:
        time.sleep(0.005)
    return now


def serving(store: Store) -> str | None:
    with store.reading() as tx:
        found = tx.deployments.find(SLOT)
    return found.serving.label if found else None


def left_off(folders: Folders, version_id: str, *, back: bool = False) -> str:
    """What a killed process leaves of a rollout."""
    asked = {"slot": SLOT, "version_id": version_id, "version": "orders@0.1.0", "back": back}
    write_json(folders.rollouts / "rollout_zzz" / "work.json", {"asked": asked, "begun_at": datetime.now(UTC)})
    return "rollout_zzz"


def test_a_version_serves_once_it_was_tried_and_not_before(store: Store, folders: Folders, rollouts_of: Opener) -> None:
    version, answers = registered(store, folders), Holding()
    rollouts = rollouts_of(answers)
    begun = rollouts.deploy("orders", SLOT)
    assert answers.was_asked.wait(30)
    assert serving(store) is None
    assert rollouts.deploy("orders", SLOT).rollout_id == begun.rollout_id  # asked for twice, done once
    assert [each.rollout_id for each in rollouts.open()] == [begun.rollout_id]
    answers.may_go_on.set()
    assert ended(rollouts, begun).state is WorkState.DONE
    assert (serving(store), rollouts.open()) == (version.label, [])
    with pytest.raises(RolloutEnded):
        rollouts.begin_again(begun.rollout_id)


def test_calling_it_off_does_not_wait_for_the_model_and_changes_nothing(
    store: Store, folders: Folders, rollouts_of: Opener
) -> None:
    registered(store, folders)
    answers = Holding()
    rollouts = rollouts_of(answers)
    begun = rollouts.deploy("orders", SLOT)
    assert answers.was_asked.wait(30)
    rollouts.cancel(begun.rollout_id)
    assert ended(rollouts, begun).state is WorkState.CANCELLED
    assert not answers.was_withdrawn.is_set()
    answers.may_go_on.set()
    assert answers.was_withdrawn.wait(30)
    assert serving(store) is None


def test_one_that_fails_says_why_can_be_tried_again_and_is_told_until_it_is_forgotten(
    store: Store, folders: Folders, rollouts_of: Opener
) -> None:
    registered(store, folders)
    answers = Answers(" ")
    rollouts = rollouts_of(answers)
    failed = ended(rollouts, rollouts.deploy("orders", SLOT))
    assert failed.state is WorkState.FAILED
    assert failed.problem is not None
    assert "answered nothing" in failed.problem.sentence
    answers.text = "Good day."
    assert ended(rollouts, rollouts.begin_again(failed.rollout_id)).state is WorkState.DONE
    answers.text = ""
    registered(store, folders, number="0.2.0")
    again = ended(rollouts, rollouts.deploy("orders", SLOT))
    assert [each.rollout_id for each in rollouts.open()] == [again.rollout_id]
    rollouts.forget(again.rollout_id)
    assert rollouts.open() == []
    assert serving(store) == "orders@0.1.0"


def test_one_whose_process_was_killed_is_told_and_can_be_begun_again(
    store: Store, folders: Folders, rollouts_of: Opener
) -> None:
    version, rollouts = registered(store, folders), rollouts_of()
    left = rollouts.get(left_off(folders, version.version_id))
    assert left.state is WorkState.UNFINISHED
    assert rollouts.open() == [left]
    assert ended(rollouts, rollouts.begin_again(left.rollout_id)).state is WorkState.DONE
    assert serving(store) == version.label


def test_one_that_was_killed_after_the_change_is_done_without_a_second_one(
    store: Store, folders: Folders, rollouts_of: Opener
) -> None:
    first, answers = registered(store, folders), Answers()
    registered(store, folders, number="0.2.0")
    rollouts = rollouts_of(answers)
    for number in ("0.1.0", "0.2.0"):
        ended(rollouts, rollouts.deploy(f"orders@{number}", SLOT))
    ended(rollouts, rollouts.roll_back(SLOT))
    before = list(answers.asked)
    done = ended(rollouts, rollouts.begin_again(left_off(folders, first.version_id, back=True)))
    assert (done.state, answers.asked) == (WorkState.DONE, before)
    with store.reading() as tx:
        assert len(tx.deployments.get(SLOT).turns) == 3


def test_what_can_be_refused_without_loading_is_refused_at_once(
    store: Store, folders: Folders, rollouts_of: Opener
) -> None:
    registered(store, folders)
    rollouts = rollouts_of()
    with pytest.raises(SlotWrong):
        rollouts.deploy("orders", "Clerk")
    with pytest.raises(VersionNotFound):
        rollouts.deploy("letters", SLOT)
    ended(rollouts, rollouts.deploy("orders", SLOT))
    with pytest.raises(NothingToRollBackTo):
        rollouts.roll_back(SLOT)
    with pytest.raises(RolloutNotFound):
        rollouts.get("rollout_none")
    assert len(rollouts.list()) == 1


def test_a_rollback_whose_files_changed_is_refused_and_the_slot_goes_on(
    store: Store, folders: Folders, rollouts_of: Opener
) -> None:
    first, rollouts = registered(store, folders), rollouts_of()
    registered(store, folders, number="0.2.0")
    for number in ("0.1.0", "0.2.0"):
        ended(rollouts, rollouts.deploy(f"orders@{number}", SLOT))
    (Path(first.adapter_folder) / first.weights_file).write_bytes(b"tampered with")
    failed = ended(rollouts, rollouts.roll_back(SLOT))
    assert (failed.request.back, failed.request.version, failed.state) == (True, first.label, WorkState.FAILED)
    assert serving(store) == "orders@0.2.0"
