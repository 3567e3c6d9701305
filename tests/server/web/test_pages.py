"""Every page, with nothing, little and much to show."""

import re

from fastapi.testclient import TestClient

from luthier.domain.run_states import RunState
from luthier.server.web.run_parts import PARTS
from luthier.server.web.words import STATE_WORDS
from tests.server.web.scenes import Scene

PLACES = (
    "/",
    "/train",
    "/models",
    "/models/list",
    "/models/downloads",
    "/models/compare?model=starter&model=Qwen/Qwen2.5-0.5B-Instruct",
    "/presets",
    "/presets/import",
    "/runs",
    "/datasets",
    "/datasets/import",
    "/scenarios",
    "/scenarios/templates",
    "/scenarios/one?template=combat",
    "/versions",
    "/playground",
    "/help",
    "/machine",
    "/notifications",
    "/settings",
    "/logs",
    "/logs/lines?level=error&words=none",
    "/machine/parts/speed",
    "/-/patterns",
    "/sign-in",
)
NOISE = re.compile(r"\bNone\b|Undefined|<luthier|StateWord\(|\{\{|\}\}")


def addresses_of(scene: Scene) -> list[str]:
    runs = [f"/runs/{run.run_id}" for run in scene.runs.values()]
    parts = [f"{run}/parts/{part}" for run in runs for part in PARTS]
    dataset = [f"/datasets/{scene.dataset_id}"] if scene.dataset_id else []
    version = [f"/versions/{scene.version_id}", f"/playground?target={scene.version_id}"] if scene.version_id else []
    exports = ["/exports", *([f"/exports/{scene.export_id}"] if scene.export_id else [])]
    return [*PLACES, *exports, "/parts/glance", "/parts/board", "/parts/machine", *runs, *parts, *dataset, *version]


def test_every_page_and_part_is_drawn_without_a_trace_of_python(browser: TestClient, scene: Scene) -> None:
    for address in addresses_of(scene):
        answer = browser.get(address)
        assert answer.status_code == 200, address
        found = NOISE.search(re.sub(r"<pre.*?</pre>", "", answer.text, flags=re.DOTALL))
        assert not found, f"{address}: {answer.text[max(0, found.start() - 80) : found.end() + 40]}"


def test_no_page_holds_inline_script_or_style(browser: TestClient, much: Scene) -> None:
    for address in addresses_of(much):
        page = browser.get(address).text
        assert not re.search(r"<script(?![^>]*\bsrc=)", page), address
        assert not re.search(r"<style|\sstyle=|\son[a-z]+=|javascript:", page), address


def test_no_page_asks_another_server(browser: TestClient, much: Scene) -> None:
    for address in addresses_of(much):
        page = browser.get(address).text
        assert not re.search(r"""(?:src|href|action|hx-get|hx-post)="(?:https?:)?//""", page), address


def test_a_state_is_a_word_and_never_colour_alone(browser: TestClient, much: Scene) -> None:
    for state in RunState:
        page = browser.get(f"/runs/{much.runs[state.value].run_id}/parts/header").text
        assert f"{STATE_WORDS[state].word}</span>" in page, state


def test_what_a_user_wrote_is_text_and_never_markup(browser: TestClient) -> None:
    page = browser.get("/playground", params={"target": "<script>alert(1)</script>"}).text
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page


def test_the_playground_offers_the_system_message_of_the_training_data(browser: TestClient, much: Scene) -> None:
    page = browser.get("/playground", params={"target": much.version_id}).text
    assert re.search(r'<textarea[^>]*name="system"[^>]*>Turn the order into JSON.</textarea>', page)
    assert re.search(r'<textarea[^>]*name="system"[^>]*></textarea>', browser.get("/playground?target=starter").text)


def test_an_address_that_leads_nowhere_says_so_and_shows_the_way_back(browser: TestClient) -> None:
    answer = browser.get("/nowhere")
    assert answer.status_code == 404
    assert "Nothing here" in answer.text
    assert 'href="/"' in answer.text


def test_a_run_that_is_not_there_is_named_on_the_error_page(browser: TestClient) -> None:
    answer = browser.get("/runs/run_missing")
    assert answer.status_code == 404
    assert "No run is called run_missing." in answer.text
    assert "luthier runs list" in answer.text


def test_an_unknown_part_of_a_run_is_not_found(browser: TestClient, little: Scene) -> None:
    assert browser.get(f"/runs/{little.runs['running'].run_id}/parts/secrets").status_code == 404


def test_pages_are_for_the_signed_in_only(stranger: TestClient) -> None:
    for address in PLACES:
        answer = stranger.get(address)
        if address == "/sign-in":
            assert answer.status_code == 200
        else:
            assert answer.status_code == 303, address
            assert answer.headers["location"].startswith("/sign-in")
