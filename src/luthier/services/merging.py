"""Merges: adapters of one base, or whole models, become a version, which answers the held-out questions of theirs."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from luthier.domain.background import WorkState
from luthier.domain.merges import (
    MOST_MERGED,
    AdaptersDoNotFit,
    Joined,
    Merge,
    MergeJob,
    MergeNotFound,
    MergeRefused,
    MergeRequest,
    MergeSource,
)
from luthier.domain.version_numbers import VersionNumber
from luthier.domain.versions import Parent, Version
from luthier.kit.clock import Clock
from luthier.kit.files import read_json, sealed_folder, sha256_of, write_json
from luthier.kit.ids import new_id
from luthier.services.background import Background, OnProgress
from luthier.services.folders import Folders
from luthier.services.headlines import headline
from luthier.services.merge_proof import MergeProof
from luthier.services.processes import Processes
from luthier.services.registering import environment, numbered
from luthier.services.versions import Versions
from luthier.services.whole_models import WholeModels
from luthier.services.work_folders import Kept
from luthier.store import Store

AT_ONCE = 1  # each may hold whole weights in memory


class Merging:
    def __init__(
        self,
        store: Store,
        folders: Folders,
        versions: Versions,
        processes: Processes,
        proof: MergeProof,
        whole_models: WholeModels,
        clock: Clock,
    ) -> None:
        self._store = store
        self._folders = folders
        self._versions = versions
        self._processes = processes
        self._proof = proof
        self._whole_models = whole_models
        self._clock = clock
        self._background = Background(folders.merge_work, "mrg", clock, AT_ONCE)

    def make(self, references: Sequence[str], request: MergeRequest) -> Merge:
        """Begins it and returns at once. Raises MergeRefused and AdaptersDoNotFit for what needs no weights read."""
        asked = self._check(references, request).model_dump(mode="json")
        return self.get(self._background.begin(asked, self._make))

    def make_here(self, references: Sequence[str], request: MergeRequest, on_progress: OnProgress) -> Version:
        """In this thread. What `on_progress` raises ends it; asked for alike again, it goes on from what it left."""
        asked = self._check(references, request).model_dump(mode="json")
        result = self._background.run_here(asked, self._make, on_progress)
        return self._versions.get(result["version_id"])

    def get(self, merge_id: str) -> Merge:
        """For a day after its end. Raises MergeNotFound."""
        try:
            return _merge_of(self._background.get(merge_id))
        except KeyError:
            raise MergeNotFound(name=merge_id) from None

    def list(self) -> "list[Merge]":
        """Newest first."""
        return [_merge_of(kept) for kept in self._background.list()]

    def cancel(self, merge_id: str) -> Merge:
        """Nothing of it is kept. What is done stays."""
        self._background.cancel(self.get(merge_id).merge_id)
        return self.get(merge_id)

    def begin_again(self, merge_id: str) -> Merge:
        merge = self.get(merge_id)
        if merge.state in (WorkState.UNFINISHED, WorkState.FAILED, WorkState.CANCELLED):
            self._background.begin_again(merge.merge_id, self._make)
        return self.get(merge_id)

    def close(self) -> None:
        self._background.close()

    def _check(self, references: Sequence[str], request: MergeRequest) -> Merge:
        if not 1 <= len(references) <= MOST_MERGED:
            raise MergeRefused(reason=f"one to {MOST_MERGED} versions are merged, not {len(references)}")
        request.weights_of(len(references))
        versions = [self._versions.get(reference) for reference in references]
        first = versions[0]
        for version in versions:
            if version.kind != first.kind:
                raise AdaptersDoNotFit(version=version.label, reason=_MIXED)
            if version.base_revision != first.base_revision:
                reason = f"it stands on {version.base_name}, and {first.label} on {first.base_name}"
                raise AdaptersDoNotFit(version=version.label, reason=f"{reason}, which are not the same weights")
            self._versions.check_files(version)
        if first.kind == "model":
            self._whole_models.check(request)
        return Merge(
            merge_id="",
            request=request,
            sources=tuple(version.label for version in versions),
            source_ids=tuple(version.version_id for version in versions),
            state=WorkState.WAITING,
            begun_at=self._clock.now(),
        )

    def _make(self, folder: Path, tell: OnProgress) -> dict[str, Any]:
        asked = Merge.model_validate(read_json(folder / "work.json")["asked"])
        sources = [self._versions.get(version_id) for version_id in asked.source_ids]
        final = self._folders.merges / folder.name / sources[0].kind
        done = next((each for each in self._versions.list() if each.adapter_folder == str(final)), None)
        if done is None:
            joined = self._joined(asked, sources, folder, final, tell)
            done = self._register(asked, sources, final, joined, tell)
        return {"version_id": done.version_id, "version": done.label}

    def _joined(self, asked: Merge, sources: Sequence[Version], folder: Path, final: Path, tell: OnProgress) -> Joined:
        log, files = folder / "merge.log", folder / "files"
        if sources[0].kind == "model":
            files.mkdir(exist_ok=True)
            joined = self._whole_models.join(asked.request, sources, files, log, tell)
        else:
            named = tuple(MergeSource(label=source.label, folder=source.adapter_folder) for source in sources)
            write_json(folder / "job.json", MergeJob(request=asked.request, sources=named).model_dump(mode="json"))
            self._processes.run("luthier.export", ["join", str(folder)], log, tell)
            joined = Joined.model_validate(read_json(folder / "joined.json"))
        facts = {"base": sources[0].base_name, "base_revision": sources[0].base_revision}
        with sealed_folder(final, facts) as staging:
            for file in files.iterdir():
                file.rename(staging / file.name)
        return joined

    def _register(
        self, asked: Merge, sources: Sequence[Version], final: Path, joined: Joined, tell: OnProgress
    ) -> Version:
        first, request = sources[0], asked.request
        made = first.model_copy(
            update={
                "version_id": new_id("ver"),
                "name": request.name or first.name,
                "number": str(VersionNumber(major=0, minor=0, patch=0)),
                "adapter_folder": str(final),
                "adapter_sha256": sha256_of(final / first.weights_file),
                "dataset_id": "+".join(dict.fromkeys(source.dataset_id for source in sources)),
                "recipe": None,
                "data_sha256": {},
                "environment": environment(),
                "merging": _told(request, joined),
                "parents": _parents(sources, request),
                "tags": (),
                "notes": " ".join(joined.notes),
                "created_at": self._clock.now(),
            }
        )
        report = self._proof.of(made, sources, tell)
        if report is not None:
            write_json(final.parent / "evaluation.json", report.model_dump(mode="json"))
        made = made.model_copy(update={"summary": headline(report) if report else {}})
        with self._store.writing() as tx:
            made = numbered(tx, made)
            tx.versions.add(made)
            body = {"version_id": made.version_id, "version": made.label, "from": list(asked.sources)}
            tx.events.append("version.merged", None, "user", body, made.created_at)
        return made


_MIXED = "of whole models and adapters only those of one kind go together"


def _parents(sources: Sequence[Version], request: MergeRequest) -> tuple[Parent, ...]:
    weights = request.weights_of(len(sources))
    return tuple(
        Parent(version_id=source.version_id, label=source.label, how="merged from", weight=weight)
        for source, weight in zip(sources, weights, strict=True)
    )


def _told(request: MergeRequest, joined: Joined) -> dict[str, Any]:
    pruning = {"density": request.density} if request.how in ("ties", "dare") else {}
    chance = {"seed": request.seed} if request.how == "dare" else {}
    ranked = {} if joined.rank is None else {"rank": joined.rank, "kept share": round(joined.kept_share, 4)}
    return {"how": request.how, **ranked, **pruning, **chance}


def _merge_of(kept: Kept) -> Merge:
    result = kept.outcome.result
    return Merge.model_validate(kept.asked).model_copy(
        update={
            "merge_id": kept.work_id,
            "state": kept.outcome.state,
            "begun_at": kept.begun_at,
            "progress": kept.progress,
            "problem": kept.outcome.problem,
            "version_id": result.get("version_id", ""),
            "version": result.get("version", ""),
        }
    )
