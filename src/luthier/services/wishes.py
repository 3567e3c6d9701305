"""Work that pages ask for again and again: the same wish finds what was begun, a changed one calls the old one off."""

import threading
from typing import Any

from luthier.domain.background import WorkState
from luthier.services.background import Background, Task
from luthier.services.work_folders import Kept


class Wishes:
    """Safe to use from several threads."""

    def __init__(self, background: Background, wisher: str) -> None:
        """`wisher` names the part of what is asked that says who wishes; work of nobody ("") serves everybody."""
        self._background = background
        self._wisher = wisher
        self._beginning = threading.Lock()

    def fulfil(self, asked: dict[str, Any], task: Task) -> Kept:
        """As far as it is; begun when it was not, and again when its process is gone."""
        with self._beginning:
            kept = self.found(asked)
            if kept is None:
                return self._background.get(self._background.begin(asked, task))
            if kept.outcome.state is WorkState.UNFINISHED:
                self._background.begin_again(kept.work_id, task)
                return self._background.get(kept.work_id)
            return kept

    def found(self, asked: dict[str, Any]) -> Kept | None:
        """The newest work on the same. What else its wisher has under way is called off."""
        found = None
        for kept in self._background.list():
            if found is None and self._is_same(kept.asked, asked):
                found = kept
            elif kept.asked[self._wisher] == asked[self._wisher] and kept.outcome.state.is_open:
                self._background.cancel(kept.work_id)
        return found

    def try_again(self, asked: dict[str, Any], task: Task) -> None:
        """From its beginning, when it failed or was called off."""
        kept = self.found(asked)
        if kept is not None and kept.outcome.state in (WorkState.FAILED, WorkState.CANCELLED):
            self._background.begin_again(kept.work_id, task)

    def call_off(self, asked: dict[str, Any]) -> None:
        """What has ended stays as it ended."""
        kept = self.found(asked)
        if kept is not None:
            self._background.cancel(kept.work_id)

    def _is_same(self, asked: dict[str, Any], wanted: dict[str, Any]) -> bool:
        return asked in (wanted, {**wanted, self._wisher: ""})
