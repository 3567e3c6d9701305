"""Removing base models: what needs one keeps it, the shared copy goes with the last that has it, and nothing else."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import luthier
from luthier.domain.disk_use import NotOffered
from luthier.domain.model_use import ModelInUse, ModelNotOurs, ModelPartLeft, ModelsBeingFetched
from luthier.domain.models import BaseModelNotFound, ModelDamaged
from luthier.domain.run_states import RunState
from luthier.settings import Settings
from luthier.store import Transaction, open_store
from luthier.workspace import Workspace
from tests.builders import a_run
from tests.builders.versions import a_version
from tests.kit.loopback import Exchange, Loopback, loopback
from tests.services.hub_shops import NAME, Opener
from tests.services.hub_shops import hub as hub
from tests.services.hub_shops import shop as shop
from tests.services.hub_shops import tiny as tiny


def cached(tmp_path: Path) -> list[str]:
    return sorted(folder.name for folder in (tmp_path / "cache" / "models").iterdir())


def inode_bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def test_a_model_that_nothing_needs_goes_with_its_fetched_copy(shop: Opener, tmp_path: Path) -> None:
    workspace = shop()
    folder = Path(workspace.models.pull(NAME).folder)
    use = workspace.model_removal.use(NAME)
    assert use.may_go and not use.is_shared
    assert use.freed_bytes >= inode_bytes(folder)  # once, though the bytes have two names
    assert use.freed_bytes < 2 * inode_bytes(folder)
    gone = workspace.model_removal.remove(NAME)
    assert gone.freed_bytes == use.freed_bytes
    assert not folder.exists() and cached(tmp_path) == []
    assert workspace.models.list() == []
    with pytest.raises(BaseModelNotFound):
        workspace.model_removal.remove(NAME)


def test_what_went_can_be_fetched_again(shop: Opener) -> None:
    workspace = shop()
    before = workspace.models.pull(NAME)
    workspace.model_removal.remove(NAME)
    assert workspace.models.pull(NAME) == before


def test_the_fetched_copy_stays_for_another_workspace_and_goes_with_the_last(shop: Opener, tmp_path: Path) -> None:
    one, two = shop("one"), shop("two")
    one.models.pull(NAME)
    two.models.pull(NAME)
    gone = one.model_removal.remove(NAME)
    assert gone.is_shared and gone.freed_bytes < inode_bytes(tmp_path / "two" / "models")
    assert "another workspace" in gone.sentence
    assert two.models.get(NAME).name == NAME
    last = two.model_removal.remove(NAME)
    assert not last.is_shared and last.freed_bytes > gone.freed_bytes
    assert cached(tmp_path) == []


@pytest.mark.parametrize("state", [RunState.QUEUED, RunState.RUNNING, RunState.PAUSED, RunState.FAILED])
def test_a_run_that_can_go_on_keeps_its_base(shop: Opener, state: RunState) -> None:
    workspace = shop()
    base = workspace.models.pull(NAME)
    _add(workspace, base.folder, state)
    with pytest.raises(ModelInUse, match="the run orders"):
        workspace.model_removal.remove(NAME)
    assert workspace.models.get(NAME) == base


def test_runs_that_ended_do_not_keep_their_base_but_a_version_does(shop: Opener) -> None:
    workspace = shop()
    base = workspace.models.pull(NAME)
    for state in (RunState.COMPLETED, RunState.CANCELLED):
        _add(workspace, base.folder, state)
    assert workspace.model_removal.use(NAME).may_go
    with _store_of(workspace) as tx:
        tx.versions.add(a_version(base_folder=base.folder, base_name=NAME))
    assert workspace.model_removal.use(NAME).users_sentence == "the version orders@0.1.0"
    with pytest.raises(NotOffered, match=r"the version orders@0\.1\.0"):
        workspace.disk.clean_up([f"model:{Path(base.folder).name}"])


def test_drafts_that_name_it_are_told_and_do_not_keep_it(shop: Opener) -> None:
    workspace = shop()
    workspace.models.pull(NAME)
    draft = workspace.drafts.begin({"base": NAME, "name": "tales"})
    workspace.drafts.begin({"base": "other/model"})
    use = workspace.model_removal.use(NAME)
    assert [each.draft_id for each in use.drafts] == [draft.draft_id]
    assert "tales" in use.cost_sentences[-1]
    workspace.model_removal.remove(NAME)
    assert workspace.drafts.get(draft.draft_id).values["base"] == NAME


def test_a_folder_of_the_user_is_never_touched(shop: Opener, tiny: Path) -> None:
    with pytest.raises(ModelNotOurs):
        shop().model_removal.remove(str(tiny))
    assert (tiny / "model.safetensors").is_file()


@pytest.mark.parametrize("name", ["..", "../../etc", "models", "some/", "", "nobody/nothing"])
def test_what_is_no_model_is_not_found_whatever_its_name(shop: Opener, name: str, tmp_path: Path) -> None:
    workspace = shop()
    workspace.models.pull(NAME)
    with pytest.raises((BaseModelNotFound, ModelNotOurs)):
        workspace.model_removal.remove(name)
    assert workspace.models.get(NAME).name == NAME


def test_a_damaged_model_can_be_removed(shop: Opener) -> None:
    workspace = shop()
    folder = Path(workspace.models.pull(NAME).folder)
    (folder / "model.json").write_text("{")
    with pytest.raises(ModelDamaged) as damaged:
        workspace.models.get(NAME)
    assert f"luthier models remove {NAME}" in [action.command for action in damaged.value.problem.actions]
    workspace.model_removal.remove(NAME)
    assert not folder.exists()


def test_nothing_is_removed_while_a_model_is_fetched(shop: Opener, tmp_path: Path, tiny: Path) -> None:
    asked, go_on = threading.Event(), threading.Event()

    def slow(exchange: Exchange) -> None:
        asked.set()
        go_on.wait(30)
        exchange.answer(404)

    workspace = shop()
    workspace.models.pull(NAME)
    with loopback(slow) as other:
        second = _other(tmp_path, other)
        fetching = threading.Thread(target=_fetch, args=(second,), daemon=True)
        fetching.start()
        assert asked.wait(30)
        with pytest.raises(ModelsBeingFetched):
            workspace.model_removal.remove(NAME)
        go_on.set()
        fetching.join(30)
        second.close()
    workspace.model_removal.remove(NAME)


def test_what_cannot_be_removed_is_named_and_the_model_stays(shop: Opener, tmp_path: Path) -> None:
    workspace = shop()
    base = workspace.models.pull(NAME)
    (copy,) = (tmp_path / "cache" / "models").iterdir()
    elsewhere = copy.rename(tmp_path / "elsewhere")
    copy.symlink_to(elsewhere)
    with pytest.raises(ModelPartLeft, match=str(copy)):
        workspace.model_removal.remove(NAME)
    assert workspace.models.get(NAME) == base


def test_cleaning_up_frees_the_fetched_copy_too(shop: Opener, tmp_path: Path) -> None:
    workspace = shop()
    folder = Path(workspace.models.pull(NAME).folder)
    before = (folder / "model.safetensors").stat().st_size
    done = workspace.disk.clean_up([f"model:{folder.name}"])
    assert done.freed_bytes >= before
    assert not folder.exists() and cached(tmp_path) == []


def _add(workspace: Workspace, base_folder: str, state: RunState) -> None:
    with _store_of(workspace) as tx:
        tx.runs.add(a_run(base_folder=base_folder, state=state))


@contextmanager
def _store_of(workspace: Workspace) -> Iterator[Transaction]:
    store = open_store(workspace.folders.database)
    try:
        with store.writing() as tx:
            yield tx
    finally:
        store.close()


def _other(tmp_path: Path, hub: Loopback) -> Workspace:
    values = {"home": tmp_path / "slow", "hub_cache": tmp_path / "cache", "hub_endpoint": hub.address}
    return luthier.open(settings=Settings(**values))  # type: ignore[arg-type]


def _fetch(workspace: Workspace) -> None:
    with pytest.raises(BaseModelNotFound):
        workspace.models.pull("slow/model")
