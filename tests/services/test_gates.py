"""A version is not promoted when a gated suite gets worse, or was not measured."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from luthier.connectors.dataset_sources import DatasetSources
from luthier.domain.gates import GateNotFound, PromotionRefused
from luthier.domain.suites import SuiteNotFound
from luthier.domain.versions import Version
from luthier.services.datasets import Datasets
from luthier.services.folders import Folders
from luthier.services.gates import Gates
from luthier.services.suites import Suites
from luthier.settings import Settings
from luthier.store import Store, open_store
from tests.builders import a_version
from tests.builders.suites import an_evaluation_of, an_outcome
from tests.kit.clocks import PatientClock


@pytest.fixture
def gates(store: Store, folders: Folders) -> Gates:
    clock = PatientClock()
    datasets = Datasets(store, folders, clock, DatasetSources(Settings(home=folders.root, offline=True), clock))
    return Gates(store, Suites(datasets, folders))


@pytest.fixture
def two(store: Store) -> tuple[Version, Version]:
    champion, candidate = a_version(number="0.1.0"), a_version(number="0.2.0")
    with store.writing() as tx:
        tx.versions.add(champion)
        tx.versions.add(candidate)
    return champion, candidate


def measured(store: Store, version: Version, scores: list[float], suite: str = "refusal") -> None:
    outcomes = tuple(an_outcome(str(at), score) for at, score in enumerate(scores))
    evaluation = an_evaluation_of(outcomes, suite=suite, target=version.label, target_version=version.version_id)
    with store.writing() as tx:
        tx.evaluations.add(evaluation, outcomes)


def test_without_gates_or_without_a_champion_everything_passes(gates: Gates, two: tuple[Version, Version]) -> None:
    champion, candidate = two
    assert gates.require(candidate.version_id, champion.version_id).sentence == "No suite is gated."
    gates.put("refusal")
    assert gates.verdict(candidate.version_id).passed
    assert gates.verdict(champion.version_id, champion.version_id).passed


def test_what_was_not_measured_does_not_pass_and_says_how_to(
    gates: Gates, two: tuple[Version, Version], store: Store
) -> None:
    champion, candidate = two
    gates.put("refusal")
    measured(store, champion, [1, 1])
    (check,) = gates.verdict(candidate.version_id, champion.version_id).checks
    assert (check.passed, check.command) == (
        False,
        "luthier evaluations run orders@0.2.0 --suite refusal --against orders@0.1.0",
    )


def test_a_drop_beyond_what_is_allowed_is_refused(gates: Gates, two: tuple[Version, Version], store: Store) -> None:
    champion, candidate = two
    measured(store, champion, [1, 1, 1, 1])
    measured(store, candidate, [1, 1, 1, 0])
    gates.put("refusal", 0.2)
    with pytest.raises(PromotionRefused, match="-25"):
        gates.require(candidate.version_id, champion.version_id)
    gates.put("refusal", 0.25)
    assert gates.require(candidate.version_id, champion.version_id).passed
    gates.remove("refusal")
    assert gates.list() == ()


def test_only_the_newest_evaluation_of_each_counts(gates: Gates, two: tuple[Version, Version], store: Store) -> None:
    champion, candidate = two
    gates.put("refusal")
    measured(store, champion, [1, 1])
    measured(store, candidate, [0, 0])
    measured(store, candidate, [1, 1])
    assert gates.verdict(candidate.version_id, champion.version_id).passed


def test_a_suite_that_is_not_there_cannot_be_gated(gates: Gates) -> None:
    with pytest.raises(SuiteNotFound):
        gates.put("nothing-of-that-name")
    with pytest.raises(GateNotFound):
        gates.remove("refusal")


@settings(max_examples=12)
@given(st.lists(st.tuples(st.sampled_from([0.0, 0.5, 1.0]), st.sampled_from([0.0, 0.5, 1.0])), min_size=1, max_size=8))
def test_a_gate_passes_exactly_when_no_more_is_lost_than_allowed(
    tmp_path_factory: pytest.TempPathFactory, pairs: list[tuple[float, float]]
) -> None:
    root = tmp_path_factory.mktemp("gates")
    store, clock, folders = open_store(root / "luthier.db"), PatientClock(), Folders(root)
    champion, candidate = a_version(number="0.1.0"), a_version(number="0.2.0")
    with store.writing() as tx:
        tx.versions.add(champion)
        tx.versions.add(candidate)
    gates = Gates(store, Suites(Datasets(store, folders, clock, DatasetSources(Settings(home=root), clock)), folders))
    gates.put("refusal", 0.25)
    measured(store, champion, [one for one, _ in pairs])
    measured(store, candidate, [other for _, other in pairs])
    drop = sum(one - other for one, other in pairs) / len(pairs)
    assert gates.verdict(candidate.version_id, champion.version_id).passed == (drop <= 0.25)
    store.close()
