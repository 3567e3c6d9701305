"""A run goes wrong before somebody's eyes, and is repaired: by itself, or by a click."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from playwright.sync_api import Browser, expect

from luthier.domain.recipes import HealthSpec
from luthier.domain.run_states import RunState
from tests.builders.models import a_model_folder
from tests.orchestration.in_process import FAR_TOO_FAST, Workshop, a_broken_base, a_tuned_base
from tests.server.web.visiting import visiting

pytestmark = pytest.mark.browser


@pytest.fixture
def workshop(tmp_path: Path) -> Iterator[Workshop]:
    torch.set_num_threads(1)
    workshop = Workshop(tmp_path / "home")
    yield workshop
    workshop.close()


def test_a_divergence_is_seen_told_and_repaired_while_one_watches(
    chrome: Browser, workshop: Workshop, tmp_path: Path
) -> None:
    base = a_tuned_base(tmp_path / "tuning", a_model_folder(tmp_path / "base"))
    run = workshop.queue(base, HealthSpec(policy="automatic"), **FAR_TOO_FAST)
    with visiting(chrome, workshop.workspace) as visitor:
        visitor.open(f"/runs/{run.run_id}")
        assert workshop.work(run).state is RunState.COMPLETED
        page = visitor.page
        alert = page.get_by_role("region", name="Alert: divergence").last
        expect(alert).to_contain_text("The loss has risen from")
        expect(alert).to_contain_text("Remedy 1: learning rate lowered from 0.1 to 0.0333")
        expect(alert.get_by_role("img")).to_be_visible()
        expect(page.locator("#run-header .state").first).to_have_text("completed")


def test_a_run_that_asks_goes_on_at_a_click(chrome: Browser, workshop: Workshop, tmp_path: Path) -> None:
    run = workshop.queue(a_broken_base(tmp_path / "base"), HealthSpec(policy="ask"), max_steps=12, examples=9)
    assert workshop.work(run).state is RunState.PAUSED
    with visiting(chrome, workshop.workspace) as visitor:
        visitor.open(f"/runs/{run.run_id}")
        page = visitor.page
        expect(page.get_by_text("Row 7 alone brings it about").first).to_be_visible()
        page.get_by_role("group", name="Remedies").get_by_role("button", name="Leave the batch out").click()
        expect(page.locator("#run-header .state").first).to_have_text("queued")
        assert workshop.work(run).state is RunState.COMPLETED
        expect(page.get_by_text("Remedy 1: left out rows 7; on from step 0, by choice")).to_be_visible()
        expect(page.get_by_role("group", name="Remedies")).to_have_count(0)
