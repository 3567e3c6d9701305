"""The list of runs: filters, sorting and paging, all in the address."""

import re

import pytest
from fastapi.testclient import TestClient

from luthier.server.web.runs import GROUPS, PAGE_SIZE
from tests.server.web.scenes import Scene


def names(page: str) -> list[str]:
    return re.findall(r'class="name" href="/runs/[^"]+"[^>]*>([^<]+)<', page)


def next_address(page: str) -> str | None:
    found = re.search(r'class="button" href="(/runs\?[^"]+)"', page)
    return found[1].replace("&amp;", "&") if found else None


@pytest.mark.parametrize("sort", ["newest", "oldest", "name", "loss", "duration"])
def test_every_run_is_on_exactly_one_page(browser: TestClient, much: Scene, sort: str) -> None:
    seen: list[str] = []
    address: str | None = f"/runs?sort={sort}"
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


def test_the_part_alone_is_the_part_of_the_page(browser: TestClient, much: Scene) -> None:
    alone = browser.get("/runs", headers={"hx-request": "true", "hx-target": "runs-table"}).text
    assert "<html" not in alone
    assert names(alone) == names(browser.get("/runs").text)


@pytest.mark.parametrize("query", ["state=lost", "sort=luck", "skip=-1", "skip=many"])
def test_an_address_that_makes_no_sense_gets_a_page_that_says_so(browser: TestClient, query: str) -> None:
    answer = browser.get(f"/runs?{query}")
    assert answer.status_code == 422
    assert "What you can do" in answer.text
