"""`luthier models` as a person and as a script read it: what would be lost, removing it, and models side by side."""

from pathlib import Path

import pytest

import luthier
from luthier.settings import Settings
from tests.cli.running import Cli
from tests.connectors.hubs import SmallHub
from tests.kit.loopback import loopback
from tests.services.hub_shops import NAME
from tests.services.hub_shops import tiny as tiny


@pytest.fixture
def stocked(cli: Cli, tiny: Path, tmp_path: Path) -> Cli:
    """One model was fetched, and the hub is gone again."""
    cli.environment["LUTHIER_HUB_CACHE"] = str(tmp_path / "cache")
    files = {path.name: path.read_bytes() for path in tiny.iterdir()}
    with loopback(SmallHub(NAME, files)) as hub:
        settings = Settings(home=cli.home, hub_cache=tmp_path / "cache", hub_endpoint=hub.address)
        with luthier.open(settings=settings) as workspace:
            workspace.models.pull(NAME)
    return cli


def test_a_model_is_removed_after_a_look_at_what_would_be_lost(stocked: Cli) -> None:
    looked = stocked("models", "remove", NAME)
    assert looked.code == 3
    assert "cannot be undone" in looked.out and f"luthier models remove {NAME} --yes" in looked.out
    assert NAME in stocked("models", "list").out
    removed = stocked("models", "remove", NAME, "--yes", "--json").document
    assert removed["freed_bytes"] > 0 and removed["is_shared"] is False
    assert stocked("models", "list", "--json").document == []
    again = stocked("models", "remove", NAME, "--yes")
    assert again.code == 2 and f"no base model called {NAME}" in again.err


def test_models_stand_side_by_side(stocked: Cli) -> None:
    shown = stocked("models", "compare", NAME, "starter")
    assert shown.code == 0, shown.err
    assert "Chat template" in shown.out and "--hub" in shown.out
    document = stocked("models", "compare", NAME, "starter", "--json").document
    assert [model["card"]["name"] for model in document["models"]] == [NAME, "starter"]
    assert document["models"][1]["tokenizer"] is None
