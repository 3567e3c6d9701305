"""Versions as people use them: look up, search, register again under another number, tag, note, compare, remove."""

import re
import shutil
from collections.abc import Sequence
from pathlib import Path

from luthier.domain.errors import LuthierError
from luthier.domain.evaluations import EvaluationReport
from luthier.domain.runs import RunNotFound
from luthier.domain.version_comparisons import (
    VersionComparison,
    both_answers,
    differences_of_versions,
    figures_of_versions,
)
from luthier.domain.version_numbers import VersionNumber
from luthier.domain.versions import (
    LONGEST_NOTE,
    Parent,
    Version,
    VersionExists,
    VersionFilesDamaged,
    VersionKept,
    VersionNameWrong,
    VersionNoteTooLong,
    VersionNotFound,
    tagged,
)
from luthier.evaluation import compare
from luthier.kit.clock import Clock
from luthier.kit.files import damage_of, read_json, sha256_of
from luthier.kit.ids import new_id
from luthier.services.folders import Folders
from luthier.services.registering import numbered
from luthier.services.runs import Runs
from luthier.store import Store, Transaction

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


class Versions:
    def __init__(self, store: Store, folders: Folders, runs: Runs, clock: Clock) -> None:
        self._store = store
        self._folders = folders
        self._runs = runs
        self._clock = clock

    def list(self, words: str = "", tag: str | None = None, name: str | None = None) -> "list[Version]":
        """Newest first: those that have all of `words`, the tag, and the name."""
        with self._store.reading() as tx:
            versions = tx.versions.list()
        return [
            version
            for version in versions
            if version.has(words) and name in (None, version.name) and (tag is None or tag in version.tags)
        ]

    def get(self, reference: str) -> Version:
        """By name (its highest number), name@number, id, or a unique beginning of the id. Raises VersionNotFound."""
        with self._store.reading() as tx:
            return tx.versions.find(reference)

    def children(self, version_id: str) -> Sequence[Version]:
        """Those that come from it directly, newest first."""
        found = self.list()
        return [each for each in found if any(parent.version_id == version_id for parent in each.parents)]

    def create(self, reference: str, *, name: str | None = None, number: str | None = None) -> Version:
        """Registers the files of a version, or of the version of a run, once more under another name or number.

        Raises VersionNotFound, VersionNameWrong, VersionNumberWrong, VersionExists.
        """
        source = self._source(reference)
        if name is not None and not _NAME.fullmatch(name):
            reason = "it takes 1 to 100 letters, digits, dots, dashes and underscores"
            raise VersionNameWrong(name=name, reason=reason)
        parent = Parent(version_id=source.version_id, label=source.label, how="same files as")
        made = source.model_copy(
            update={
                "version_id": new_id("ver"),
                "name": name or source.name,
                "parents": (parent,),
                "tags": (),
                "created_at": self._clock.now(),
            }
        )
        with self._store.writing() as tx:
            made = _chosen(made, number) if number is not None else numbered(tx, made)
            if any(each.number == made.number for each in tx.versions.of_name(made.name)):
                raise VersionExists(version=made.label)
            tx.versions.add(made)
            self._tell(tx, "version.created", made)
        return made

    def tag(self, reference: str, tag: str) -> Version:
        """What is tagged is never offered for removal. Raises VersionTagWrong."""
        with self._store.writing() as tx:
            found = tx.versions.find(reference)
            return _updated(tx, found, tags=tagged(found.tags, tag))

    def untag(self, reference: str, tag: str) -> Version:
        with self._store.writing() as tx:
            found = tx.versions.find(reference)
            return _updated(tx, found, tags=tuple(each for each in found.tags if each != tag))

    def note(self, reference: str, text: str) -> Version:
        """In the place of the note that it had. Raises VersionNoteTooLong."""
        if len(text) > LONGEST_NOTE:
            raise VersionNoteTooLong(length=len(text), most=LONGEST_NOTE)
        with self._store.writing() as tx:
            return _updated(tx, tx.versions.find(reference), notes=text.strip())

    def compare(self, first: str, second: str) -> VersionComparison:
        one, other = self.get(first), self.get(second)
        before, after = self.evaluation(one), self.evaluation(other)
        answers = both_answers(before, after) if before and after and before.scorer == after.scorer else ()
        pairs = [(bool(each.right[0]), bool(each.right[1])) for each in answers if None not in each.right]
        return VersionComparison(
            first=one,
            second=other,
            differences=differences_of_versions(one, other),
            figures=figures_of_versions(one, other),
            comparison=compare(pairs) if pairs else None,
            answers=answers,
            doubts=tuple(_doubts(one, other)),
        )

    def evaluation(self, version: Version) -> EvaluationReport | None:
        """Of the run that trained it, or of its merge. A version outlives its run."""
        if version.merging:
            kept = Path(version.adapter_folder).parent / "evaluation.json"
            return EvaluationReport.model_validate(read_json(kept)) if kept.is_file() else None
        try:
            return self._runs.evaluation(version.run_id)
        except RunNotFound:
            return None

    def check_files(self, version: Version) -> str:
        """The hash of its weights, as they are on the disk and were registered. Raises VersionFilesDamaged."""
        folder = Path(version.adapter_folder)
        if not (folder / version.weights_file).is_file():
            raise VersionFilesDamaged(version=version.label, reason=f"{version.weights_file} is not in {folder}")
        found = sha256_of(folder / version.weights_file)
        if found != version.adapter_sha256:
            reason = f"the hash of {version.weights_file} is {found[:16]}, and not {version.adapter_sha256[:16]}"
            raise VersionFilesDamaged(version=version.label, reason=reason)
        damage = damage_of(folder)
        if damage is not None:
            raise VersionFilesDamaged(version=version.label, reason=damage)
        return found

    def remove(self, reference: str) -> Version:
        """With its files, unless another version has the same ones. Raises VersionKept."""
        with self._store.writing() as tx:
            version = tx.versions.find(reference)
            reason = kept_because(tx, version)
            if reason is not None:
                raise VersionKept(version=version.label, reason=reason)
            tx.versions.remove(version.version_id)
            gone = files_left(tx, self._folders, version)
            self._tell(tx, "version.removed", version)
        for place in gone:
            shutil.rmtree(place, ignore_errors=True)
        return version

    def _source(self, reference: str) -> Version:
        try:
            return self.get(reference)
        except VersionNotFound as not_found:
            try:
                registered = self._runs.get(reference).version_id
            except LuthierError:
                raise not_found from None
            if registered is None:
                raise
            return self.get(registered)

    def _tell(self, tx: Transaction, kind: str, version: Version) -> None:
        body = {"version_id": version.version_id, "version": version.label}
        tx.events.append(kind, None, "user", body, self._clock.now())


def kept_because(tx: Transaction, version: Version) -> str | None:
    """Why it must stay; None when it may go."""
    for deployment in tx.deployments.list():
        if deployment.serving.version_id == version.version_id:
            return f"it serves in {deployment.slot}"
        if any(turn.version_id == version.version_id for turn in deployment.earlier[:1]):
            return f"it is what {deployment.slot} would be rolled back to"
    if version.tags:
        return f"it is tagged {', '.join(version.tags)}"
    above = (each for each in tx.versions.list() if each.base_folder == version.adapter_folder)
    return next((f"{each.label} stands on it" for each in above), None)


def files_left(tx: Transaction, folders: Folders, removed: Version) -> Sequence[Path]:
    """The folders that no version needs any more after that one; what lies outside of the workspace is not ours."""
    place = Path(removed.adapter_folder)
    shared = any(each.adapter_folder == removed.adapter_folder for each in tx.versions.list())
    return [] if shared or not place.is_relative_to(folders.root) else [place]


def _updated(tx: Transaction, version: Version, **changes: object) -> Version:
    changed = version.model_copy(update=changes)
    tx.versions.update(changed)
    return changed


def _chosen(made: Version, number: str) -> Version:
    return made.model_copy(update={"number": str(VersionNumber.of(number)), "number_reason": "chosen"})


def _doubts(one: Version, other: Version) -> Sequence[str]:
    sentence = "They differ in {what}, so their losses and shares do not mean the same."
    looks: dict[str, tuple[str | None, str | None]] = {
        "the held-out examples": (one.data_sha256.get("held_out"), other.data_sha256.get("held_out")),
        "the base model": (one.base_revision, other.base_revision),
    }
    return [sentence.format(what=what) for what, (before, after) in looks.items() if before != after]
