"""How an export is made: its files are written, then proven to say the same as the tuned model, then kept."""

import time
from collections.abc import Callable, Iterable, Iterator
from itertools import chain, islice
from pathlib import Path
from typing import Any

from luthier.connectors.cactus import convert
from luthier.data.canonical import read_examples, write_examples
from luthier.domain.background import WorkState
from luthier.domain.datasets import Example, Message, Role
from luthier.domain.errors import LuthierError
from luthier.domain.exports import (
    IN_LLAMA,
    Export,
    ExportFile,
    ExportJob,
    ExportRequest,
    ExportTooSmall,
    Performance,
    Pruned,
    Written,
)
from luthier.domain.parity import Elsewhere, ExportDiffers, ParityReport, Reference
from luthier.domain.runs import RunNotFound
from luthier.domain.versions import RewardModelSilent, Version
from luthier.evaluation.parity import judge_elsewhere, judge_merged, parity_facts
from luthier.kit.clock import Clock
from luthier.kit.files import read_json, sealed_folder, sha256_of, write_json
from luthier.services.background import OnProgress
from luthier.services.export_commands import commands_for
from luthier.services.export_refusals import refuse_impossible
from luthier.services.folders import Folders
from luthier.services.model_card import base_name, model_card
from luthier.services.processes import Processes
from luthier.store import Store

_QUESTIONS, _ANSWER_TOKENS, _CONTEXT = 8, 24, 2048
_WITH_CARD = ("hub", "merged")
_DULLED = "Layers were left out to stay within the limit, and nothing was taught anew: ask it before you hand it on."


class ExportMaking:
    def __init__(
        self, store: Store, folders: Folders, processes: Processes, clock: Clock, threads: Callable[[], int]
    ) -> None:
        self._store = store
        self._folders = folders
        self._processes = processes
        self._clock = clock
        self._threads = threads

    def check(self, reference: str, request: ExportRequest) -> Export:
        """The export to be. Raises VersionNotFound, and what can be refused without reading weights."""
        with self._store.reading() as tx:
            version = tx.versions.find(reference)
            origin = tx.runs.get(version.run_id)
        if origin is not None and origin.plan.method == "reward":
            raise RewardModelSilent(name=version.label)
        refuse_impossible(request, version)
        return Export(
            export_id="",
            version=version.label,
            version_id=version.version_id,
            request=request,
            state=WorkState.WAITING,
            begun_at=self._clock.now(),
        )

    def make(self, folder: Path, tell: OnProgress) -> dict[str, Any]:
        """In `folder`, which is named like the export. Raises what the processes report, and ExportDiffers."""
        asked = Export.model_validate(read_json(folder / "work.json")["asked"])
        with self._store.reading() as tx:
            version = tx.versions.find(asked.version_id)
        begun = time.monotonic()
        job = self._job(version, asked.request, folder)
        write_json(folder / "job.json", job.model_dump(mode="json"))
        log = folder / "export.log"
        if asked.request.form == "cactus":
            return self._for_phones(asked, version, job, folder, tell)
        pruned = self._write(job, folder, log, tell)
        written = Written.model_validate(read_json(folder / "written.json"))
        self._processes.run("luthier.engine", ["reference", str(folder)], log, tell)
        reference = Reference.model_validate(read_json(folder / "reference.json"))
        merged = judge_merged(reference)
        found = self._elsewhere(job, written, folder, log, tell)
        judged = judge_elsewhere(reference, found, _kind(job.request, pruned), _source(pruned))
        reports = [merged, judged] if merged else [judged]
        for report in reports:
            _refuse_difference(report, version, job.request)
        export = asked.model_copy(
            update={
                "export_id": folder.name,
                "state": WorkState.DONE,
                "begun_at": asked.begun_at,
                "types": written.types,
                "pruned": pruned,
                "notes": (_DULLED,) if pruned else (),
                "parity": tuple(reports),
                "performance": Performance.model_validate(found.model_dump(exclude={"measured", "ending_ids"})),
                "seconds": time.monotonic() - begun,
            }
        )
        return {"export_id": self._keep(export, version, written, folder).export_id}

    def _write(self, job: ExportJob, folder: Path, log: Path, tell: OnProgress) -> Pruned | None:
        """The files; where even the coarsest types are too large and it is allowed, those of a model with fewer layers.

        From then on that smaller model is what the export has to be like.
        """
        try:
            self._processes.run("luthier.export", ["write", str(folder)], log, tell)
        except LuthierError as error:
            if error.problem.code != ExportTooSmall.code or not job.request.allow_pruning:
                raise
        else:
            return None
        self._processes.run("luthier.engine", ["prune", str(folder)], log, tell)
        smaller = job.model_copy(update={"base_folder": str(folder / "pruned"), "adapter_folder": None})
        write_json(folder / "job.json", smaller.model_dump(mode="json"))
        self._processes.run("luthier.export", ["write", str(folder)], log, tell)
        return Pruned.model_validate(read_json(folder / "pruned.json"))

    def _for_phones(
        self, asked: Export, version: Version, job: ExportJob, folder: Path, tell: OnProgress
    ) -> dict[str, Any]:
        """By another program, which brings its own format: what it makes cannot be tried here."""
        begun = time.monotonic()
        convert(version.label, job, folder / "files", tell)
        note = "The package was made by cactus, and could not be tried here."
        made = {
            "export_id": folder.name,
            "state": WorkState.DONE,
            "seconds": time.monotonic() - begun,
            "notes": (note,),
        }
        export = asked.model_copy(update=made)
        return {"export_id": self._keep(export, version, Written(main=""), folder).export_id}

    def _job(self, version: Version, request: ExportRequest, folder: Path) -> ExportJob:
        is_whole = version.kind == "model"
        write_examples(folder / "questions.jsonl", self._examples(version))
        with self._store.reading() as tx:
            try:
                system_prompt = tx.runs.find(version.run_id).plan.system_prompt
            except RunNotFound:
                system_prompt = None
        return ExportJob(
            request=request,
            name=version.label,
            licence=version.licence,
            base_name=base_name(version),
            base_folder=version.adapter_folder if is_whole else version.base_folder,
            adapter_folder=None if is_whole else version.adapter_folder,
            system_prompt=system_prompt,
            examples_file=str(folder / "questions.jsonl"),
            questions=_QUESTIONS,
            answer_tokens=_ANSWER_TOKENS,
            context=_CONTEXT,
            threads=self._threads(),
        )

    def _examples(self, version: Version) -> Iterable[Example]:
        """Held-out ones first, then those it learnt from, then plain questions when its run is gone."""
        run = self._folders.run(version.run_id)
        kept = (read_examples(file) for file in (run.held_out_file, run.train_file) if file.is_file())
        return islice(chain(*kept, _plain_questions()), 4 * _QUESTIONS)

    def _elsewhere(self, job: ExportJob, written: Written, folder: Path, log: Path, tell: OnProgress) -> Elsewhere:
        main = folder / "files" / written.main
        match job.request.form:
            case "gguf" | "ollama" | "lmstudio":
                self._processes.run("luthier.export", ["llama", str(folder), str(main)], log, tell)
            case "gguf-adapter":
                base = str(folder / "base.gguf")
                self._processes.run("luthier.export", ["llama", str(folder), base, str(main)], log, tell)
            case _:
                self._processes.run("luthier.engine", ["hub-check", str(folder)], log, tell)
        return Elsewhere.model_validate(read_json(folder / "elsewhere.json"))

    def _keep(self, export: Export, version: Version, written: Written, folder: Path) -> Export:
        final = self._folders.exports / export.export_id
        with sealed_folder(final, {"export": export.export_id, "version": version.label}) as staging:
            (folder / "files").rename(staging / "files")
            if export.request.form in _WITH_CARD:
                card = model_card(version, export, self._folders.run(version.run_id))
                (staging / "files" / "README.md").write_text(card, encoding="utf-8")
            files = staging / "files"
            export = export.model_copy(
                update={
                    "folder": str(final / "files"),
                    "files": tuple(_described(files)),
                    "commands": commands_for(export.request.form, version, final / "files", written.main),
                }
            )
            write_json(staging / "export.json", export.model_dump(mode="json"))
        with self._store.writing() as tx:
            tx.exports.add(export)
            body = {"export_id": export.export_id, "version": version.label, "form": export.request.form}
            tx.events.append("version.exported", None, "user", body, self._clock.now())
        return export


def _kind(request: ExportRequest, pruned: Pruned | None) -> str:
    """Under which name its limits stand."""
    if request.form not in IN_LLAMA:
        return "exact"
    if pruned is not None:
        return "pruned"
    return "mixed" if request.at_most_bytes else request.quant


def _source(pruned: Pruned | None) -> str:
    return "the tuned model" if pruned is None else "the tuned model without the layers that were left out"


def _refuse_difference(report: ParityReport, version: Version, request: ExportRequest) -> None:
    failed = [check for check in report.checks if not check.passed]
    if failed:
        first = failed[0]
        place = f" ({first.where})" if first.where else ""
        raise ExportDiffers(
            reason=f"{first.what}: {first.found}{place}",
            version=version.label,
            form=request.form,
            details=report.model_dump_json(indent=2),
        )


def _described(files: Path) -> Iterator[ExportFile]:
    for path in sorted(item for item in files.rglob("*") if item.is_file()):
        yield ExportFile(name=path.relative_to(files).as_posix(), bytes=path.stat().st_size, sha256=sha256_of(path))


def _plain_questions() -> Iterator[Example]:
    for row, question in enumerate(parity_facts().questions, 1):
        yield Example(row=row, messages=(Message(Role.USER, question), Message(Role.ASSISTANT, "")))
