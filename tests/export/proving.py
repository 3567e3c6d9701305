"""An export made and measured in this process, as the processes of an export do it one after the other."""

from pathlib import Path

from luthier.domain.exports import IN_LLAMA, ExportJob, Written
from luthier.domain.parity import Elsewhere, ParityReport, Reference
from luthier.engine.hub_check import measure_folder
from luthier.engine.parity import measure_reference
from luthier.evaluation.parity import judge_elsewhere
from luthier.export.forms import write_files
from luthier.export.llama import Llama, measure_file


def silently(what: str, done: int, total: int) -> None:
    """Nobody watches."""


def written(job: ExportJob, folder: Path) -> Written:
    return write_files(job, folder, silently)


def elsewhere(job: ExportJob, folder: Path, reference: Reference, made: Written) -> Elsewhere:
    main = folder / "files" / made.main
    if job.request.form not in IN_LLAMA:
        return measure_folder(job, folder / "files", reference, silently)
    beside = job.request.form == "gguf-adapter"
    file, adapter = (folder / "base.gguf", main) if beside else (main, None)
    return measure_file(Llama(file, adapter=adapter, context=job.context, threads=1), reference, silently)


def report_of(job: ExportJob, folder: Path, reference: Reference | None = None) -> ParityReport:
    made = written(job, folder)
    reference = reference or measure_reference(job, silently)
    kind = job.request.quant if job.request.form in IN_LLAMA else "exact"
    return judge_elsewhere(reference, elsewhere(job, folder, reference, made), kind)
