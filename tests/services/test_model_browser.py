"""Models to choose from: what is known without a network, what the hub says, and what is kept of that."""

import json
from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from luthier.domain.model_cards import ModelQuery
from luthier.services.folders import Folders
from luthier.services.machine import MachineProfile
from luthier.services.model_browser import ModelBrowser
from luthier.services.models import Models
from luthier.settings import Settings
from tests.kit.clocks import PatientClock
from tests.kit.loopback import Exchange, loopback

SAID = [
    {
        "id": "some/Chat-2B",
        "safetensors": {"total": 2_000_000_000},
        "config": {"architectures": ["LlamaForCausalLM"]},
        "cardData": {"license": "mit"},
        "downloads": 12,
        "gated": "manual",
    },
    {"id": "some/unknown-chat"},
]


def answers(body: object) -> Callable[[Exchange], None]:
    return lambda exchange: exchange.answer(200, json.dumps(body).encode())


@pytest.fixture
def browser_for(tmp_path: Path) -> Callable[..., ModelBrowser]:
    def make(endpoint: str, **settings: object) -> ModelBrowser:
        folders, clock = Folders(tmp_path / "workspace"), PatientClock()
        folders.models.mkdir(parents=True, exist_ok=True)
        values = {"home": folders.root, "hub_cache": tmp_path / "cache", "hub_endpoint": endpoint, **settings}
        models = Models(Settings(**values), folders, clock)  # type: ignore[arg-type]
        return ModelBrowser(models, MachineProfile(folders, clock), folders, clock)

    return make


def test_the_hub_is_not_asked_unless_somebody_wants_it(browser_for: Callable[..., ModelBrowser]) -> None:
    with loopback(answers(SAID)) as hub:
        found = browser_for(hub.address).find(ModelQuery())
    assert hub.seen == []
    assert found.cards[0].name == "starter"
    assert all(card.fit.verdict != "unknown" for card in found.cards)


def test_what_the_hub_says_is_shown_with_size_licence_and_fit(browser_for: Callable[..., ModelBrowser]) -> None:
    with loopback(answers(SAID)) as hub:
        found = browser_for(hub.address).find(ModelQuery(text="chat", ask_hub=True))
    asked = parse_qs(urlsplit(hub.seen[0][0]).query)
    assert (asked["search"], asked["filter"]) == (["chat"], ["safetensors"])
    known, unknown = found.cards
    assert (known.name, known.licence, known.is_gated, known.downloads) == ("some/Chat-2B", "mit", True, 12)
    assert known.weight_bytes == 4_000_000_000
    assert (unknown.licence, unknown.fit.verdict) == ("not stated", "unknown")


def test_what_the_hub_said_serves_offline_exactly_as_it_was_said(browser_for: Callable[..., ModelBrowser]) -> None:
    with loopback(answers(SAID)) as hub:
        browser_for(hub.address).find(ModelQuery(text="chat", ask_hub=True))
        said = browser_for(hub.address).kept()
    offline = browser_for("http://127.0.0.1:9", offline=True)
    assert offline.kept() == said
    found = offline.find(ModelQuery(text="chat", ask_hub=True))
    assert {card.name for card in found.cards} == {"some/Chat-2B", "some/unknown-chat"}
    assert "stay offline" in found.hub_problem
    assert found.kept_at == said["some/Chat-2B"].seen_at


@pytest.mark.parametrize("body", [{"error": "no"}, [{"no": "id"}], [1]])
def test_a_hub_that_answers_something_else_is_a_sentence(
    browser_for: Callable[..., ModelBrowser], body: object
) -> None:
    with loopback(answers(body)) as hub:
        found = browser_for(hub.address).find(ModelQuery(ask_hub=True))
    assert "not a list of models" in found.hub_problem
    assert found.cards


def test_filters_leave_only_what_they_say(browser_for: Callable[..., ModelBrowser]) -> None:
    browser = browser_for("http://127.0.0.1:9")
    small = browser.find(ModelQuery(most_parameters=1, licence="apache-2.0")).cards
    assert {card.name for card in small} == {"Qwen/Qwen2.5-0.5B-Instruct"}
    assert browser.find(ModelQuery(place="here")).cards == ()
    by_size = [card.parameters for card in browser.find(ModelQuery(sort="size")).cards]
    assert by_size == sorted(by_size, key=lambda size: size or 0)
