"""Importing is harmless to repeat, names what is wrong, and keeps what is right under its content's name."""

from pathlib import Path

import pytest

from luthier.connectors.dataset_sources import DatasetSources
from luthier.domain.datasets import DatasetFileMissing, DatasetFilesLost, DatasetHasErrors, DatasetNotFound
from luthier.kit.clock import SystemClock
from luthier.services.datasets import Datasets
from luthier.services.folders import Folders
from luthier.settings import Settings
from luthier.store import Store

GOOD = '{"prompt": "1 of oak", "completion": "oak"}\n'
BAD = '{"prompt": "2 of oak"}\n'


@pytest.fixture
def datasets(store: Store, folders: Folders) -> Datasets:
    return Datasets(store, folders, SystemClock(), DatasetSources(Settings(), SystemClock()))


@pytest.mark.parametrize("path", ["nowhere.jsonl", "x" * 300, "", " ", "~nobody-of-that-name/a.jsonl", "a\0b"])
def test_a_name_that_no_file_carries_is_said_plainly(datasets: Datasets, path: str) -> None:
    with pytest.raises(DatasetFileMissing):
        datasets.check(path)


def test_importing_the_same_file_twice_gives_one_dataset(datasets: Datasets, tmp_path: Path) -> None:
    source = tmp_path / "woods.jsonl"
    source.write_text(GOOD)
    first, second = datasets.import_file(str(source)), datasets.import_file(str(source))
    assert first.dataset_id == second.dataset_id
    assert [dataset.name for dataset in datasets.list()] == ["woods"]
    assert [path.name for path in (tmp_path / "datasets").iterdir()] == [first.dataset_id]


def test_a_bad_row_stops_the_import_until_it_is_left_out_by_wish(datasets: Datasets, tmp_path: Path) -> None:
    source = tmp_path / "woods.jsonl"
    source.write_text(GOOD + BAD + GOOD.replace("1", "3"))
    with pytest.raises(DatasetHasErrors, match="line 2"):
        datasets.import_file(str(source))
    assert list((tmp_path / "datasets").glob("*")) == []
    assert datasets.import_file(str(source), skip_bad_rows=True).examples == 2


def test_the_preview_is_a_page_of_canonical_rows(datasets: Datasets, tmp_path: Path) -> None:
    source = tmp_path / "woods.jsonl"
    source.write_text(GOOD * 5)
    dataset = datasets.import_file(str(source))
    (row,) = datasets.preview(dataset, offset=3, limit=1)
    assert (row["row"], [message["role"] for message in row["messages"]]) == (4, ["user", "assistant"])


def test_nothing_at_all_is_not_the_current_folder(datasets: Datasets) -> None:
    with pytest.raises(DatasetNotFound):
        datasets.resolve("")


def test_a_dataset_whose_files_are_lost_says_so_and_comes_back_by_importing_it_again(
    datasets: Datasets, tmp_path: Path
) -> None:
    source = tmp_path / "woods.jsonl"
    source.write_text(GOOD)
    dataset = datasets.import_file(str(source))
    examples = tmp_path / "datasets" / dataset.dataset_id / "examples.jsonl"
    for damage in (examples.unlink, lambda: examples.write_bytes(examples.read_bytes()[:9])):
        damage()
        datasets.import_file(str(source))
        assert len(datasets.preview(dataset)) == 1
    examples.unlink()
    with pytest.raises(DatasetFilesLost, match="woods@1"):
        datasets.preview(dataset)
