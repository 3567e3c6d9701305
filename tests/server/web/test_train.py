"""The wizard without scripts: plain addresses and plain forms, and what each step says of what was sent."""

import json
import re
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from luthier.workspace import Workspace
from tests.builders.gguf_files import a_gguf_file
from tests.builders.models import a_model_folder
from tests.server.web.previewing import looked_at, planned
from tests.server.web.scenes import Scene

HTMX = {"hx-request": "true", "x-luthier": "1"}
STEPS = ("use-case", "data", "model", "settings", "review")


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(a_model_folder(tmp_path_factory.mktemp("base") / "tiny"))


@pytest.fixture
def pegs(tmp_path: Path) -> str:
    path = tmp_path / "pegs.jsonl"
    rows = [{"prompt": f"{number} pegs", "completion": f"pegs: {number}"} for number in range(40)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return str(path)


def begun(browser: TestClient, **values: str) -> str:
    """The address of a new draft."""
    answer = browser.post("/train", data={"use": "", **values})
    assert answer.status_code == 303
    return answer.headers["location"].rpartition("/")[0]


def test_from_the_first_choice_to_a_run_by_plain_forms_alone(
    browser: TestClient, workspace: Workspace, base: str, pegs: str
) -> None:
    draft = begun(browser, use="chatbot", target="mobile")
    data = {"source": "file", "path": pegs, "held_out": "", "go": "model"}
    assert browser.post(f"{draft}/data", data=data).headers["location"] == f"{draft}/model"
    browser.post(f"{draft}/model", data={"base": base, "go": "settings"})
    browser.post(f"{draft}/settings", data={"settings.max_steps": "3", "adapter.rank": "4", "go": "review"})
    assert "3 steps" in browser.get(f"{draft}/review?plan=true").text
    answer = browser.post(f"{draft}/start", data={"name": "small pegs"})
    run = workspace.runs.get(answer.headers["location"].removeprefix("/runs/"))
    assert (run.recipe.name, run.recipe.profiles, run.total_steps) == ("small pegs", ("chatbot", "mobile"), 3)
    assert run.plan.adapter.rank == 4  # type: ignore[union-attr]
    assert browser.get(draft).headers["location"] == f"/runs/{run.run_id}"
    assert browser.get(f"{draft}/data").headers["location"] == f"/runs/{run.run_id}"


@pytest.mark.parametrize("step", STEPS)
def test_every_step_of_an_empty_draft_can_be_visited(browser: TestClient, step: str) -> None:
    answer = browser.get(f"{begun(browser)}/{step}")
    assert answer.status_code == 200
    assert 'aria-current="step"' in answer.text
    assert "Undefined" not in answer.text


def test_a_draft_that_was_left_is_offered_where_it_was_left(browser: TestClient) -> None:
    draft = begun(browser, use="code")
    browser.get(f"{draft}/settings")
    assert f'href="{draft}/settings"' in browser.get("/train").text
    assert browser.get(draft).headers["location"] == f"{draft}/settings"
    assert browser.post(f"{draft}/delete", data={"sure": "yes"}).headers["location"] == "/train"
    assert draft not in browser.get("/train").text
    assert browser.get(f"{draft}/settings").status_code == 404


def test_the_links_of_other_pages_lead_into_a_draft_with_their_values(
    browser: TestClient, little: Scene, workspace: Workspace
) -> None:
    run = little.runs["completed"]
    for link, part, value in [
        (f"source=dataset&dataset={little.dataset_id}", "data", little.dataset_id),
        (f"like={run.run_id}", "data", run.recipe.data),
        ("base=some/model", "base", "some/model"),
    ]:
        address = browser.get(f"/train?{link}").headers["location"]
        draft = workspace.drafts.get(address.split("/")[2])
        assert draft.values[part] == value
        assert browser.get(address).status_code == 200


def test_the_sample_task_has_its_proof_and_is_left_whole_behind(browser: TestClient, workspace: Workspace) -> None:
    draft = begun(browser)
    browser.post(f"{draft}/data", data={"source": "sample", "sample": "workshop-orders"})
    values = workspace.drafts.get(draft.split("/")[2]).values
    assert values["held_out"].endswith("held_out.jsonl")
    browser.post(f"{draft}/data", data={"source": "sample", "sample": "stock-tools"})
    assert workspace.drafts.get(draft.split("/")[2]).values == {"data": "sample:stock-tools"}
    assert "An assistant that looks things up" in browser.get(f"{draft}/data").text


def test_a_file_with_errors_shows_where_they_are_while_it_is_chosen(browser: TestClient, tmp_path: Path) -> None:
    path = tmp_path / "orders.jsonl"
    path.write_text('{"prompt": "a", "completion": "b"}\n{"prompt": "c", "completion": ""}\n')
    answer = browser.post(f"{begun(browser)}/data/live", data={"source": "file", "path": str(path)}, headers=HTMX)
    assert "1 error" in answer.text
    assert "row 2" in answer.text


def test_a_file_that_is_not_there_is_a_sentence_beside_the_form_and_is_kept(browser: TestClient) -> None:
    draft = begun(browser)
    live = browser.post(f"{draft}/data/live", data={"source": "file", "path": "/no/such/orders.jsonl"}, headers=HTMX)
    assert "There is no file or folder at /no/such/orders.jsonl." in live.text
    assert 'value="/no/such/orders.jsonl"' in browser.get(f"{draft}/data").text


def test_a_dataset_shows_the_report_that_was_kept_with_it(browser: TestClient, little: Scene) -> None:
    data = {"source": "dataset", "dataset": little.dataset_id}
    live = browser.post(f"{begun(browser)}/data/live", data=data, headers=HTMX)
    assert "This example stands in the file twice." in live.text


def test_a_base_that_is_not_here_is_offered_to_be_fetched_and_not_fetched_unasked(
    browser: TestClient, workspace: Workspace
) -> None:
    draft = begun(browser)
    browser.post(f"{draft}/data", data={"source": "sample"})
    for part in ("model/plan", "review/preflight", "review?plan=true"):
        assert "is not on this machine yet" in browser.get(f"{draft}/{part}").text
    assert (workspace.downloads.list(), workspace.models.list()) == ([], [])


def test_the_plan_shows_what_it_takes_and_an_alternative_is_one_click(
    browser: TestClient, workspace: Workspace, base: str, pegs: str
) -> None:
    draft = begun(browser)
    browser.post(f"{draft}/data", data={"source": "file", "path": pegs})
    browser.post(f"{draft}/model", data={"choose": base})
    card = planned(browser, draft)
    for words in ("Electricity", "CO2e", "Export", "activations", "Faster", "Cheaper", "Better", "RunPod"):
        assert words in card
    assert browser.post(f"{draft}/alternatives/faster", data={"x": ""}).status_code == 303
    pinned = workspace.drafts.get(draft.split("/")[2]).values["settings.epochs"]
    assert f'<b class="figures">{pinned:g}</b> Pinned by you.' in browser.get(f"{draft}/settings?plan=true").text


def test_a_value_is_an_error_a_warning_or_fine_beside_its_field(browser: TestClient, base: str, pegs: str) -> None:
    draft = begun(browser)
    browser.post(f"{draft}/data", data={"source": "file", "path": pegs})
    browser.post(f"{draft}/model", data={"base": base})
    planned(browser, draft)

    def said(**typed: str) -> str:
        named = {name.replace("__", "."): text for name, text in typed.items()}
        page = browser.post(f"{draft}/settings/live", data=named, headers=HTMX).text
        return page.split('id="why-settings-epochs"')[1].split("</div>")[0]

    assert "It should be a number" in said(settings__epochs="many")
    assert "Warning." in said(settings__epochs="40")
    assert "Pinned by you." in said(settings__epochs="2")
    assert "unpin" in said(settings__epochs="2")
    assert "unpin" not in said(settings__epochs="")


def test_a_limit_that_cannot_be_met_says_the_nearest(browser: TestClient, base: str, pegs: str) -> None:
    draft = begun(browser)
    browser.post(f"{draft}/data", data={"source": "file", "path": pegs})
    browser.post(f"{draft}/model", data={"base": base})
    planned(browser, draft)
    card = browser.post(f"{draft}/settings/live", data={"budget.size": "1kB"}, headers=HTMX).text
    assert "cannot be met" in card


def test_a_pin_is_taken_away_by_a_button(browser: TestClient, workspace: Workspace) -> None:
    draft = begun(browser)
    browser.post(f"{draft}/settings", data={"settings.epochs": "3", "settings.seed": "7"})
    form = {"settings.epochs": "3", "settings.seed": "7", "unpin": "settings.epochs"}
    browser.post(f"{draft}/settings", data=form)
    assert workspace.drafts.get(draft.split("/")[2]).values == {"settings.seed": "7"}


def test_what_a_recipe_says_survives_a_visit_of_the_settings(browser: TestClient, workspace: Workspace) -> None:
    """A page that shows a value in another way than it takes it would lose it when it is left."""
    said = {"data": "x", "settings.gradient_checkpointing": True, "settings.learning_rate": 1e-5, "budget.size": 10**9}
    draft = workspace.drafts.begin(said)
    page = browser.get(f"/train/{draft.draft_id}/settings").text
    shown = dict(re.findall(r'name="([\w.]+)" value="([^"]*)"', page))
    for name, options in re.findall(r'<select[^>]* name="([\w.]+)".*?(<option.*?)</select>', page, re.S):
        shown[name] = "".join(re.findall(r'value="([^"]*)" selected', options))
    shown = {name: value for name, value in shown.items() if name not in ("unpin", "go")}  # buttons
    before = workspace.drafts.recipe(draft)
    browser.post(f"/train/{draft.draft_id}/settings", data=shown)
    after = workspace.drafts.recipe(workspace.drafts.get(draft.draft_id))
    assert after.model_dump(exclude_defaults=True) == before.model_dump(exclude_defaults=True)


def test_settings_that_another_kind_of_adapter_has_are_left_out(browser: TestClient) -> None:
    draft = begun(browser)
    browser.post(f"{draft}/settings", data={"adapter.kind": "ia3"})
    page = browser.get(f"{draft}/settings").text
    assert 'name="adapter.rank"' not in page
    assert 'name="settings.epochs"' in page


def test_the_last_look_shows_real_rows_as_tokens(browser: TestClient, base: str, pegs: str) -> None:
    draft = begun(browser)
    assert "does not say which examples" in browser.get(f"{draft}/review/preflight").text
    browser.post(f"{draft}/data", data={"source": "file", "path": pegs})
    browser.post(f"{draft}/model", data={"base": base})
    proof = looked_at(browser, draft)
    assert "What the model sees" in proof
    assert "Of the first 40 examples" in proof
    assert "token-trained" in proof


def test_a_run_that_cannot_start_says_why_and_the_draft_stays(browser: TestClient, tmp_path: Path) -> None:
    draft = begun(browser)
    browser.post(f"{draft}/data", data={"source": "sample"})
    browser.post(f"{draft}/model", data={"base": str(tmp_path)})
    answer = browser.post(f"{draft}/start", data={"name": ""}, headers=HTMX)
    assert answer.status_code == 422
    assert answer.headers["hx-retarget"] == "#notices"
    assert "is not a model that Luthier can load" in answer.text
    assert browser.get(f"{draft}/review").status_code == 200


def test_a_draft_is_kept_as_a_preset_and_begins_the_next_one(browser: TestClient, pegs: str) -> None:
    draft = begun(browser)
    browser.post(f"{draft}/data", data={"source": "file", "path": pegs})
    browser.post(f"{draft}/settings", data={"settings.epochs": "2"})
    saved = browser.post("/presets", data={"draft": draft.split("/")[2], "name": "pegs", "tags": "small, wood"})
    assert saved.headers["location"] == "/presets/pegs"
    page = browser.get("/presets/pegs").text
    assert "epochs: 2" in page
    assert "small, wood" in page
    assert "pegs" in browser.get("/presets?tag=wood&q=pegs").text
    assert browser.post("/train", data={"preset": "pegs@1"}).headers["location"].startswith("/train/draft_")
    assert 'value="pegs@1"' in browser.get("/train").text


def test_a_preset_file_is_looked_at_before_it_is_kept(browser: TestClient, workspace: Workspace) -> None:
    broken = {"file": ("mine.yaml", "data: x\nsettings:\n  epochs: many\n")}
    page = browser.post("/presets/import", files=broken).text
    assert "mine.yaml, line 3" in page
    assert workspace.presets.list() == []
    good = "data: x\nsettings:\n  epochs: 2\n"
    assert "Keep it as mine" in browser.post("/presets/import", files={"file": ("mine.yaml", good)}).text
    browser.post("/presets/import/save", data={"text": good, "source": "mine.yaml", "name": "mine"})
    assert browser.get("/presets/mine/export?format=json").json() == {"data": "x", "settings": {"epochs": 2.0}}
    browser.post("/presets/mine/delete", data={"sure": "yes"})
    assert browser.get("/presets/mine").status_code == 404


def test_models_are_filtered_by_their_address(browser: TestClient) -> None:
    page = browser.get("/models?q=qwen&most=1").text
    assert "Qwen2.5-0.5B" in page
    assert "Qwen2.5-7B" not in page
    assert "stay offline" in browser.get("/models/list?hub=true").text
    assert browser.post("/models/downloads", data={"model": "no such thing"}, headers=HTMX).status_code == 404


def test_gguf_files_are_listed_with_what_can_be_done_and_none_is_converted_unasked(
    browser: TestClient, workspace: Workspace, pegs: str
) -> None:
    a_gguf_file(workspace.folders.models / "mine.gguf")
    a_gguf_file(workspace.folders.models / "odd.gguf", pre="jina-v2-code")
    page = browser.get("/models", params={"place": "here"}).text
    assert "It can be asked, not trained on" in page
    assert page.count(">To 16 bits<") == 1
    assert "/playground?target=odd.gguf" in page
    draft = begun(browser)
    browser.post(f"{draft}/data", data={"source": "file", "path": pegs})
    browser.post(f"{draft}/model", data={"choose": "mine.gguf"})
    card = browser.get(f"{draft}/model/plan").text
    assert "still quantised" in card
    assert "Turn it into 16 bits in the step Model" in card
    assert not workspace.models.is_here("mine.gguf")


def test_the_last_look_writes_values_as_people_do(browser: TestClient, workspace: Workspace) -> None:
    values = {"method": "grpo", "rewards": ["most-words=30", "0.5*length"], "settings.learning_rate": 5e-05}
    shown = browser.get(f"/train/{workspace.drafts.begin(values).draft_id}/review").text
    assert "most-words=30, 0.5*length" in shown and "5e-05" in shown
