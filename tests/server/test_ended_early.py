"""A run whose training ended early is whole: pages, terminal and API say so instead of showing a part of the way."""

import pytest
from fastapi.testclient import TestClient

from luthier.cli.render.runs import runs_table
from luthier.domain.run_states import RunState
from luthier.store import Store
from tests.builders import a_run
from tests.cli.test_render import shown

WHY = "held-out loss no longer fell"


def test_the_pages_and_the_api_say_that_it_ended_early_and_why(browser: TestClient, store: Store) -> None:
    run = a_run(state=RunState.COMPLETED, step=40, total_steps=100)
    with store.writing() as tx:
        tx.runs.add(run)
    page = browser.get(f"/runs/{run.run_id}").text
    assert "Ended early" in page and f"of 100 planned: the {WHY}" in page
    assert 'aria-valuenow="100"' in page
    assert "ended early, at 40 of 100 steps" in browser.get("/runs").text
    assert browser.get(f"/api/v1/runs/{run.run_id}").json()["ended_early"] is True


def test_the_list_in_the_terminal_shows_it_as_whole() -> None:
    run = a_run(state=RunState.COMPLETED, step=40, total_steps=100)
    assert "40/40" in shown(runs_table([run], {}, is_narrowed=False))


@pytest.mark.parametrize(
    ("state", "step"),
    [(RunState.COMPLETED, 100), (RunState.COMPLETED, 0), (RunState.CANCELLED, 40), (RunState.RUNNING, 40)],
)
def test_a_run_that_was_called_off_goes_on_or_is_whole_did_not_end_early(state: RunState, step: int) -> None:
    run = a_run(state=state, step=step, total_steps=100)
    assert not run.ended_early
    assert run.last_step == 100
