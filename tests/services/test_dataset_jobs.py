"""Long work on datasets ends as if it had been done at once, or leaves nothing behind."""

import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from luthier.domain.background import WorkState
from luthier.domain.dataset_jobs import DatasetJob, DatasetJobDone, DatasetJobNotFound, DeriveWork
from luthier.domain.datasets import DatasetNameWrong, DatasetNotFound
from luthier.domain.derivations import (
    Augment,
    Dedupe,
    DerivationNotUnderstood,
    Filter,
    Mix,
    MixTooLarge,
    NameUnknown,
    Paraphrase,
    Redact,
    Repair,
    Split,
)
from luthier.domain.quality import QualityReasonUnknown
from luthier.services.folders import Folders
from luthier.store import Store
from tests.builders.models import a_model_folder
from tests.services.benches import Bench


@pytest.fixture
def bench(store: Store, folders: Folders) -> Iterator[Bench]:
    folders.models.mkdir()
    opened = Bench(store, folders)
    yield opened
    opened.jobs.close()


def ended(bench: Bench, job: DatasetJob) -> DatasetJob:
    deadline = time.monotonic() + 60
    while (now := bench.jobs.get(job.job_id)).state.is_open:
        assert time.monotonic() < deadline
        time.sleep(0.005)
    return now


def held_up(bench: Bench) -> tuple[threading.Event, threading.Event]:
    """The model stops at its first answer: an event that it did, and one that lets it go on."""
    reached, let_on = threading.Event(), threading.Event()

    def say(question: str) -> str:
        reached.set()
        assert let_on.wait(60)
        return f"Please: {question}"

    bench.speaker.say = say
    return reached, let_on


def test_a_split_in_the_background_names_both_sides(bench: Bench) -> None:
    bench.orders()
    job = ended(bench, bench.jobs.derive("orders", Split(shares={"held-out": 0.3})))
    assert (job.state, job.made) == (WorkState.DONE, ("orders-train@1", "orders-held-out@1"))
    assert isinstance(job.work, DeriveWork) and job.datasets == ("orders@1",)


def test_the_newest_version_is_meant_as_it_was_when_the_work_was_begun(bench: Bench) -> None:
    bench.imported("orders", [("a", "1"), ("a", "1"), ("b", "ann@example.com")])
    for request in (Dedupe(), Redact()):
        ended(bench, bench.jobs.derive("orders", request))
    (last,) = bench.jobs.list("orders@2")
    assert (last.datasets, last.made) == (("orders@2",), ("orders@3",))


def test_nothing_to_do_is_not_taken_for_a_new_dataset(bench: Bench) -> None:
    bench.orders()
    assert ended(bench, bench.jobs.derive("orders", Repair())).changed_nothing
    split = ended(bench, bench.jobs.derive("orders", Split(shares={"held-out": 0.3})))
    assert not split.changed_nothing


def test_a_score_in_the_background_is_the_score(bench: Bench) -> None:
    bench.orders()
    assert bench.quality.known("orders") is None
    assert ended(bench, bench.jobs.score("orders")).state is WorkState.DONE
    assert bench.quality.known("orders") == bench.quality.score("orders")


def test_a_comparison_in_the_background_leaves_nothing_to_read(bench: Bench) -> None:
    bench.imported("orders", [("a", "1"), ("a", "1"), ("b", "2")])
    ended(bench, bench.jobs.derive("orders", Dedupe()))
    assert not bench.derivations.differences.is_known("orders@1", "orders@2")
    ended(bench, bench.jobs.compare("orders@1", "orders@2"))
    assert bench.derivations.differences.is_known("orders@1", "orders@2")
    assert not bench.derivations.differences.is_known("orders@2", "orders@1")


def test_cancelling_ends_the_answer_that_is_waited_for_and_keeps_nothing(bench: Bench, tmp_path: Path) -> None:
    bench.orders()
    reached, let_on = held_up(bench)
    job = bench.jobs.derive("orders", Paraphrase(model=str(a_model_folder(tmp_path / "tiny"))))
    assert reached.wait(60)
    bench.jobs.cancel(job.job_id)
    let_on.set()
    assert ended(bench, job).state is WorkState.CANCELLED
    assert (bench.speaker.open, len(bench.speaker.asked), bench.speaker.pieces) == (0, 1, 1)
    assert [dataset.label for dataset in bench.datasets.list()] == ["orders@1"]
    assert bench.left_behind() == set()


def test_what_is_asked_twice_is_done_once(bench: Bench, tmp_path: Path) -> None:
    bench.orders()
    reached, let_on = held_up(bench)
    request = Paraphrase(model=str(a_model_folder(tmp_path / "tiny")))
    job = bench.jobs.derive("orders", request)
    assert reached.wait(60)
    assert bench.jobs.derive("orders@1", request).job_id == job.job_id
    assert bench.jobs.derive("orders", request, name="other").job_id != job.job_id
    let_on.set()


def test_work_that_was_left_off_is_begun_again_from_its_request_alone(bench: Bench, tmp_path: Path) -> None:
    bench.orders()
    reached, let_on = held_up(bench)
    job = bench.jobs.derive("orders", Paraphrase(model=str(a_model_folder(tmp_path / "tiny"))), name="said")
    assert reached.wait(60)
    closing = threading.Thread(target=bench.jobs.close)
    closing.start()
    let_on.set()
    closing.join()
    assert bench.jobs.get(job.job_id).state is WorkState.UNFINISHED
    later = Bench(bench.store, bench.folders)
    later.jobs.begin_again(job.job_id)
    assert ended(later, job).made == ("said@1",)
    with pytest.raises(DatasetJobDone):
        later.jobs.begin_again(job.job_id)
    later.jobs.close()


@pytest.mark.parametrize(
    ("request_", "refusal"),
    [
        (Mix(weights=(1, 1)), DerivationNotUnderstood),
        (Filter(without=("ugly",)), QualityReasonUnknown),
        (Repair(fixes=("everything",)), NameUnknown),
        (Redact(kinds=("opinions",)), NameUnknown),
        (Augment(lists=("planets",)), NameUnknown),
    ],
)
def test_what_can_be_refused_at_once_is_never_begun(bench: Bench, request_: Mix, refusal: type[Exception]) -> None:
    bench.orders()
    with pytest.raises(refusal):
        bench.jobs.derive("orders", request_)
    with pytest.raises(DatasetNameWrong):
        bench.jobs.derive("orders", Dedupe(), name="a@b")
    with pytest.raises(MixTooLarge):
        bench.jobs.derive(["orders", "orders"], Mix(weights=(1, 1), size=1_000))
    with pytest.raises(DatasetNotFound):
        bench.jobs.score("nothing")
    assert bench.jobs.list() == []


def test_what_fails_while_it_is_done_says_so_in_the_words_of_the_library(bench: Bench) -> None:
    bench.orders()
    job = ended(bench, bench.jobs.derive("orders", Filter(containing="zebra")))
    assert job.problem is not None
    assert (job.state, job.problem.code) == (WorkState.FAILED, "derivations.leaves_nothing")


def test_an_unknown_job_is_said_to_be_none(bench: Bench) -> None:
    for ask in (bench.jobs.get, bench.jobs.cancel, bench.jobs.begin_again):
        with pytest.raises(DatasetJobNotFound):
            ask("job_none")


def test_what_a_killed_process_had_begun_to_write_is_cleared_away_a_day_later(bench: Bench) -> None:
    bench.orders()
    folders = [bench.folders.dataset(name) for name in (".new_old.part", "new_old", ".new_fresh.part")]
    for folder in folders:
        folder.mkdir()
        (folder / "examples.jsonl").write_text("{}")
    for path in (each for folder in folders[:2] for each in (folder / "examples.jsonl", folder)):
        os.utime(path, (1_000_000_000, 1_000_000_000))
    ended(bench, bench.jobs.derive("orders", Repair()))
    assert [folder.exists() for folder in folders] == [False, False, True]
