"""Scoring, deriving and comparing datasets in the background: begun, watched, called off, and begun again."""

from collections.abc import Sequence
from pathlib import Path

from pydantic import TypeAdapter

from luthier.domain.background import WorkState
from luthier.domain.dataset_jobs import (
    CompareWork,
    DatasetJob,
    DatasetJobDone,
    DatasetJobNotFound,
    DatasetWork,
    DeriveWork,
    ScoreWork,
)
from luthier.domain.derivations import Request
from luthier.kit.clock import Clock
from luthier.services.background import Background, OnProgress, Task
from luthier.services.datasets import Datasets
from luthier.services.derivations import Derivations
from luthier.services.folders import Folders
from luthier.services.quality import Quality
from luthier.services.work_folders import Kept

AT_ONCE = 2  # more would only take the processor from each other, and from the pages
_WORK: TypeAdapter[DatasetWork] = TypeAdapter(DatasetWork)


class DatasetJobs:
    """What is asked for twice while it is being done is done once."""

    def __init__(
        self, datasets: Datasets, quality: Quality, derivations: Derivations, folders: Folders, clock: Clock
    ) -> None:
        self._datasets = datasets
        self._quality = quality
        self._derivations = derivations
        self._background = Background(folders.dataset_jobs, "job", clock, AT_ONCE)

    def score(
        self, reference: str, *, base: str | None = None, against: str | None = None, max_length: int | None = None
    ) -> DatasetJob:
        """As `quality.score`; the report is `quality.known` when it is done."""
        label = self._datasets.get(reference).label
        return self._begin(ScoreWork(dataset=label, base=base, against=against, max_length=max_length))

    def derive(self, references: str | Sequence[str], request: Request, *, name: str | None = None) -> DatasetJob:
        """As `derivations.derive`; what can be refused without reading the examples is refused now."""
        parents = self._derivations.check(references, request, name)
        return self._begin(DeriveWork(datasets=tuple(each.label for each in parents), request=request, name=name))

    def compare(self, before: str, after: str) -> DatasetJob:
        """So that `derivations.diff` has nothing left to read."""
        labels = (self._datasets.get(reference).label for reference in (before, after))
        return self._begin(CompareWork(before=next(labels), after=next(labels)))

    def get(self, job_id: str) -> DatasetJob:
        """Raises DatasetJobNotFound."""
        try:
            return _job_of(self._background.get(job_id))
        except KeyError:
            raise DatasetJobNotFound(job_id=job_id) from None

    def list(self, dataset: str | None = None) -> "list[DatasetJob]":
        """Newest first; those on the dataset of that label when one is given."""
        jobs = (_job_of(kept) for kept in self._background.list())
        return [job for job in jobs if dataset is None or dataset in job.datasets]

    def cancel(self, job_id: str) -> DatasetJob:
        """Nothing of it is kept. What has ended stays as it ended."""
        self.get(job_id)
        self._background.cancel(job_id)
        return self.get(job_id)

    def begin_again(self, job_id: str) -> DatasetJob:
        """From its beginning. What somebody works on is left alone. Raises DatasetJobDone."""
        job = self.get(job_id)
        if job.state is WorkState.DONE:
            raise DatasetJobDone(dataset=job.datasets[0])
        if not job.state.is_open:
            self._background.begin_again(job_id, self._task_of(job.work))
        return self.get(job_id)

    def close(self) -> None:
        """What is not done is unfinished from now on."""
        self._background.close()

    def _begin(self, work: DatasetWork) -> DatasetJob:
        self._datasets.shelf.tidy()
        known = next((job for job in self.list() if job.work == work and job.state.is_open), None)
        return known or self.get(self._background.begin(work.model_dump(mode="json"), self._task_of(work)))

    def _task_of(self, work: DatasetWork) -> Task:
        def task(_folder: Path, tell: OnProgress) -> dict[str, list[str]]:
            match work:
                case ScoreWork():
                    how = work.model_dump(exclude={"kind", "dataset"})
                    self._quality.score(work.dataset, **how, on_progress=tell)
                    return {}
                case CompareWork():
                    self._derivations.diff(work.before, work.after, on_progress=tell)
                    return {}
                case DeriveWork():
                    made = self._derivations.derive(work.datasets, work.request, name=work.name, on_progress=tell)
                    return {"made": [each.label for each in made]}

        return task


def _job_of(kept: Kept) -> DatasetJob:
    return DatasetJob(
        job_id=kept.work_id,
        work=_WORK.validate_python(kept.asked),
        state=kept.outcome.state,
        begun_at=kept.begun_at,
        progress=kept.progress,
        made=tuple(kept.outcome.result.get("made", ())),
        problem=kept.outcome.problem,
    )
