"""The preflight proof before anything is started: real rows as the model will see them, and every check of the texts.

It is made once for a draft and what its recipe and data say, in a process of its own: what a strange tokenizer or
template does there cannot hurt whoever asks. What only the loaded model can answer is asked by the worker before the
first step.
"""

from hashlib import sha256
from pathlib import Path
from typing import Any

from luthier.data.canonical import write_examples
from luthier.data.method_needs import learnt_by
from luthier.domain.jobs import Progress
from luthier.domain.preflight import PreflightReport
from luthier.domain.previews import Preview, PreviewJob
from luthier.domain.recipes import Recipe
from luthier.kit.clock import Clock
from luthier.kit.files import read_json, write_json
from luthier.services.background import Background, OnProgress, RunProcess, Task
from luthier.services.datasets import Datasets
from luthier.services.folders import Folders
from luthier.services.live_plans import LivePlans
from luthier.services.models import Models
from luthier.services.wishes import Wishes
from luthier.services.work_folders import Kept

LOOKED_AT = 500  # examples: a second of work; the worker looks at all of them
AT_ONCE = 2  # more would only take the processor from each other, and from the pages


class Previews:
    """Safe to use from several threads."""

    def __init__(
        self,
        datasets: Datasets,
        models: Models,
        plans: LivePlans,
        run_process: RunProcess,
        folders: Folders,
        clock: Clock,
    ) -> None:
        self._datasets = datasets
        self._models = models
        self._plans = plans
        self._run_process = run_process
        self._background = Background(folders.previews, "preview", clock, AT_ONCE)
        self._wishes = Wishes(self._background, wisher="draft_id")

    def of(self, draft_id: str, recipe: Recipe) -> Preview:
        """As far as it is; begun when it was not, and again when its process is gone. What the draft said before is
        given up. Raises what finding the data and the base raises.
        """
        return _preview_of(self._wishes.fulfil(self._asked(draft_id, recipe), self._task_of(recipe)))

    def cancel(self, draft_id: str, recipe: Recipe) -> None:
        """One that has ended stays as it ended."""
        self._wishes.call_off(self._asked(draft_id, recipe))

    def again(self, draft_id: str, recipe: Recipe) -> None:
        """From its beginning, when it failed or was called off."""
        self._wishes.try_again(self._asked(draft_id, recipe), self._task_of(recipe))

    def close(self) -> None:
        self._background.close()

    def _asked(self, draft_id: str, recipe: Recipe) -> dict[str, Any]:
        """The same for as long as the proof would be the same."""
        base = self._models.get(recipe.base)
        says = (
            recipe.model_dump_json(exclude={"name"}),
            self._datasets.state_of(recipe.data),
            base.folder,
            base.revision,
        )
        return {"draft_id": draft_id, "says": sha256("\n".join(says).encode()).hexdigest()}

    def _task_of(self, recipe: Recipe) -> Task:
        def task(folder: Path, tell: OnProgress) -> dict[str, Any]:
            self._lay_out(folder, recipe, tell)
            self._run_process(folder, tell)
            return {"report": read_json(folder / "report.json")}

        return task

    def _lay_out(self, folder: Path, recipe: Recipe, tell: OnProgress) -> None:
        """The first examples, with the settings of the plan. Raises what reading and planning raise."""
        tell(Progress(what="planning", done=0, total=0))
        settings = self._plans.wait(recipe, tell).settings
        tell(Progress(what="reading the examples", done=0, total=0))
        dataset = self._datasets.resolve(
            recipe.data, shape=recipe.shape, columns=recipe.columns, skip_bad_rows=recipe.skip_bad_rows
        )
        examples = learnt_by(recipe.method, recipe.data, list(self._datasets.examples(dataset)))[:LOOKED_AT]
        write_examples(folder / "examples.jsonl", examples)
        job = PreviewJob(
            base_folder=self._models.get(recipe.base).folder,
            dataset=dataset.label,
            mapping=dataset.report.mapping,
            settings=settings,
            method=recipe.method,
        )
        write_json(folder / "job.json", job.model_dump(mode="json"))


def _preview_of(kept: Kept) -> Preview:
    report = kept.outcome.result.get("report")
    return Preview(
        preview_id=kept.work_id,
        state=kept.outcome.state,
        progress=kept.progress,
        report=PreflightReport.model_validate(report) if report else None,
        problem=kept.outcome.problem,
    )
