"""Drafts of runs: one JSON file each, so that they survive a closed page, a stopped server and a lost database."""

import threading
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path, PurePosixPath
from typing import Any

from luthier.domain.drafts import Draft, DraftIncomplete, DraftNotFound, Step
from luthier.domain.recipes import Recipe
from luthier.domain.runs import Run
from luthier.kit.clock import Clock
from luthier.kit.files import read_json, write_json
from luthier.kit.ids import new_id
from luthier.services.folders import Folders
from luthier.services.recipes import make_recipe, parts_of
from luthier.services.runs import Runs

KEPT_AFTER_START = timedelta(days=1)  # so that a second click on the button, or an old tab, still finds the run


class Drafts:
    """Safe to use from several threads of one process; a file is there whole or as it was."""

    def __init__(self, runs: Runs, folders: Folders, clock: Clock) -> None:
        self._runs = runs
        self._root = folders.drafts
        self._clock = clock
        self._lock = threading.Lock()
        self._starting = threading.Lock()

    def begin(self, values: Mapping[str, Any] | None = None, *, origin: str = "", step: Step = "use-case") -> Draft:
        """A link that is followed twice leads to the same draft for as long as nothing was changed in it."""
        wanted = dict(values or {})
        with self._lock:
            self._tidy()
            for left in self._all():
                if left.is_untouched and left.run_id is None and (left.values, left.origin) == (wanted, origin):
                    return left
            now = self._clock.now()
            draft_id = new_id("draft")
            draft = Draft(draft_id=draft_id, values=wanted, step=step, origin=origin, begun_at=now, changed_at=now)
            return self._write(draft)

    def begin_like(self, recipe: Recipe, origin: str) -> Draft:
        """Holds everything that the recipe says; `origin` names it in words."""
        return self.begin(parts_of(recipe), origin=origin, step="review")

    def get(self, draft_id: str) -> Draft:
        """Raises DraftNotFound."""
        path = self._path(draft_id)
        if not draft_id.startswith("draft_") or not path.is_file():
            raise DraftNotFound(draft=draft_id)
        return Draft.model_validate(read_json(path))

    def list(self) -> "list[Draft]":
        """Those that were not started, the last changed first."""
        left = [draft for draft in self._all() if draft.run_id is None]
        return sorted(left, key=lambda draft: draft.changed_at, reverse=True)

    def change(self, draft_id: str, changes: Mapping[str, Any], step: Step | None = None) -> Draft:
        """Takes values over as they are, also wrong ones; None and empty text leave a value to the planner."""
        with self._lock:
            draft = self.get(draft_id)
            values = {**draft.values, **changes}
            values = {name: value for name, value in values.items() if value not in (None, "", [], {})}
            step = step or draft.step
            if (values, step) == (draft.values, draft.step):
                return draft
            return self._write(
                draft.model_copy(update={"values": values, "step": step, "changed_at": self._clock.now()})
            )

    def recipe(self, draft: Draft) -> Recipe:
        """Raises DraftIncomplete, and RecipeInvalid, which names the setting."""
        if not draft.values.get("data"):
            raise DraftIncomplete
        return make_recipe(draft.values)

    def start(self, draft_id: str) -> Run:
        """Submits the run. A draft that was started already leads to its run. Raises what submitting raises."""
        with self._starting:  # a second click waits, and then finds the run of the first
            draft = self.get(draft_id)
            if draft.run_id is not None:
                return self._runs.get(draft.run_id)
            run = self._runs.submit(self.recipe(draft))
            with self._lock:
                self._write(draft.model_copy(update={"run_id": run.run_id}))
            return run

    def start_sweep(self, draft_id: str, values: Mapping[str, Sequence[Any]]) -> Draft:
        """Submits a run for every combination. A draft that was started already stays what it became.

        Raises what submitting raises; nothing is queued then.
        """
        with self._starting:
            draft = self.get(draft_id)
            if draft.run_id is not None:
                return draft
            first = self._runs.sweep(self.recipe(draft), values)[0]
            assert first.sweep is not None
            with self._lock:
                started = {"run_id": first.run_id, "sweep_id": first.sweep.sweep_id}
                return self._write(draft.model_copy(update=started))

    def delete(self, draft_id: str) -> None:
        self._path(self.get(draft_id).draft_id).unlink(missing_ok=True)

    def _all(self) -> Sequence[Draft]:
        return [Draft.model_validate(read_json(path)) for path in self._root.glob("draft_*.json")]

    def _write(self, draft: Draft) -> Draft:
        self._root.mkdir(parents=True, exist_ok=True)
        write_json(self._path(draft.draft_id), draft.model_dump(mode="json"))
        return draft

    def _path(self, draft_id: str) -> Path:
        return self._root / f"{PurePosixPath(draft_id).name}.json"

    def _tidy(self) -> None:
        oldest = self._clock.now() - KEPT_AFTER_START
        for draft in self._all():
            if draft.run_id is not None and draft.changed_at < oldest:
                self._path(draft.draft_id).unlink(missing_ok=True)
