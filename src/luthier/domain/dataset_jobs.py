"""Long work on datasets: what is to be scored, made or compared, how far it is, and what came of it."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from luthier.domain.background import WorkState
from luthier.domain.derivations import Request
from luthier.domain.errors import Action, NotAllowedNow, NotFound, Problem
from luthier.domain.jobs import Progress
from luthier.kit.frozen import Frozen


class ScoreWork(Frozen):
    kind: Literal["score"] = "score"
    dataset: str  # label
    base: str | None = None
    against: str | None = None
    max_length: int | None = None


class DeriveWork(Frozen):
    kind: Literal["derive"] = "derive"
    datasets: tuple[str, ...]  # labels
    request: Request
    name: str | None = None


class CompareWork(Frozen):
    kind: Literal["compare"] = "compare"
    before: str  # labels
    after: str


DatasetWork = Annotated[ScoreWork | DeriveWork | CompareWork, Field(discriminator="kind")]


class DatasetJob(Frozen):
    job_id: str
    work: DatasetWork
    state: WorkState
    begun_at: datetime
    progress: Progress | None = None  # None until it is its turn, and when nobody works on it
    made: tuple[str, ...] = ()  # labels of the datasets that came out of it
    problem: Problem | None = None

    @property
    def datasets(self) -> tuple[str, ...]:
        """Labels of what it works on."""
        match self.work:
            case ScoreWork(dataset=dataset):
                return (dataset,)
            case DeriveWork(datasets=datasets):
                return datasets
            case CompareWork(before=before, after=after):
                return (before, after)

    @property
    def changed_nothing(self) -> bool:
        """The datasets were as they had been asked to be made."""
        return self.work.kind == "derive" and bool(self.made) and set(self.made) <= set(self.datasets)


class DatasetJobNotFound(NotFound):
    code = "dataset_jobs.not_found"
    sentence = "There is no work on datasets called {job_id}."
    actions = (Action(label="See the datasets", command="luthier datasets list"),)


class DatasetJobDone(NotAllowedNow):
    code = "dataset_jobs.done"
    sentence = "This work on {dataset} is done, so it cannot be begun again."
    actions = (Action(label="See what came of it", command="luthier datasets lineage {dataset}"),)
