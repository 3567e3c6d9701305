"""Laws 2 and 19 to 21: every setting has a tip, every term an entry, every error actions and a way to help."""

import re
from collections import Counter
from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient
from jinja2 import nodes
from pydantic import BaseModel

from luthier.domain.adapters import ADAPTER_KINDS
from luthier.domain.drafts import STEPS
from luthier.domain.errors import LuthierError, Problem, concrete_errors
from luthier.domain.notifications import DesktopChannel, EmailChannel, NotificationSettings, WebhookChannel
from luthier.domain.recipes import Budget, EvaluationSpec, HealthSpec, Recipe, TrainingSettings
from luthier.domain.runs import RunNotFound
from luthier.handbook.entries import terms, tips
from luthier.orchestration.launch import supervisor_lock
from luthier.server.web.rendering import ENVIRONMENT
from luthier.server.web.reports import report_of
from luthier.services.help import Help
from luthier.settings import Settings
from luthier.store import Store
from luthier.workspace import Workspace
from scripts.reference.errors import load_all
from tests.server.conftest import app as app
from tests.server.conftest import browser as browser
from tests.server.conftest import store as store
from tests.server.conftest import stranger as stranger
from tests.server.conftest import workspace as workspace
from tests.server.web.markup import Element, Tree
from tests.server.web.places import whole_pages
from tests.server.web.scenes import Scene, stage

GROUPS: dict[str, tuple[type[BaseModel], ...]] = {
    "recipe": (Recipe,),
    "settings": (TrainingSettings,),
    "evaluation": (EvaluationSpec,),
    "budget": (Budget,),
    "health": (HealthSpec,),
    "adapter": tuple(ADAPTER_KINDS.values()),
    "machine": (Settings,),
    "notifications": (NotificationSettings,),
    "channel": (DesktopChannel, WebhookChannel, EmailChannel),
}
OWN_FIELDS = {"channel.password"}  # is asked for beside the settings that are kept

load_all()
ERRORS = [error for error in concrete_errors() if error.__module__.startswith("luthier.")]


@pytest.fixture
def much(workspace: Workspace, store: Store) -> Iterator[Scene]:
    """Its runs have no worker; a real supervisor would start some."""
    with supervisor_lock(workspace.folders):
        yield stage("much", store, workspace.folders)


def settings_of_everything() -> set[str]:
    return {f"{group}.{name}" for group, kinds in GROUPS.items() for kind in kinds for name in kind.model_fields}


def test_every_setting_has_a_tip() -> None:
    assert settings_of_everything() - set(tips()) == set()


def test_no_tip_speaks_of_a_setting_that_is_gone() -> None:
    ours = {
        key
        for key in tips()
        if key.split(".")[0] in ("recipe", "settings", "evaluation", "budget", "health", "adapter", "machine")
    }
    assert ours - settings_of_everything() == set()


@pytest.mark.parametrize("template", ENVIRONMENT.list_templates(extensions=["html"]))
def test_every_term_and_tip_that_a_template_names_is_in_the_handbook(template: str) -> None:
    assert ENVIRONMENT.loader
    tree = ENVIRONMENT.parse(ENVIRONMENT.loader.get_source(ENVIRONMENT, template)[0])
    for call in tree.find_all(nodes.Call):
        name = call.node.name if isinstance(call.node, nodes.Name) else ""
        key = {"term": 0, "hint": 0, "field_label": 2}.get(name)
        if key is not None and isinstance(call.args[key], nodes.Const):
            assert call.args[key].value in (terms() if name == "term" else tips()), call.args[key].value


def test_every_field_of_every_form_is_explained_beside_it(browser: TestClient, much: Scene) -> None:
    unexplained = [
        f"{page}: {control.tag} {control.attributes.get('name') or control.attributes.get('id')}"
        for page in pages_with_forms(browser, much)
        for control in controls_of(Tree.of(drawn(browser, page)).root)
        if not is_explained(control)
    ]
    assert unexplained == []


def pages_with_forms(browser: TestClient, scene: Scene) -> list[str]:
    ways = ("split", "dedupe", "filter", "repair", "redact", "balance", "augment", "paraphrase")
    dataset = f"/datasets/{scene.dataset_id}"
    runs = "&".join(f"run={run.run_id}" for run in list(scene.runs.values())[:2])
    draft = browser.post("/train", data={"use": ""}).headers["location"].rpartition("/")[0]
    browser.post("/presets", data={"run": scene.runs["completed"].run_id, "name": "orders", "tags": ""})
    # /-/patterns shows fields without a meaning.
    return [
        *(page for page in whole_pages() if page != "/-/patterns"),
        *(f"{draft}/{step}" for step in STEPS),
        "/presets/orders",
        "/evaluations/suites/refusal",
        *(f"{dataset}/derive/{way}" for way in ways),
        *(dataset, f"{dataset}/quality", f"/versions/{scene.version_id}", f"/runs/compare?{runs}"),
        f"/runs/{scene.runs['completed'].run_id}",
        "/scenarios/one?template=combat/the-bell-warden",
    ]


def drawn(browser: TestClient, page: str) -> str:
    answer = browser.get(page)
    assert answer.status_code == 200, f"{page}: {answer.status_code}"
    return answer.text


def controls_of(root: Element) -> Iterator[Element]:
    """Those that ask for something: not what is hidden, searches, ticks rows of a table, or is one of named choices."""
    for element in root.all():
        if element.tag not in ("input", "select", "textarea"):
            continue
        around = list(element.around())
        is_search = element.attributes.get("type") == "search" or any(
            each.attributes.get("role") == "search" for each in around
        )
        is_named_choice = any("choice" in each.classes for each in around)
        in_table = any(each.tag == "table" for each in around)
        if element.attributes.get("type") != "hidden" and not (is_search or is_named_choice or in_table):
            yield element


def is_explained(control: Element) -> bool:
    told = {tip.says for tip in tips().values()}
    if control.attributes.get("aria-describedby", "").startswith("tip-") or control.attributes.get("title") in told:
        return True
    frames = (each for each in control.around() if each.tag == "fieldset" or each.classes & {"field", "hinted", "drop"})
    return any("hint" in inside.classes for frame in frames for inside in frame.all())


def test_no_page_uses_an_id_twice(browser: TestClient, much: Scene) -> None:
    for page in pages_with_forms(browser, much):
        counts = Counter(
            each.attributes["id"] for each in Tree.of(drawn(browser, page)).root.all() if "id" in each.attributes
        )
        assert [name for name, count in counts.items() if count > 1] == [], page


@pytest.mark.parametrize("kind", ERRORS, ids=lambda kind: kind.code)
def test_an_error_is_a_sentence_with_actions_and_a_way_to_help(kind: type[LuthierError]) -> None:
    words = [kind.sentence, *(action.label for action in kind.actions)]
    assert not any(re.search(r"Traceback|File \"|\bat 0x|\bNone\b|<class", text) for text in words)
    assert kind.actions or kind.code == "work.reported"  # which carries those of the problem that it raises again
    assert Problem(code=kind.code, sentence=kind.sentence).help_address == f"/help/errors/{kind.code}"


def test_the_help_link_of_every_error_leads_to_its_meaning() -> None:
    said = Help()
    for kind in ERRORS:
        meaning = said.error(kind.code)
        assert "exit code" in meaning.says and "<h" not in said.error_html(kind.code), kind.code


def test_the_page_of_an_error_says_what_it_means(browser: TestClient) -> None:
    problem = RunNotFound(name="x").problem
    answer = browser.get(problem.help_address)
    assert answer.status_code == 200 and "No run is called" in answer.text and "luthier runs list" in answer.text
    assert browser.get("/help/errors/no.such_code").status_code == 404


def test_an_address_of_an_action_leads_to_a_page() -> None:
    addresses = {action.address for kind in ERRORS for action in kind.actions if action.address}
    assert addresses
    assert {re.split(r"[?#]", address)[0] for address in addresses if "{" not in address} <= set(whole_pages())


def test_what_is_copied_of_an_error_holds_its_ids_and_nothing_that_may_be_secret() -> None:
    fields = {
        "run": "run_01m82f7fhztsmtrec0tx7fjxc2",
        "url": "https://user:hunter2@example.org",
        "key": "sk_live_hunter2",
    }
    copied = report_of(Problem(code="runs.x", sentence="It failed.", fields=fields, details="Authorization: hunter2"))
    assert "runs.x" in copied and "It failed." in copied and fields["run"] in copied and "Luthier" in copied
    assert "hunter2" not in copied
