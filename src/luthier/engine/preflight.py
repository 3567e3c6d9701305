"""The last look before the first step: what the model is shown, and whether the engine treats it as it should."""

from pathlib import Path

from luthier.data.preflight import Embeddings, examine
from luthier.data.preflight_html import preflight_html
from luthier.domain.errors import Problem, ReportedProblem
from luthier.domain.findings import Level
from luthier.domain.jobs import Job, PreflightDone
from luthier.domain.preflight import PreflightReport
from luthier.engine.channel import Channel
from luthier.engine.loading import LoadedBase
from luthier.engine.model_checks import check_model, untrained_ids
from luthier.engine.objective import Objective
from luthier.engine.preparing import PreparedData
from luthier.kit.files import write_atomically, write_json

REPORT, PAGE = "report/preflight.json", "report/preflight.html"


def preflight(
    job: Job, base: LoadedBase, data: PreparedData, objective: Objective, run_folder: Path, channel: Channel
) -> None:
    """Writes the report and its page, and says so. Raises ReportedProblem with the words of the first error, if any."""
    channel.progress("looking for tokens that were never trained", 0, 3)
    untrained = untrained_ids(base.model)
    channel.obey()
    channel.progress("comparing examples with what the model is shown", 1, 3)
    report = examine(
        data.examples,
        base.renderer,
        data.train,
        max_length=job.settings.max_length,
        train_on=job.settings.train_on,
        embeddings=Embeddings(untrained, base.model.get_input_embeddings().num_embeddings),
        mapping=job.mapping,
    )
    if job.method == "grpo":
        report = report.read_alone()
    channel.obey()
    channel.progress("checking that packing changes nothing", 2, 3)
    report = report.joined(*check_model(base, data.train, channel)).joined(*objective.rehearse(channel))
    write_json(run_folder / REPORT, report.model_dump(mode="json"))
    write_atomically(run_folder / PAGE, preflight_html(report).encode())
    channel.progress("checking that packing changes nothing", 3, 3)
    channel.say(PreflightDone(errors=report.errors, warnings=report.warnings, report=REPORT))
    _refuse_errors(report)


def _refuse_errors(report: PreflightReport) -> None:
    for finding in report.findings:
        if finding.level is Level.ERROR:
            raise ReportedProblem(Problem(code=finding.code, sentence=finding.sentence, actions=finding.actions))
