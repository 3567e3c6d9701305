"""Leases on both databases: one holder per run, whoever races for it."""

import threading
from pathlib import Path

from luthier.domain.runs import Lease
from luthier.kit.clock import SystemClock
from luthier.services.attempts import Attempts
from luthier.services.folders import Folders
from luthier.services.queue import Queue
from luthier.store import Store, open_store
from tests.builders import a_run
from tests.builders.machines import AShared

Place = Path | str


def test_a_beat_counts_for_its_holder_only(store: Store) -> None:
    mine, other = a_run(name="a"), a_run(name="b")
    with store.writing() as tx:
        for run, holder in ((mine, "here/1"), (other, "there/1")):
            tx.runs.add(run)
            tx.leases.put(Lease(run_id=run.run_id, holder=holder, token=1))
        tx.leases.beat("here/1")
    with store.reading() as tx:
        assert {lease.holder: lease.beat for lease in tx.leases.list()} == {"here/1": 1, "there/1": 0}


def test_a_lease_is_dropped_by_its_holder_only(store: Store) -> None:
    run = a_run()
    with store.writing() as tx:
        tx.runs.add(run)
        tx.leases.put(Lease(run_id=run.run_id, holder="here/1", token=1))
        tx.leases.drop(run.run_id, "there/1")
        assert tx.leases.get(run.run_id) is not None
        tx.leases.drop(run.run_id, "here/1")
        assert tx.leases.get(run.run_id) is None


def test_two_supervisors_on_one_database_never_claim_the_same_run(place: Place, store: Store, tmp_path: Path) -> None:
    with store.writing() as tx:
        for number in range(12):
            tx.runs.add(a_run(name=f"run-{number}", ticket=number))
    claims: list[tuple[str, str]] = []

    def claim_all(holder: str) -> None:
        own = open_store(place)
        attempts = Attempts(own, Folders(tmp_path), SystemClock(), Queue(own, Folders(tmp_path), AShared(64)), holder)
        while assignment := attempts.claim_next():
            claims.append((assignment.run.run_id, holder))
        own.close()

    supervisors = [threading.Thread(target=claim_all, args=(f"{name}/1",)) for name in ("here", "there")]
    for supervisor in supervisors:
        supervisor.start()
    for supervisor in supervisors:
        supervisor.join()
    with store.reading() as tx:
        leases = {(lease.run_id, lease.holder) for lease in tx.leases.list()}
    assert len(claims) == 12
    assert set(claims) == leases
