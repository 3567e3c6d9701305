import pytest

from luthier.domain.versions import Version, VersionNameAmbiguous, VersionNotFound
from luthier.store import Store
from tests.builders import a_version


def added(store: Store, *versions: Version) -> None:
    with store.writing() as tx:
        for version in versions:
            tx.versions.add(version)


def test_a_name_means_its_highest_number_whatever_was_registered_last(store: Store) -> None:
    highest = a_version(number="0.10.0")
    added(store, a_version(number="0.9.0"), highest, a_version(number="0.10.0-rc.2"), a_version(number="0.2.0"))
    with store.reading() as tx:
        assert tx.versions.find("orders") == highest
        assert [each.number for each in tx.versions.of_name("orders")] == ["0.10.0", "0.10.0-rc.2", "0.9.0", "0.2.0"]


def test_a_version_is_found_by_label_by_name_by_id_and_by_the_beginning_of_its_id(store: Store) -> None:
    first = a_version(version_id="ver_01abc1")
    second = a_version(version_id="ver_01abd2", number="0.2.0")
    added(store, first, second)
    with store.reading() as tx:
        for reference in ("orders@0.1.0", "ver_01abc1", "01abc"):
            assert tx.versions.find(reference) == first
        assert tx.versions.find("orders") == second
        assert tx.versions.get("ver_01abd2") == second
        assert tx.versions.list() == [second, first]


def test_a_beginning_that_fits_two_versions_names_both(store: Store) -> None:
    added(store, a_version(version_id="ver_01a"), a_version(version_id="ver_01b", number="0.2.0"))
    with store.reading() as tx, pytest.raises(VersionNameAmbiguous, match="ver_01a, ver_01b"):
        tx.versions.find("01")


@pytest.mark.parametrize("reference", ["", "ver_", "@", "orders@", "orders@9.9.9", "@0.1.0", "letters"])
def test_an_unknown_version_is_said_to_be_unknown(store: Store, reference: str) -> None:
    added(store, a_version())
    with store.reading() as tx, pytest.raises(VersionNotFound):
        tx.versions.find(reference)
