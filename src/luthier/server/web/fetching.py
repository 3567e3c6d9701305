"""Base models that are being fetched for somebody at a page: how far each is, and the way to call it off."""

import threading
from dataclasses import dataclass, replace

from fastapi import Request

from luthier.domain.errors import LuthierError, Problem, UnexpectedFailure
from luthier.domain.jobs import Progress
from luthier.server.web.frame import workspace_of
from luthier.services.models import Models


@dataclass(frozen=True, slots=True)
class Fetch:
    """`problem` is set when it failed. One that ended well is forgotten: the list of models then has the model."""

    progress: Progress
    problem: Problem | None = None


class _CalledOff(Exception):
    """Raised inside the fetching thread, from its progress report, to end it."""


class Fetches:
    def __init__(self, models: Models) -> None:
        self._models = models
        self._lock = threading.Lock()
        self._fetches: dict[str, Fetch] = {}
        self._called_off: set[str] = set()

    def get(self, base: str) -> Fetch | None:
        with self._lock:
            return self._fetches.get(base)

    def begin(self, base: str) -> None:
        """Harmless when it is already on the way."""
        with self._lock:
            current = self._fetches.get(base)
            if current is not None and current.problem is None:
                return
            self._called_off.discard(base)
            self._fetches[base] = Fetch(Progress(what="finding the model", done=0, total=0))
        threading.Thread(target=self._fetch, args=(base,), name=f"fetch {base}", daemon=True).start()

    def cancel(self, base: str) -> None:
        with self._lock:
            self._called_off.add(base)
            self._fetches.pop(base, None)

    def _fetch(self, base: str) -> None:
        def report(progress: Progress) -> None:
            with self._lock:
                if base in self._called_off:
                    raise _CalledOff
                self._fetches[base] = Fetch(progress)

        problem: Problem | None = UnexpectedFailure(what=f"{base} was not fetched").problem
        try:
            self._models.pull(base, on_progress=report)
            problem = None
        except _CalledOff:
            return
        except LuthierError as error:
            problem = error.problem
        finally:
            self._end(base, problem)

    def _end(self, base: str, problem: Problem | None) -> None:
        with self._lock:
            if base in self._called_off or problem is None:
                self._fetches.pop(base, None)
            else:
                self._fetches[base] = replace(self._fetches[base], problem=problem)


def fetches_of(request: Request) -> Fetches:
    """One for all pages of an app."""
    state = request.app.state
    if not hasattr(state, "fetches"):
        state.fetches = Fetches(workspace_of(request).models)
    fetches = state.fetches
    assert isinstance(fetches, Fetches)
    return fetches
