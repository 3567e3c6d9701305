"""The welcome follows what is really there."""

from fastapi.testclient import TestClient

from luthier.domain.chats import KeptChat
from luthier.domain.run_states import RunState
from luthier.store import Store
from luthier.workspace import Workspace
from tests.builders import a_moment, a_run
from tests.server.web.markup import Tree


def steps_done(browser: TestClient) -> int | None:
    """None when there is no welcome."""
    answer = browser.get("/parts/welcome")
    assert answer.status_code == 200
    elements = list(Tree.of(answer.text).root.all())
    return sum("done" in element.classes for element in elements) if elements else None


def test_each_step_is_ticked_by_what_is_there_and_the_last_one_ends_it(browser: TestClient, store: Store) -> None:
    assert steps_done(browser) == 0
    run = a_run(name="orders", state=RunState.RUNNING)
    with store.writing() as tx:
        tx.runs.add(run)
    assert steps_done(browser) == 1
    with store.writing() as tx:
        tx.runs.update(run.model_copy(update={"state": RunState.COMPLETED}))
    assert steps_done(browser) == 2
    assert f"target={run.run_id}" in browser.get("/parts/welcome").text
    with store.writing() as tx:
        tx.chats.add(KeptChat(chat_id="chat_1", created_at=a_moment(), changed_at=a_moment()))
    assert steps_done(browser) is None


def test_who_knows_the_way_sends_it_away_for_good(browser: TestClient, workspace: Workspace) -> None:
    assert browser.post("/parts/welcome/dismiss", headers={"x-luthier": "1", "hx-request": "true"}).status_code == 200
    assert steps_done(browser) is None
    assert workspace.first_steps.get().dismissed
