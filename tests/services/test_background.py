"""Work in the background is seen from everywhere as what it is, and survives the end of its process."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from luthier.domain.background import WorkState
from luthier.domain.jobs import Progress
from luthier.kit.clock import SystemClock
from luthier.services.background import KEPT, Background, OnProgress
from tests.kit.clocks import PatientClock

DIES_IN_ITS_WORK = """
import os, sys
from pathlib import Path
from luthier.domain.jobs import Progress
from luthier.kit.clock import SystemClock
from luthier.services.background import Background

def die(folder, tell):
    tell(Progress(what="counting", done=3, total=9))
    os._exit(9)

Background(Path(sys.argv[1]), "job", SystemClock(), 1).begin({"count": 9}, die)
import time; time.sleep(60)
"""


class Gate:
    """A task that says how far it is again and again until it is let through."""

    def __init__(self) -> None:
        self.entered = threading.Event()
        self.opened = threading.Event()

    def __call__(self, folder: Path, tell: OnProgress) -> dict[str, int]:
        while not self.opened.wait(0.005):
            tell(Progress(what="waiting at the gate", done=1, total=2))
            self.entered.set()
        return {"passed": 1}


@pytest.fixture
def background(tmp_path: Path) -> Iterator[Background]:
    opened = Background(tmp_path / "jobs", "job", SystemClock(), at_once=1)
    yield opened
    opened.close()


def ended(background: Background, work_id: str) -> WorkState:
    deadline = time.monotonic() + 60
    while (state := background.get(work_id).outcome.state).is_open:
        assert time.monotonic() < deadline
        time.sleep(0.005)
    return state


def entered(background: Background, gate: Gate, asked: str = "") -> str:
    work_id = background.begin({"asked": asked}, gate)
    assert gate.entered.wait(60)
    return work_id


def test_work_is_done_and_what_came_of_it_is_kept(background: Background, tmp_path: Path) -> None:
    work_id = background.begin({"count": 2}, lambda folder, tell: {"counted": 2})
    assert ended(background, work_id) is WorkState.DONE
    elsewhere = Background(tmp_path / "jobs", "job", SystemClock(), at_once=1).get(work_id)
    assert (elsewhere.asked, elsewhere.outcome.result, elsewhere.progress) == ({"count": 2}, {"counted": 2}, None)


def test_another_process_sees_how_far_it_is_and_can_call_it_off(background: Background, tmp_path: Path) -> None:
    work_id = entered(background, Gate())
    elsewhere = Background(tmp_path / "jobs", "job", SystemClock(), at_once=1)
    seen = elsewhere.get(work_id)
    assert seen.outcome.state is WorkState.RUNNING
    assert seen.progress is not None and seen.progress.what == "waiting at the gate"
    elsewhere.cancel(work_id)
    assert ended(background, work_id) is WorkState.CANCELLED


def test_no_more_is_done_at_once_than_was_agreed(background: Background) -> None:
    first, second = Gate(), Gate()
    running = entered(background, first)
    waiting = background.begin({}, second)
    assert background.get(waiting).outcome.state is WorkState.WAITING
    assert not second.entered.is_set()
    first.opened.set()
    assert second.entered.wait(60)
    second.opened.set()
    assert [ended(background, each) for each in (running, waiting)] == [WorkState.DONE] * 2


def test_what_waits_is_called_off_without_ever_having_begun(background: Background) -> None:
    first, second, third = Gate(), Gate(), Gate()
    entered(background, first)
    called_off, after = background.begin({}, second), background.begin({}, third)
    background.cancel(called_off)
    assert background.get(called_off).outcome.state is WorkState.CANCELLED
    first.opened.set()
    third.opened.set()
    assert ended(background, after) is WorkState.DONE
    assert not second.entered.is_set()


def test_closing_leaves_what_is_not_done_unfinished_and_it_can_be_begun_again(
    background: Background, tmp_path: Path
) -> None:
    running, waiting = entered(background, Gate()), background.begin({}, Gate())
    background.close()
    later = Background(tmp_path / "jobs", "job", SystemClock(), at_once=1)
    assert [later.get(each).outcome.state for each in (running, waiting)] == [WorkState.UNFINISHED] * 2
    later.begin_again(running, lambda folder, tell: {"passed": 2})
    assert ended(later, running) is WorkState.DONE
    later.cancel(waiting)
    assert later.get(waiting).outcome.state is WorkState.CANCELLED


def test_work_whose_process_died_is_unfinished(tmp_path: Path) -> None:
    died = subprocess.run([sys.executable, "-c", DIES_IN_ITS_WORK, str(tmp_path / "jobs")], check=False)
    assert died.returncode == 9
    (left,) = Background(tmp_path / "jobs", "job", SystemClock(), at_once=1).list()
    assert (left.outcome.state, left.asked) == (WorkState.UNFINISHED, {"count": 9})


def test_work_that_fails_says_why_and_the_next_one_gets_its_turn(background: Background) -> None:
    def broken(folder: Path, tell: OnProgress) -> dict[str, int]:
        raise OSError(28, "No space left on device", "/somewhere")

    work_id = background.begin({}, broken)
    assert ended(background, work_id) is WorkState.FAILED
    problem = background.get(work_id).outcome.problem
    assert problem is not None and problem.code == "disk.full"
    assert ended(background, background.begin({}, lambda folder, tell: {})) is WorkState.DONE


def test_what_is_done_already_stays_done_when_it_is_called_off(background: Background) -> None:
    work_id = background.begin({}, lambda folder, tell: {})
    assert ended(background, work_id) is WorkState.DONE
    background.cancel(work_id)
    assert background.get(work_id).outcome.state is WorkState.DONE


def test_what_ended_long_ago_is_cleared_away_and_what_is_unfinished_is_not(tmp_path: Path) -> None:
    clock = PatientClock()
    background = Background(tmp_path / "jobs", "job", clock, at_once=1)
    done = background.begin({}, lambda folder, tell: {})
    assert ended(background, done) is WorkState.DONE
    left = entered(background, Gate())
    background.close()
    old = clock.now().timestamp() - KEPT.total_seconds() - 60
    os.utime(tmp_path / "jobs" / done / "outcome.json", (old, old))
    later = Background(tmp_path / "jobs", "job", clock, at_once=1)
    assert ended(later, later.begin({}, lambda folder, tell: {})) is WorkState.DONE
    assert {kept.work_id for kept in later.list()} >= {left}
    assert done not in {kept.work_id for kept in later.list()}


@pytest.mark.parametrize("work_id", ["job_none", "../job_x", "other", ""])
def test_an_id_that_is_none_leads_nowhere(background: Background, work_id: str) -> None:
    with pytest.raises(KeyError):
        background.get(work_id)


def test_what_work_leaves_in_its_folder_is_there_again_until_it_has_ended(background: Background) -> None:
    def half(folder: Path, tell: OnProgress) -> dict[str, int]:
        (folder / "half").write_text("1")
        raise KeyboardInterrupt

    def whole(folder: Path, tell: OnProgress) -> dict[str, int]:
        return {"counted": int((folder / "half").read_text()) + 1}

    with pytest.raises(KeyboardInterrupt):
        background.run_here({"count": 2}, half, lambda progress: None)
    (left,) = background.list()
    assert left.outcome.state is WorkState.UNFINISHED
    background.begin_again(left.work_id, whole)
    assert ended(background, left.work_id) is WorkState.DONE
    assert background.get(left.work_id).outcome.result == {"counted": 2}
    background.close()  # waits for the thread, which clears up after it has told the end
    assert not (background.folder(left.work_id) / "half").exists()


def test_work_of_the_caller_goes_on_with_what_was_asked_alike_and_leaves_no_folder(background: Background) -> None:
    def broken_off(folder: Path, tell: OnProgress) -> dict[str, int]:
        (folder / "half").write_text("1")
        raise KeyboardInterrupt

    def found(folder: Path, tell: OnProgress) -> dict[str, bool]:
        return {"found": (folder / "half").exists()}

    with pytest.raises(KeyboardInterrupt):
        background.run_here({"count": 2}, broken_off, lambda progress: None)
    assert background.run_here({"count": 3}, found, lambda progress: None) == {"found": False}
    assert background.run_here({"count": 2}, found, lambda progress: None) == {"found": True}
    assert background.list() == []


def test_looking_is_safe_while_work_of_others_comes_and_goes(background: Background) -> None:
    def much() -> None:
        for number in range(100):
            background.run_here({"count": number}, lambda folder, tell: {}, lambda progress: None)

    busy = threading.Thread(target=much)
    busy.start()
    while busy.is_alive():
        assert all(kept.asked["count"] < 100 for kept in background.list())
    assert background.list() == []
