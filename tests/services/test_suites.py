"""Suites are found by name, kept when they are sound, and never lost silently."""

import pytest

from luthier.connectors.dataset_sources import DatasetSources
from luthier.domain.suites import ScorerUnfit, SuiteBuiltIn, SuiteInvalid, SuiteNameTaken, SuiteNotFound
from luthier.services.datasets import Datasets
from luthier.services.folders import Folders
from luthier.services.suites import Suites
from luthier.settings import Settings
from luthier.store import Store
from tests.kit.clocks import PatientClock

MINE = "name: mine\ncases: [{prompt: a, expected: b}]\n"


@pytest.fixture
def suites(store: Store, folders: Folders) -> Suites:
    clock = PatientClock()
    sources = DatasetSources(Settings(home=folders.root, offline=True), clock)
    return Suites(Datasets(store, folders, clock, sources), folders)


def test_a_suite_is_kept_found_and_removed(suites: Suites) -> None:
    kept = suites.add(MINE, "upload.yaml")
    assert (kept.name, kept.origin) == ("mine", "workspace")
    assert suites.get("mine").sha256 == suites.named("mine").sha256 == kept.sha256
    with pytest.raises(SuiteNameTaken):
        suites.add(MINE, "again.yaml")
    suites.remove("mine")
    with pytest.raises(SuiteNotFound):
        suites.get("mine")


def test_one_whose_file_was_damaged_is_refused_by_name_and_hides_no_other(suites: Suites, folders: Folders) -> None:
    suites.add(MINE, "upload.yaml")
    (folders.suites / "mine.yaml").write_text("cases: [{promt: a}]\n")
    assert "mine" not in {suite.name for suite in suites.list()}
    with pytest.raises(SuiteInvalid, match="there is no field promt"):
        suites.named("mine")


@pytest.mark.parametrize("name", ["../../etc/passwd", "/etc/passwd", ".", "", "a/b"])
def test_a_name_leads_to_no_file_elsewhere(suites: Suites, name: str) -> None:
    with pytest.raises(SuiteNotFound):
        suites.named(name)


def test_those_that_come_with_luthier_stay(suites: Suites) -> None:
    with pytest.raises(SuiteBuiltIn):
        suites.remove("refusal")
    with pytest.raises(SuiteNameTaken):
        suites.add(MINE.replace("mine", "refusal"), "x.yaml")


def test_other_scorers_may_take_the_place_of_its_own_when_they_fit(suites: Suites) -> None:
    suites.add(MINE, "upload.yaml")
    assert suites.get("mine", ["chrf", "rouge"]).scorers == ("chrf", "rouge")
    with pytest.raises(ScorerUnfit, match="no scorer nonsense"):
        suites.get("mine", ["nonsense"])
    with pytest.raises(ScorerUnfit, match="compares with"):
        suites.get("refusal", ["exact"])
