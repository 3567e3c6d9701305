"""Counts what examples are for plans, in processes of their own; what was found is remembered while it is true.

Neither a million examples nor a strange tokenizer can hold up or hurt whoever asks for a plan.
"""

import threading
import time
from collections import OrderedDict
from hashlib import sha256
from pathlib import Path
from typing import Any

from luthier.domain.background import WorkState
from luthier.domain.counting import Counted, Counting, CountingJob
from luthier.domain.jobs import Progress
from luthier.domain.models import BaseModel
from luthier.domain.recipes import Recipe
from luthier.kit.clock import Clock
from luthier.kit.files import read_json, write_json
from luthier.services.background import Background, OnProgress, RunProcess, Task
from luthier.services.datasets import Datasets
from luthier.services.folders import Folders
from luthier.services.wishes import Wishes
from luthier.services.work_folders import Kept

_AT_ONCE = 2  # more would only take the processor from each other, and from the pages
_LOOKS_EVERY = 0.1  # seconds, whether what another one had begun is done
_REMEMBERED = 32  # a few numbers each; as many drafts as anybody edits at a time


class ExampleCounting:
    """Safe to use from several threads; the second one who asks for the same waits for what the first has begun."""

    def __init__(self, datasets: Datasets, run_process: RunProcess, folders: Folders, clock: Clock) -> None:
        self._datasets = datasets
        self._run_process = run_process
        self._background = Background(folders.counting, "counting", clock, _AT_ONCE)
        self._wishes = Wishes(self._background, wisher="draft_id")
        self._guard = threading.Lock()
        self._known: OrderedDict[str, Counted] = OrderedDict()  # the longest unused first

    def of(self, recipe: Recipe, base: BaseModel, on_progress: OnProgress) -> Counted:
        """Waits for it. Raises what reading the examples raises, and CountingBroke."""
        says = self._says(recipe, base)
        while (known := self._recall(says)) is None:
            first = self._under_way(says)
            if first is None:
                task = self._task_of(recipe, base)
                return Counted.model_validate(self._background.run_here(_wish("", says), task, on_progress))
            on_progress(first.progress or Progress(what="counting the examples", done=0, total=0))
            time.sleep(_LOOKS_EVERY)
        return known

    def begun(self, draft_id: str, recipe: Recipe, base: BaseModel) -> Counting:
        """As far as it is; begun when it was not, and again when its process is gone. What the draft said before is
        given up. Raises what finding the data raises.
        """
        says = self._says(recipe, base)
        known = self._recall(says)
        if known is not None:
            return Counting(state=WorkState.DONE, counted=known)
        return self._seen(self._wishes.fulfil(_wish(draft_id, says), self._task_of(recipe, base)))

    def cancel(self, draft_id: str, recipe: Recipe, base: BaseModel) -> None:
        """What has ended stays as it ended."""
        self._wishes.call_off(_wish(draft_id, self._says(recipe, base)))

    def again(self, draft_id: str, recipe: Recipe, base: BaseModel) -> None:
        """From its beginning, when it failed or was called off."""
        self._wishes.try_again(_wish(draft_id, self._says(recipe, base)), self._task_of(recipe, base))

    def close(self) -> None:
        self._background.close()

    def _says(self, recipe: Recipe, base: BaseModel) -> str:
        """The same for as long as what is counted would be the same."""
        sources = [recipe.data, *([recipe.held_out] if recipe.held_out else [])]
        parts = (
            *(self._datasets.state_of(source) for source in sources),
            *(recipe.shape, sorted(recipe.columns.items()), recipe.skip_bad_rows, recipe.method),
            *(recipe.evaluation.held_out_share, base.folder, base.revision),
        )
        return sha256(repr(parts).encode()).hexdigest()

    def _under_way(self, says: str) -> Kept | None:
        same = (kept for kept in self._background.list() if kept.asked["says"] == says)
        return next((kept for kept in same if kept.outcome.state.is_open), None)

    def _seen(self, kept: Kept) -> Counting:
        outcome = kept.outcome
        counted = Counted.model_validate(outcome.result) if outcome.state is WorkState.DONE else None
        if counted is not None:
            self._remember(str(kept.asked["says"]), counted)
        return Counting(state=outcome.state, progress=kept.progress, counted=counted, problem=outcome.problem)

    def _task_of(self, recipe: Recipe, base: BaseModel) -> Task:
        def task(folder: Path, tell: OnProgress) -> dict[str, Any]:
            how = {"shape": recipe.shape, "columns": recipe.columns}
            job = CountingJob(
                recipe=recipe,
                base_folder=base.folder,
                examples=self._file_of(recipe.data, recipe, tell, **how),
                held_out=self._file_of(recipe.held_out, recipe, tell) if recipe.held_out else None,
            )
            write_json(folder / "job.json", job.model_dump(mode="json"))
            self._run_process(folder, tell)
            found: dict[str, Any] = read_json(folder / "counted.json")
            self._remember(self._says(recipe, base), Counted.model_validate(found))
            return found

        return task

    def _file_of(self, source: str, recipe: Recipe, tell: OnProgress, **how: Any) -> str:
        tell(Progress(what="reading the examples", done=0, total=0))
        dataset = self._datasets.resolve(source, skip_bad_rows=recipe.skip_bad_rows, on_progress=tell, **how)
        return str(self._datasets.file(dataset).path)

    def _recall(self, says: str) -> Counted | None:
        with self._guard:
            known = self._known.get(says)
            if known is not None:
                self._known.move_to_end(says)
            return known

    def _remember(self, says: str, counted: Counted) -> None:
        with self._guard:
            self._known[says] = counted
            while len(self._known) > _REMEMBERED:
                self._known.popitem(last=False)


def _wish(draft_id: str, says: str) -> dict[str, Any]:
    return {"draft_id": draft_id, "says": says}
