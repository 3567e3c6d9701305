"""How a result becomes a version: its number, where it comes from, and what is needed to make it again."""

import platform
from collections.abc import Iterable
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from luthier.domain.jobs import Finished
from luthier.domain.runs import Run
from luthier.domain.version_numbers import numbered_after
from luthier.domain.versions import Parent, Version
from luthier.kit.files import sha256_of
from luthier.kit.ids import new_id
from luthier.services.folders import RunFolder
from luthier.store import Transaction

_PACKAGES = ("luthier", "torch", "transformers", "peft", "safetensors", "tokenizers")


def data_hashes(folder: RunFolder) -> dict[str, str]:
    """Of the examples as the run read them. Of large files it takes seconds."""
    return {path.stem: sha256_of(path) for path in (folder.train_file, folder.held_out_file) if path.exists()}


def version_of_run(
    tx: Transaction,
    run: Run,
    finished: Finished,
    folder: Path,
    data_sha256: dict[str, str],
    summary: dict[str, object],
    now: datetime,
) -> Version:
    """Not yet added. It is called after the recipe, else after its data."""
    dataset = tx.datasets.get(run.dataset_id)
    made = Version(
        version_id=new_id("ver"),
        name=run.recipe.name or (dataset.name if dataset else run.name),
        number="",
        run_id=run.run_id,
        base_name=run.recipe.base,
        base_folder=run.base_folder,
        base_revision=run.base_revision,
        licence=run.base_licence,
        kind="model" if run.plan.adapter.kind == "full" else "adapter",
        adapter_folder=str(folder / finished.adapter_folder),
        adapter_sha256=finished.adapter_sha256,
        dataset_id=run.dataset_id,
        recipe=run.recipe,
        data_sha256=data_sha256,
        environment=environment(),
        parents=_bases(tx, run.base_folder),
        summary=summary,
        created_at=now,
    )
    return numbered(tx, made)


def numbered(tx: Transaction, made: Version) -> Version:
    """With the number that follows from what has changed since the highest of its name, which it then follows."""
    family = tx.versions.of_name(made.name)
    before = family[0] if family else None
    given = numbered_after((each.number for each in family), before.origin if before else None, made.origin)
    follows = [Parent(version_id=before.version_id, label=before.label, how="follows")] if before else []
    return made.model_copy(
        update={"number": given.number, "number_reason": given.reason, "parents": (*follows, *made.parents)}
    )


def environment() -> dict[str, str]:
    """Of the programs that made it; a package that is not installed took no part."""
    return {"python": platform.python_version(), "system": platform.platform(), **dict(_installed(_PACKAGES))}


def _installed(packages: Iterable[str]) -> Iterable[tuple[str, str]]:
    for package in packages:
        try:
            yield package, version(package)
        except PackageNotFoundError:
            continue


def _bases(tx: Transaction, base_folder: str) -> tuple[Parent, ...]:
    """A whole model that was registered here, and then tuned further."""
    models = (each for each in tx.versions.list() if each.kind == "model" and each.adapter_folder == base_folder)
    return tuple(Parent(version_id=each.version_id, label=each.label, how="tuned from") for each in models)
