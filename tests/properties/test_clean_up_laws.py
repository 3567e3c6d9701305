"""Law 31: low disk always prompts; what serves, is tagged or is still needed is never offered, and never removed."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from luthier.domain.background import WorkState
from luthier.domain.disk_use import DiskUse, NotOffered
from luthier.domain.exports import Export, ExportRequest
from luthier.domain.run_states import RunState
from luthier.kit.files import write_atomically
from luthier.services.folders import Folders
from luthier.store import Store, open_store
from tests.builders import a_checkpoint, a_moment, a_run
from tests.builders.deployments import a_deployment, a_turn
from tests.services.registered import disk_watch_of, registered, versions_of

_NUMBERS = ("0.1.0", "0.2.0", "0.3.0", "1.0.0")
_STATES = (RunState.COMPLETED, RunState.FAILED, RunState.PAUSED)


@st.composite
def plans(draw: st.DrawFn) -> list[tuple[bool, int, RunState]]:
    """For each version: whether it is tagged, in which of three slots it serves (or none), the state of its run."""
    one = st.tuples(st.booleans(), st.integers(0, 4), st.sampled_from(_STATES))
    return draw(st.lists(one, min_size=1, max_size=4))


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(plans())
def test_nothing_that_serves_or_is_tagged_is_offered_or_removed(
    tmp_path_factory: pytest.TempPathFactory, plan: list[tuple[bool, int, RunState]]
) -> None:
    folders = Folders(tmp_path_factory.mktemp("disk"))
    store = open_store(folders.database)
    try:
        needed = _laid_out(store, folders, plan)
        watch = disk_watch_of(store, folders)
        use = watch.use()
        assert needed.isdisjoint(item.item_id for item in use.offered)
        for item in use.items:
            if not item.may_go:
                with pytest.raises(NotOffered):
                    watch.clean_up([item.item_id])
        done = watch.clean_up([item.item_id for item in use.offered])
        assert done.freed_bytes == use.offered_bytes
        with store.reading() as tx:
            there = [version for version in tx.versions.list() if version.version_id in needed]
        assert {version.version_id for version in there} == {each for each in needed if each.startswith("ver_")}
        assert all((Path(version.adapter_folder) / version.weights_file).is_file() for version in there)
        assert watch.use().offered == ()
    finally:
        store.close()


@given(st.integers(0, 2**40), st.integers(0, 2**40))
def test_low_space_always_prompts(free: int, limit: int) -> None:
    assert DiskUse(items=(), free_bytes=free, low_below_bytes=limit).is_low == (free < limit)


def _laid_out(store: Store, folders: Folders, plan: list[tuple[bool, int, RunState]]) -> set[str]:
    """The ids of what must stay."""
    needed: set[str] = set()
    for place, (is_tagged, slot, state) in enumerate(plan):
        version = registered(store, folders, number=_NUMBERS[place])
        run = a_run(run_id=version.run_id, state=state)
        export = Export(
            export_id=f"exp_{place}",
            version=version.label,
            version_id=version.version_id,
            request=ExportRequest(form="gguf"),
            state=WorkState.DONE,
            begun_at=a_moment(),
        )
        for folder in (folders.run(run.run_id).checkpoints / "step-000010", folders.exports / export.export_id):
            folder.mkdir(parents=True)
            write_atomically(folder / "weights", b"0" * 100)
        with store.writing() as tx:
            tx.runs.add(run)
            tx.checkpoints.put(a_checkpoint(run.run_id, 10))
            tx.exports.add(export)
            if slot < 3:
                before = tx.deployments.find(f"clerk/slot-{slot}")
                turn = a_turn(version)
                tx.deployments.put(before.then(turn) if before else a_deployment(f"clerk/slot-{slot}", turn))
        if is_tagged:
            versions_of(store, folders).tag(version.version_id, "kept")
    with store.reading() as tx:
        serving = {each.serving.version_id for each in tx.deployments.list()}
        for version in tx.versions.list():
            kept = version.version_id in serving or bool(version.tags)
            run = tx.runs.find(version.run_id)
            if kept:
                exports = {each.export_id for each in tx.exports.list(version.version_id)}
                needed |= {version.version_id, f"checkpoints:{run.run_id}", *exports}
            if run.state is not RunState.COMPLETED:
                needed.add(f"checkpoints:{run.run_id}")
    return needed
