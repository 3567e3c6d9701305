"""The quality report of a run: made when it completes, from what was measured; kept as JSON and as one page."""

from pathlib import Path

from luthier.domain.evaluations import EvaluationReport
from luthier.domain.quality_reports import QualityReport, QualityReportMissing
from luthier.domain.run_states import RunState
from luthier.domain.runs import Run
from luthier.domain.versions import VersionNotFound
from luthier.evaluation.quality import Training, quality_report
from luthier.evaluation.quality_html import quality_html
from luthier.kit.files import write_atomically, write_json
from luthier.services.folders import Folders, RunFolder
from luthier.store import Store, Transaction

_LAST_STEPS = 10


class QualityReports:
    """Looked up by the run, or by the version that it became."""

    def __init__(self, store: Store, folders: Folders) -> None:
        self._store = store
        self._folders = folders

    def of(self, reference: str) -> QualityReport:
        """Raises RunNotFound, QualityReportMissing."""
        run = self._run(reference)
        path = self._folders.run(run.run_id).quality
        if not path.exists():
            raise QualityReportMissing(name=run.name, reason=_why_missing(run))
        return QualityReport.model_validate_json(path.read_bytes())

    def file(self, reference: str) -> Path:
        """The same as one HTML page. Raises what `of` raises."""
        self.of(reference)
        return self._folders.run(self._run(reference).run_id).quality_page

    def known(self, reference: str) -> QualityReport | None:
        """None where there is none (yet). Raises RunNotFound."""
        try:
            return self.of(reference)
        except QualityReportMissing:
            return None

    def _run(self, reference: str) -> Run:
        with self._store.reading() as tx:
            try:
                return tx.runs.find(tx.versions.find(reference).run_id)
            except VersionNotFound:
                return tx.runs.find(reference)


def _why_missing(run: Run) -> str:
    if run.state is RunState.COMPLETED:
        return "it completed before such reports were made"
    return f"it is {run.state.value}, and the report is made when it completes"


def training_of(tx: Transaction, run: Run) -> Training:
    losses = [point.value for point in tx.metrics.list(run.run_id, names=("loss",)) if point.value is not None]
    held_out = tx.metrics.list(run.run_id, names=("held_out_loss",))
    return Training(
        run=run.name,
        base=run.recipe.base,
        held_out=run.plan.held_out,
        epochs=run.plan.settings.epochs,
        learning_rate=run.plan.settings.learning_rate,
        steps=run.step,
        held_out_losses={point.step: point.value for point in held_out if point.value is not None},
        last_losses=tuple(losses[-_LAST_STEPS:]),
    )


def write_quality(folder: RunFolder, report: EvaluationReport, training: Training) -> QualityReport:
    quality = quality_report(report, training)
    write_json(folder.quality, quality.model_dump(mode="json"))
    write_atomically(folder.quality_page, quality_html(quality).encode())
    return quality
