import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from luthier.domain.jobs import Cancelled, Heartbeat, Progress, fact_from
from luthier.engine.channel import EXIT_SUPERSEDED, Channel, Interrupted, JournalLost
from luthier.kit.clock import SystemClock
from luthier.kit.journal import JournalWriter, read_journal


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    attempt = tmp_path / "run_1" / "attempts" / "001"
    attempt.mkdir(parents=True)
    return attempt


@pytest.fixture
def channel(folder: Path) -> Iterator[Channel]:
    with Channel(folder, token=5, clock=SystemClock()) as channel:
        yield channel


@pytest.fixture
def command(folder: Path) -> Callable[[str, int], int]:
    writer = JournalWriter(folder / "commands.jsonl", SystemClock())
    return lambda kind, token: writer.append(kind, {"token": token})


def facts(folder: Path) -> list[object]:
    return [fact_from(record.kind, record.body) for record in read_journal(folder / "journal.jsonl").records]


def test_a_command_for_another_attempt_is_not_obeyed(channel: Channel, command: Callable[[str, int], int]) -> None:
    command("cancel", 4)
    channel.obey()
    command("stop", 5)
    with pytest.raises(Interrupted) as caught:
        channel.obey()
    assert caught.value.wish == "stop"


def test_a_cancel_outlasts_a_later_stop(channel: Channel, command: Callable[[str, int], int]) -> None:
    command("cancel", 5)
    command("stop", 5)
    channel.ask("stop")
    assert channel.wish() == "cancel"


def test_progress_is_written_when_complete_however_fast_it_comes(channel: Channel, folder: Path) -> None:
    for done in range(1, 1001):
        channel.progress("tokenising", done, 1000)
    written = [fact for fact in facts(folder) if isinstance(fact, Progress)]
    assert written[-1].done == 1000
    assert len(written) < 100
    assert channel.busy == 1000


def test_a_silent_worker_still_beats_and_says_how_much_it_has_done(channel: Channel, folder: Path) -> None:
    channel.busy = 41
    beats: list[Heartbeat] = []
    while not beats:  # the suite's own limit ends a heart that never beats
        time.sleep(0.1)
        beats = [fact for fact in facts(folder) if isinstance(fact, Heartbeat)]
    assert beats[0].busy == 41


def test_the_heart_says_that_a_checkpoint_is_being_written_and_then_what_was_before(
    channel: Channel, folder: Path
) -> None:
    channel.enter("training")
    with channel.saving():
        while not (beats := [fact for fact in facts(folder) if isinstance(fact, Heartbeat)]):
            time.sleep(0.1)
    assert beats[0].phase == "checkpoint"
    assert (channel.phase, channel.busy) == ("training", 1)


def test_facts_from_several_threads_never_mix(channel: Channel, folder: Path) -> None:
    def speak(name: str) -> None:
        for done in range(50):
            channel.say(Progress(what=name, done=done, total=0))

    threads = [threading.Thread(target=speak, args=(f"thread {number}",)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    records = read_journal(folder / "journal.jsonl").records
    assert [record.seq for record in records] == list(range(1, len(records) + 1))
    assert sum(record.kind == "progress" for record in records) == 200


def test_nothing_more_is_said_once_the_journal_is_lost(folder: Path) -> None:
    (folder / "journal.jsonl").symlink_to("/dev/full")
    channel = Channel(folder, token=1, clock=SystemClock())
    for _ in range(2):
        with pytest.raises(JournalLost):
            channel.say(Progress(what="x", done=1, total=1))


def test_a_worker_whose_run_has_a_newer_attempt_ends_itself(folder: Path) -> None:
    """It may have been frozen while it was replaced, and whoever could end it may be gone."""
    code = (
        "import sys, time; from pathlib import Path; from luthier.engine.channel import Channel; "
        "from luthier.kit.clock import SystemClock\n"
        "with Channel(Path(sys.argv[1]), 1, SystemClock()): time.sleep(60)"
    )
    worker = subprocess.Popen([sys.executable, "-c", code, str(folder)])
    newer = folder.with_name("002")
    newer.mkdir()
    (newer / "job.json").write_text("{}")
    assert worker.wait(timeout=30) == EXIT_SUPERSEDED


def test_nothing_is_said_after_the_last_word(folder: Path) -> None:
    """Not even a heartbeat: whoever reads the journal may take the last fact for the last word."""
    with Channel(folder, 1, SystemClock()) as channel:
        channel.say(Cancelled())
        channel.say(Heartbeat(phase="training", step=1, busy=1))
    assert [record.kind for record in read_journal(folder / "journal.jsonl").records] == ["cancelled"]
