"""What the API shows of the domain's values: everything a user can use, without what is only ours to know."""

from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, Field

from luthier.domain.datasets import Dataset, DatasetReport, Shape
from luthier.domain.derivations import Derivation, Lineage
from luthier.domain.errors import Action, Problem
from luthier.domain.health import Anomaly, AppliedRemedy, Offer
from luthier.domain.logs import LogLine
from luthier.domain.models import BaseModel as BaseModelFacts
from luthier.domain.models import ModelShape
from luthier.domain.plans import Estimate, Plan
from luthier.domain.queues import Place, Priority
from luthier.domain.recipes import Recipe
from luthier.domain.run_states import RunMove, RunState
from luthier.domain.runs import Checkpoint, Run
from luthier.domain.sweeps import SweepForecast, SweepMember
from luthier.domain.versions import Parent, Version


class RunProblem(BaseModel):
    """Why a run failed, or parked by itself."""

    code: str
    sentence: str
    actions: list[Action]
    help: str

    @classmethod
    def of(cls, problem: Problem) -> "RunProblem":
        return cls(
            code=problem.code, sentence=problem.sentence, actions=list(problem.actions), help=problem.help_address
        )


class QueuePlace(BaseModel):
    position: int = Field(description="1 is the front")
    why: str = Field(description="what it waits for, as a sentence")


class RunView(BaseModel):
    run_id: str
    name: str
    state: RunState
    wishes: list[RunMove] = Field(description="what may be asked of it now: pause, resume, stop, retry, cancel")
    priority: Priority
    queue: QueuePlace | None = Field(description="where it stands while it waits")
    keeps_checkpoint: bool = Field(description="it was stopped rather than cancelled, so it can go on")
    cloned_from: str | None
    sweep: SweepMember | None = Field(description="the group of runs that it is one of, and the values that it tries")
    recipe: Recipe
    base_revision: str
    dataset_id: str
    created_at: datetime
    updated_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    step: int
    total_steps: int
    ended_early: bool = Field(description="complete before all its steps, because its held-out loss no longer fell")
    loss: float | None
    tokens_per_second: float | None
    rss_bytes: int | None = Field(description="of its worker, at the last step")
    peak_rss_bytes: int | None
    threads: int | None
    seconds_left: tuple[float, float] | None = Field(description="of training, from the pace of the last steps")
    training_seconds: float
    phase: str = Field(description="what the worker is doing within the state")
    progress_done: int
    progress_total: int = Field(description="0 when it is not known")
    attempt: int
    problem: RunProblem | None
    adapter_path: str | None = Field(
        description="the folder of the result, once there is one: an adapter in PEFT's format, or a whole model"
    )
    adapter_sha256: str | None
    version_id: str | None
    system_prompt: str | None = Field(description="the system message that every training example begins with")
    summary: dict[str, Any] = Field(description="headline figures of the evaluation")

    @classmethod
    def of(cls, run: Run, place: Place | None) -> "RunView":
        own = cls.model_fields.keys() - {"wishes", "queue", "problem", "adapter_path", "system_prompt"}
        return cls(
            **{name: getattr(run, name) for name in own},
            wishes=list(run.wishes),
            queue=QueuePlace(position=place.position, why=place.sentence) if place else None,
            problem=RunProblem.of(run.problem) if run.problem else None,
            adapter_path=run.adapter_folder,
            system_prompt=run.plan.system_prompt,
        )


class RemediesView(BaseModel):
    anomaly: Anomaly | None = Field(description="that the run rests over; null when it does not")
    offers: list[Offer] = Field(description="the likeliest to help first")
    applied: list[AppliedRemedy] = Field(description="oldest first")


class CheckpointView(BaseModel):
    step: int
    bytes: int
    saved_at: datetime

    @classmethod
    def of(cls, checkpoint: Checkpoint) -> "CheckpointView":
        return cls(step=checkpoint.step, bytes=checkpoint.bytes, saved_at=checkpoint.saved_at)


class Series(BaseModel):
    name: str
    points: list[tuple[int, float | None]] = Field(description="[step, value]; null where the value was not finite")


class LogTail(BaseModel):
    lines: list[LogLine]


class CloneChanges(BaseModel, extra="forbid"):
    """What the new run does otherwise than the one it is made from."""

    name: str | None = None
    settings: dict[str, Any] = Field(default={}, description="training settings to pin")
    priority: Priority | None = None

    def as_recipe_changes(self) -> dict[str, Any]:
        settings = {f"settings.{name}": value for name, value in self.settings.items()}
        return settings | ({"name": self.name} if self.name else {})


class SweepRequest(BaseModel, extra="forbid"):
    recipe: Recipe
    values: dict[str, list[Any]] = Field(
        description='what to try, e.g. {"settings.learning_rate": [1e-4, 3e-4]}; every combination is a run'
    )
    priority: Priority = Priority.NORMAL


class SweepRunForecast(BaseModel):
    values: dict[str, Any]
    plan: Plan


class SweepForecastView(BaseModel):
    runs: list[SweepRunForecast]
    duration: Estimate = Field(description="of all, one after the other")
    memory: Estimate = Field(description="of the run that takes the most")
    disk: Estimate
    electricity: Estimate | None

    @classmethod
    def of(cls, forecast: SweepForecast) -> "SweepForecastView":
        return cls(
            runs=[SweepRunForecast(values=member.values, plan=plan) for member, plan in forecast.runs],
            duration=forecast.duration,
            memory=forecast.memory,
            disk=forecast.disk,
            electricity=forecast.electricity,
        )


class DatasetView(BaseModel):
    dataset_id: str
    label: str = Field(description="name@version, as it can be given to any command")
    name: str
    version: int
    sha256: str = Field(description="of the examples in canonical form")
    shape: Shape
    examples: int
    source: str = Field(description="the name of the file it came from")
    created_at: datetime
    report: DatasetReport
    made_by: Derivation | None = Field(description="null for what was imported before this was kept")

    @classmethod
    def of(cls, dataset: Dataset) -> "DatasetView":
        own = cls.model_fields.keys() - {"source", "report"}
        return cls(
            **{name: getattr(dataset, name) for name in own},
            source=Path(dataset.source).name,
            report=shown_report(dataset.report),
        )


def shown_report(report: DatasetReport) -> DatasetReport:
    """The same, with the file's name for its path."""
    return report.model_copy(update={"source": Path(report.source).name})


def shown_lineage(lineage: Lineage) -> Lineage:
    """The same, with the names of files for their paths."""
    parents = tuple(shown_lineage(parent) for parent in lineage.parents)
    return lineage.model_copy(update={"source": Path(lineage.source).name, "parents": parents})


class Rows(BaseModel):
    offset: int
    total: int
    rows: list[dict[str, Any]] = Field(description="examples in canonical form")


class BaseModelView(BaseModel):
    name: str
    source: str
    revision: str
    licence: str
    shape: ModelShape

    @classmethod
    def of(cls, model: BaseModelFacts) -> "BaseModelView":
        return cls(**{name: getattr(model, name) for name in cls.model_fields})


class VersionView(BaseModel):
    version_id: str
    label: str = Field(description="name@number, as it can be given to any command")
    name: str
    number: str
    run_id: str
    base_name: str
    base_revision: str
    licence: str
    kind: Literal["adapter", "model"] = Field(description="a small part for its base, or a whole model of its own")
    adapter_path: str
    adapter_sha256: str
    dataset_id: str
    number_reason: str = Field(description="what raised the number")
    recipe: Recipe | None
    data_sha256: dict[str, str] = Field(description="of the examples as the run read them")
    environment: dict[str, str] = Field(description="of the programs that made it")
    merging: dict[str, Any] = Field(description="how it was merged from others; empty for what was trained")
    parents: list[Parent]
    tags: list[str]
    notes: str
    summary: dict[str, Any]
    created_at: datetime

    @classmethod
    def of(cls, version: Version) -> "VersionView":
        own = cls.model_fields.keys() - {"adapter_path"}
        return cls(**{name: getattr(version, name) for name in own}, adapter_path=version.adapter_folder)
