"""The list of runs: filters, sorting and paging, all in the address."""

import re

import pytest
from fastapi.testclient import TestClient

from luthier.domain.sweeps import SweepMember
from luthier.server.web.runs import GROUPS, PAGE_SIZE
from luthier.store import Store
from tests.builders import a_run
from tests.server.web.scenes import Scene


def names(page: str) -> list[str]:
    return re.findall(r'class="name" href="/runs/[^"]+"[^>]*>([^<]+)<', page)


def next_address(page: str) -> str | None:
    found = re.search(r'class="button" href="(/runs\?[^"]+)"', page)
    return found[1].replace("&amp;", "&") if found else None


def head_of(page: str, label: str) -> str:
    found = re.search(rf'<a href="([^"]+)">{label}', page)
    assert found is not None
    return found[1].replace("&amp;", "&")


@pytest.mark.parametrize(
    "order", ["", "reverse=true", "sort=name", "sort=state", "sort=loss", "sort=speed&reverse=true"]
)
def test_every_run_is_on_exactly_one_page(browser: TestClient, much: Scene, order: str) -> None:
    seen: list[str] = []
    address: str | None = f"/runs?{order}"
    while address:
        page = browser.get(address).text
        assert 0 < len(names(page)) <= PAGE_SIZE
        seen += names(page)
        address = next_address(page)
    assert len(seen) == len(set(seen)) == 71


def test_a_filter_shows_only_its_states(browser: TestClient, much: Scene) -> None:
    active = {state.value for state in GROUPS["active"] or ()}
    assert set(names(browser.get("/runs?state=active").text)) == {f"orders-{state}" for state in active}
    assert names(browser.get("/runs?state=failed").text) == ["orders-failed"]


def test_a_filter_and_a_sort_stay_in_the_address_of_the_next_page(browser: TestClient, much: Scene) -> None:
    following = next_address(browser.get("/runs?state=completed&sort=name").text)
    assert following is not None
    assert "state=completed" in following
    assert "sort=name" in following


def test_a_run_without_a_loss_comes_last_when_sorted_by_loss(browser: TestClient, much: Scene) -> None:
    page = browser.get("/runs?state=active&sort=loss").text
    assert set(names(page)[-2:]) == {"orders-queued", "orders-preparing"}


def test_the_head_of_a_column_leads_to_its_order_and_then_to_the_other_way_round(
    browser: TestClient, much: Scene
) -> None:
    first = head_of(browser.get("/runs?text=orders").text, "Loss")
    assert first == "/runs?text=orders&sort=loss"
    page = browser.get(first).text
    assert 'aria-sort="ascending"' in page
    again = head_of(page, "Loss")
    assert 'aria-sort="descending"' in browser.get(again).text
    assert head_of(browser.get(again).text, "Loss") == first


def test_filters_narrow_together_and_stay_chosen_in_the_form(browser: TestClient, much: Scene) -> None:
    page = browser.get("/runs?text=ORDERS fail&method=sft&base=starter&state=failed").text
    assert names(page) == ["orders-failed"]
    assert 'value="ORDERS fail"' in page
    assert 'value="sft" selected' in page and 'value="starter" selected' in page
    assert '<input type="hidden" form="runs-filter" name="state" value="failed">' in page
    nobody = browser.get("/runs?method=dpo").text
    assert names(nobody) == []
    assert "Show all runs" in nobody


def test_runs_of_one_sweep_can_be_looked_at_alone(browser: TestClient, store: Store) -> None:
    with store.writing() as tx:
        for number, sweep in enumerate(("sweep_1", "sweep_1", "sweep_2")):
            member = SweepMember(sweep_id=sweep, values={"learning_rate": number / 100})
            tx.runs.add(a_run(name=f"orders, {number}", sweep=member))
    assert "/runs?sweep=sweep_1" in browser.get("/runs").text
    alone = browser.get("/runs?sweep=sweep_1&sort=name").text
    assert names(alone) == ["orders, 0", "orders, 1"]
    assert 'href="/runs?sort=name"' in alone, "the way back to all keeps the order"


def test_what_a_form_leaves_open_is_not_in_the_address(browser: TestClient, much: Scene) -> None:
    headers = {"hx-request": "true", "hx-target": "runs-table"}
    part = browser.get("/runs?text=&method=&base=starter&sort=made&state=failed", headers=headers)
    assert part.headers["hx-push-url"] == "/runs?state=failed&base=starter"


def test_the_part_alone_is_the_part_of_the_page(browser: TestClient, much: Scene) -> None:
    alone = browser.get("/runs", headers={"hx-request": "true", "hx-target": "runs-table"}).text
    assert "<html" not in alone
    assert names(alone) == names(browser.get("/runs").text)


@pytest.mark.parametrize("query", ["state=lost", "sort=luck", "method=magic", "reverse=perhaps"])
def test_an_address_that_makes_no_sense_gets_a_page_that_says_so(browser: TestClient, query: str) -> None:
    answer = browser.get(f"/runs?{query}")
    assert answer.status_code == 422
    assert "What you can do" in answer.text
