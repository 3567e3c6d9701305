"""Whole models become one by mergekit, which runs for real where it is installed."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from luthier.domain.guests import GuestMissing
from luthier.domain.jobs import Progress
from luthier.domain.merges import AdaptersDoNotFit, MergeRefused, MergeRequest
from luthier.domain.runs import RunNotFound
from luthier.domain.versions import Version
from luthier.kit.clock import SystemClock
from luthier.kit.files import sealed_folder, sha256_of
from luthier.orchestration.guests.speaking import Guests
from luthier.services.folders import Folders
from luthier.services.merge_proof import MergeProof
from luthier.services.merging import Merging
from luthier.services.whole_models import WholeModels
from luthier.store import Store
from tests.builders import a_version
from tests.builders.models import a_model_folder
from tests.services.registered import versions_of

_ENVIRONMENT = Path(__file__).parents[2] / ".venv-guests" / "mergekit"


class NoRuns:
    """Nothing is known of the runs that the models came from, so nothing is asked."""

    def get(self, run_id: str) -> None:
        raise RunNotFound(name=run_id)


class NoProcesses:
    def run(self, *_: object) -> None:
        raise AssertionError("adapters are joined by a process of ours, and whole models are not")


@pytest.fixture
def merging(store: Store, folders: Folders) -> Merging:
    proof = MergeProof(None, NoRuns(), folders, SystemClock())  # type: ignore[arg-type]
    whole = WholeModels(Guests(folders, offline=True))
    return Merging(store, folders, versions_of(store, folders), NoProcesses(), proof, whole, SystemClock())


@pytest.fixture
def mergekit(folders: Folders) -> None:
    if not _ENVIRONMENT.exists():
        pytest.skip("mergekit is not installed in its environment: make guests")
    folders.guest("mergekit").parent.mkdir()
    folders.guest("mergekit").symlink_to(_ENVIRONMENT, target_is_directory=True)


@pytest.fixture
def models(store: Store, tmp_path: Path) -> list[Version]:
    """Two, tuned from one base."""
    base = a_model_folder(tmp_path / "base", seed=1)
    made = []
    for name, seed in (("orders", 2), ("letters", 3)):
        source = a_model_folder(tmp_path / f"made-{name}", seed=seed)
        with sealed_folder(tmp_path / name, {}) as staging:
            for file in source.iterdir():
                file.rename(staging / file.name)
        weights = tmp_path / name / "model.safetensors"
        made.append(
            a_version(
                name=name,
                kind="model",
                base_folder=str(base),
                adapter_folder=str(weights.parent),
                adapter_sha256=sha256_of(weights),
            )
        )
    with store.writing() as tx:
        for version in made:
            tx.versions.add(version)
    return made


def silently(_: Progress) -> None:
    """Nobody watches."""


def weights_of(folder: str) -> dict[str, torch.Tensor]:
    return {name: values.float() for name, values in load_file(Path(folder) / "model.safetensors").items()}


@pytest.mark.slow
@pytest.mark.usefixtures("mergekit")
def test_the_linear_merge_is_the_weighted_sum_and_a_version_of_its_own(merging: Merging, models: list[Version]) -> None:
    made = merging.make_here(["orders", "letters"], MergeRequest(weights=(0.25, 0.75)), silently)
    first, second = (weights_of(each.adapter_folder) for each in models)
    merged = weights_of(made.adapter_folder)
    assert merged.keys() == first.keys()
    for name, values in merged.items():
        torch.testing.assert_close(values, 0.25 * first[name] + 0.75 * second[name], rtol=0.01, atol=0.01)
    assert (made.kind, made.label, made.merging) == ("model", "orders@0.2.0", {"how": "linear"})
    assert [(parent.label, parent.weight) for parent in made.parents if parent.how == "merged from"] == [
        ("orders@0.1.0", 0.25),
        ("letters@0.1.0", 0.75),
    ]
    assert (Path(made.adapter_folder) / "tokenizer.json").is_file()


@pytest.mark.slow
@pytest.mark.usefixtures("mergekit")
@pytest.mark.parametrize("how", ["ties", "dare"])
def test_a_model_merged_with_itself_whole_stays_what_it_is(merging: Merging, models: list[Version], how: str) -> None:
    wanted = MergeRequest(how=how, weights=(1.0,), density=1.0)  # type: ignore[arg-type]
    made = merging.make_here(["orders"], wanted, silently)
    before = weights_of(models[0].adapter_folder)
    for name, values in weights_of(made.adapter_folder).items():
        torch.testing.assert_close(values, before[name], rtol=0.01, atol=0.01)


def test_without_mergekit_the_sentence_says_how_to_install_it(merging: Merging, models: list[Version]) -> None:
    with pytest.raises(GuestMissing, match="mergekit is not installed") as refused:
        merging.make(["orders", "letters"], MergeRequest())
    assert "pip install 'mergekit" in str(refused.value.problem.actions[0].command)


def test_what_makes_no_sense_for_whole_models_is_refused(merging: Merging, models: list[Version], store: Store) -> None:
    with pytest.raises(MergeRefused, match="no rank"):
        merging.make(["orders", "letters"], MergeRequest(how="svd"))
    with store.writing() as tx:
        tx.versions.add(a_version(name="small"))
    with pytest.raises(AdaptersDoNotFit, match="one kind"):
        merging.make(["orders", "small"], MergeRequest())
