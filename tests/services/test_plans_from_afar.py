"""A plan for a base whose weights are still on the hub."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from luthier.domain.recipes import Recipe
from luthier.kit.clock import SystemClock
from luthier.settings import Settings
from luthier.workspace import Workspace
from tests.builders.models import a_model_folder
from tests.connectors.hubs import SmallHub
from tests.kit.loopback import Loopback, loopback


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Loopback]:
    tiny = a_model_folder(tmp_path / "tiny")
    with loopback(SmallHub("some/model", {path.name: path.read_bytes() for path in tiny.iterdir()})) as server:
        yield server


@pytest.fixture
def workspace(tmp_path: Path, server: Loopback) -> Iterator[Workspace]:
    settings = Settings(home=tmp_path / "home", hub_cache=tmp_path / "cache", hub_endpoint=server.address)
    with Workspace(settings, SystemClock()) as workspace:
        yield workspace


def test_it_is_the_plan_of_the_base_when_it_is_here_and_says_what_is_still_to_be_fetched(
    workspace: Workspace, server: Loopback, tmp_path: Path
) -> None:
    data = tmp_path / "orders.jsonl"
    data.write_text("".join(json.dumps({"prompt": f"{n} oak", "completion": str(n)}) + "\n" for n in range(40)))
    recipe = Recipe(base="some/model", data=str(data))
    from_afar = workspace.plans.make(recipe)
    (said,) = [warning for warning in from_afar.warnings if warning.code == "plan.base_elsewhere"]
    assert "some/model" in said.sentence
    fetched = [path for path, headers in server.seen if "safetensors" in path and "Range" not in headers]
    assert fetched == [] and workspace.models.list() == []
    assert workspace.live_plans.wait(recipe).warnings == from_afar.warnings
    workspace.models.pull("some/model")
    here = workspace.plans.make(recipe)
    assert here.memory == from_afar.memory and here.total_steps == from_afar.total_steps
    assert [warning.code for warning in from_afar.warnings if warning not in here.warnings] == ["plan.base_elsewhere"]
