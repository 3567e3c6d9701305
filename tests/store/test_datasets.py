import pytest

from luthier.domain.datasets import Dataset, DatasetNameAmbiguous, DatasetNotFound
from luthier.store import Store
from tests.builders import a_dataset


def added(store: Store, *datasets: Dataset) -> None:
    with store.writing() as tx:
        for dataset in datasets:
            tx.datasets.add(dataset)


def test_importing_the_same_content_twice_keeps_the_first(store: Store) -> None:
    dataset = a_dataset(dataset_id="ds_1")
    added(store, dataset, dataset.model_copy(update={"name": "again"}))
    with store.reading() as tx:
        assert tx.datasets.list() == [dataset]
        assert tx.datasets.get("ds_1") == dataset


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
        assert tx.datasets.find("orders") == new
        assert tx.datasets.list() == [new, old]


def test_a_beginning_that_fits_two_datasets_names_both(store: Store) -> None:
    added(store, a_dataset(dataset_id="ds_0ff1"), a_dataset(dataset_id="ds_0ff2"))
    with store.reading() as tx, pytest.raises(DatasetNameAmbiguous, match="ds_0ff1, ds_0ff2"):
        tx.datasets.find("0ff")


@pytest.mark.parametrize("reference", ["", "ds_", "nothing", "ds_%"])
def test_an_unknown_dataset_is_said_to_be_unknown(store: Store, reference: str) -> None:
    added(store, a_dataset())
    with store.reading() as tx, pytest.raises(DatasetNotFound):
        tx.datasets.find(reference)
