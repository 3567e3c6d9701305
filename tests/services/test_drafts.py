"""Drafts: nothing that was typed is lost, whatever ends in between, and a run is started from one once."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import luthier
from luthier.domain.drafts import DraftIncomplete, DraftNotFound
from luthier.domain.recipes import RecipeInvalid
from luthier.orchestration.launch import supervisor_lock
from luthier.services.recipes import make_recipe
from luthier.settings import Settings
from luthier.workspace import Workspace
from tests.builders.models import a_model_folder


@pytest.fixture
def reopened(workspace_folder: Path) -> Iterator[Callable[[], Workspace]]:
    """Each call closes the workspace before and opens it anew, as a stopped server does."""
    opened: list[Workspace] = []

    def again() -> Workspace:
        while opened:
            opened.pop().close()
        opened.append(luthier.open(settings=Settings(home=workspace_folder, offline=True)))
        return opened[-1]

    yield again
    while opened:
        opened.pop().close()


def test_what_was_typed_survives_a_stopped_server_and_a_lost_database(reopened: Callable[[], Workspace]) -> None:
    workspace = reopened()
    draft = workspace.drafts.begin({"profiles": ["chatbot"]})
    workspace.drafts.change(draft.draft_id, {"settings.epochs": "many", "data": "orders.jsonl"}, "settings")
    database = workspace.folders.database
    workspace.close()
    database.unlink()
    kept = reopened().drafts.get(draft.draft_id)
    assert kept.values == {"profiles": ["chatbot"], "settings.epochs": "many", "data": "orders.jsonl"}
    assert kept.step == "settings"


def test_a_link_that_is_followed_twice_leads_to_one_draft_until_that_changes(
    reopened: Callable[[], Workspace],
) -> None:
    drafts = reopened().drafts
    first = drafts.begin({"data": "orders@1"})
    assert drafts.begin({"data": "orders@1"}).draft_id == first.draft_id
    drafts.change(first.draft_id, {"base": "starter"})
    assert drafts.begin({"data": "orders@1"}).draft_id != first.draft_id
    assert len(drafts.list()) == 2


def test_an_emptied_field_is_the_planners_again(reopened: Callable[[], Workspace]) -> None:
    drafts = reopened().drafts
    draft = drafts.begin({"data": "orders@1", "settings.epochs": 3})
    assert drafts.change(draft.draft_id, {"settings.epochs": ""}).values == {"data": "orders@1"}


def test_a_draft_becomes_the_recipe_that_it_was_begun_from(reopened: Callable[[], Workspace]) -> None:
    drafts = reopened().drafts
    values = {"data": "orders@1", "settings.learning_rate": 1e-5, "adapter.kind": "dora", "adapter.targets": ["q_proj"]}
    recipe = make_recipe({**values, "budget.size": "500MB", "columns": {"prompt": "question"}, "health": "off"})
    assert drafts.recipe(drafts.begin_like(recipe, "a test")) == recipe


def test_a_draft_that_is_no_recipe_yet_says_what_it_lacks(reopened: Callable[[], Workspace]) -> None:
    drafts = reopened().drafts
    with pytest.raises(DraftIncomplete):
        drafts.recipe(drafts.begin({}))
    with pytest.raises(RecipeInvalid) as wrong:
        drafts.recipe(drafts.begin({"data": "x", "settings.batch_size": "0"}))
    assert "settings.batch_size" in wrong.value.problem.sentence


def test_a_draft_whose_name_leads_elsewhere_is_not_found(reopened: Callable[[], Workspace], tmp_path: Path) -> None:
    drafts = reopened().drafts
    (tmp_path / "draft_x.json").write_text("{}")
    with pytest.raises(DraftNotFound):
        drafts.get("../../draft_x")


def test_of_two_clicks_on_start_one_run_comes(reopened: Callable[[], Workspace], tmp_path: Path) -> None:
    workspace = reopened()
    data = tmp_path / "pegs.jsonl"
    data.write_text("".join(f'{{"prompt": "{n} pegs", "completion": "pegs: {n}"}}\n' for n in range(30)))
    values = {"data": str(data), "base": str(a_model_folder(tmp_path / "base"))}
    draft = workspace.drafts.begin(values)
    with supervisor_lock(workspace.folders), ThreadPoolExecutor(2) as pool:
        runs = list(pool.map(lambda _: workspace.drafts.start(draft.draft_id).run_id, range(2)))
    assert runs[0] == runs[1]
    assert workspace.drafts.list() == []
    assert workspace.drafts.get(draft.draft_id).run_id == runs[0]
