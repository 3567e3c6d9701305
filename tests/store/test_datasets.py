import pytest

from luthier.domain.datasets import Dataset, DatasetNameAmbiguous, DatasetNotFound
from luthier.store import Store
from tests.builders import a_dataset


def added(store: Store, *datasets: Dataset) -> None:
    with store.writing() as tx:
        for dataset in datasets:
            tx.datasets.add(dataset)


def test_the_same_content_under_the_same_name_is_one_version(store: Store) -> None:
    dataset = a_dataset(dataset_id="ds_1")
    added(store, dataset, dataset.model_copy(update={"examples": 7}))
    with store.reading() as tx:
        assert tx.datasets.list() == [dataset]
        assert tx.datasets.get("ds_1") == dataset


def test_one_content_may_have_several_names(store: Store) -> None:
    dataset = a_dataset(dataset_id="ds_1")
    added(store, dataset, dataset.model_copy(update={"name": "letters"}))
    with store.reading() as tx:
        assert [found.label for found in tx.datasets.list()] == ["letters@1", "orders@1"]
        assert tx.datasets.find("orders") == dataset
        assert tx.datasets.find("ds_1").label == "letters@1"


def test_datasets_are_counted_within_their_name(store: Store) -> None:
    first, second = a_dataset(dataset_id="ds_1"), a_dataset(dataset_id="ds_2")
    added(store, first, a_dataset(dataset_id="ds_3", name="letters"), second, first)
    with store.reading() as tx:
        labels = {found.label: found.dataset_id for found in tx.datasets.list()}
        assert labels == {"orders@1": "ds_1", "letters@1": "ds_3", "orders@2": "ds_2", "orders@3": "ds_1"}
        assert tx.datasets.find("orders").label == "orders@3"
        assert tx.datasets.find("orders@2").dataset_id == "ds_2"


def test_the_versions_of_a_name_are_its_own_and_the_newest_stands_first(store: Store) -> None:
    added(
        store, a_dataset(dataset_id="ds_1"), a_dataset(dataset_id="ds_3", name="letters"), a_dataset(dataset_id="ds_2")
    )
    with store.reading() as tx:
        assert [found.label for found in tx.datasets.versions("orders")] == ["orders@2", "orders@1"]
        assert tx.datasets.versions("nothing") == ()


def test_a_dataset_is_found_by_id_by_name_and_by_the_beginning_of_its_id(store: Store) -> None:
    dataset = a_dataset(dataset_id="ds_0ff1ce")
    added(store, dataset, a_dataset(dataset_id="ds_0ff2", name="letters"))
    with store.reading() as tx:
        for reference in ("ds_0ff1ce", "orders", "ds_0ff1", "0ff1"):
            assert tx.datasets.find(reference) == dataset


def test_of_two_datasets_with_one_name_the_newest_is_meant(store: Store) -> None:
    old, new = a_dataset(), a_dataset()
    added(store, old, new)
    with store.reading() as tx:
        newest = new.model_copy(update={"version": 2})
        assert tx.datasets.find("orders") == newest
        assert tx.datasets.list() == [newest, old]


def test_a_beginning_that_fits_two_datasets_names_both(store: Store) -> None:
    added(store, a_dataset(dataset_id="ds_0ff1"), a_dataset(dataset_id="ds_0ff2"))
    with store.reading() as tx, pytest.raises(DatasetNameAmbiguous, match="ds_0ff1, ds_0ff2"):
        tx.datasets.find("0ff")


@pytest.mark.parametrize(
    "reference", ["", "ds_", "nothing", "ds_%", "orders@2", "orders@", "orders@x", "orders@0", f"orders@{10**30}"]
)
def test_an_unknown_dataset_is_said_to_be_unknown(store: Store, reference: str) -> None:
    added(store, a_dataset())
    with store.reading() as tx, pytest.raises(DatasetNotFound):
        tx.datasets.find(reference)


def test_the_beginning_of_an_id_that_has_many_versions_is_not_ambiguous(store: Store) -> None:
    one, other = a_dataset(dataset_id="ds_0ff1"), a_dataset(dataset_id="ds_abc")
    added(store, one, other, one, other, one)
    with store.reading() as tx:
        assert tx.datasets.find("0ff").label == "orders@5"
