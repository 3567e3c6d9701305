"""Brings models into the user's cache, from the first source that has them: one at a time, and never half."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path

from filelock import FileLock, Timeout

from luthier.connectors.cache import FolderCache
from luthier.connectors.hub import Hub
from luthier.connectors.starter import Fetched, Starter, starter_facts
from luthier.domain.errors import DiskFull
from luthier.domain.jobs import Progress
from luthier.domain.models import BaseModelNotFound, StarterUnreachable
from luthier.health.disk import saying_when_full
from luthier.kit.clock import Clock
from luthier.kit.files import free_bytes, sealed_folder
from luthier.kit.http import Http
from luthier.kit.units import show_bytes
from luthier.settings import Settings, hub_token, process_environment

STARTER = "starter"
OnProgress = Callable[[Progress], None]
_HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")


def is_fetchable(reference: str) -> bool:
    return reference == STARTER or _HUB_ID.fullmatch(reference) is not None


def folder_name(reference: str) -> str:
    return reference.replace("/", "--")


class ModelSources:
    def __init__(self, settings: Settings, clock: Clock) -> None:
        self._offline = settings.offline
        self._endpoint = settings.hub_endpoint
        self._token = hub_token(settings)
        self._downloads = settings.hub_cache.expanduser()
        self._cache = FolderCache(self._downloads / "models")
        self._clock = clock

    def bring(self, reference: str, *, again: bool, on_progress: OnProgress | None = None) -> Fetched:
        """A sealed folder of the cache with the model in it; `again` ignores what is there already.

        Raises StarterUnreachable, ModelUnreachable, BaseModelNotFound, HubAccessRefused, DiskFull.
        """
        self._downloads.mkdir(parents=True, exist_ok=True)
        # One at a time for all workspaces of the user: they share the cache, and two downloads at once help nobody.
        with _one_at_a_time(self._downloads / "fetching.lock", on_progress), saying_when_full(self._downloads):
            if reference == STARTER:
                return self._bring_starter(again, on_progress)
            return self._bring_from_hub(reference, again, on_progress)

    def _bring_starter(self, again: bool, on_progress: OnProgress | None) -> Fetched:
        starter = Starter(starter_facts(), self._hub, self._cache, process_environment())
        kept = None if again else starter.find()
        if kept is not None:
            return kept
        if self._offline:
            raise StarterUnreachable(reason="Luthier was told to stay offline, and it is not on this machine yet")
        return starter.fetch(on_progress)

    def _bring_from_hub(self, reference: str, again: bool, on_progress: OnProgress | None) -> Fetched:
        if self._offline:
            raise BaseModelNotFound(name=reference)
        model = self._hub.look_up(reference)
        key = f"{folder_name(reference)}-{model.revision[:12]}"
        if again:
            self._cache.forget(key)
        folder = self._cache.find(key)
        if folder is None:
            self._refuse_when_short_of_disk(model.total_bytes)
            folder = self._cache.place(key)
            with sealed_folder(folder, {"key": key}) as staging:
                self._hub.fetch(model, staging, on_progress)
            self._hub.forget_parts(model)
        return Fetched(folder=folder, source=f"hub: {reference} at {model.revision}", licence=model.licence)

    @cached_property
    def _hub(self) -> Hub:
        # Late, because making an HTTP client takes a tenth of a second, and most commands need no network.
        return Hub(Http(self._clock, token=self._token), self._endpoint, self._downloads / "parts", self._token)

    def _refuse_when_short_of_disk(self, needed: int) -> None:
        free = free_bytes(self._downloads)
        if free < needed:
            raise DiskFull(path=self._downloads, needed=show_bytes(needed), free=show_bytes(free))


@contextmanager
def _one_at_a_time(path: Path, on_progress: OnProgress | None) -> Iterator[None]:
    lock = FileLock(path)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        if on_progress is not None:
            on_progress(Progress(what="waiting until another program has fetched its model", done=0, total=0))
        lock.acquire()
    try:
        yield
    finally:
        lock.release()
