"""Brings models into the user's cache, from the first source that has them: one at a time, and never half."""

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property, partial
from pathlib import Path

from filelock import FileLock, Timeout

from luthier.connectors.cache import FolderCache
from luthier.connectors.hub import Hub, HubModel
from luthier.connectors.hub_search import search_models
from luthier.connectors.starter import Fetched, Starter, starter_facts, starter_keys
from luthier.domain.errors import DiskFull, LuthierError
from luthier.domain.jobs import Progress
from luthier.domain.model_cards import HubCard, HubUnreachable
from luthier.domain.model_use import ModelsBeingFetched
from luthier.domain.models import BaseModelNotFound, StarterUnreachable
from luthier.health.disk import saying_when_full
from luthier.kit.clock import Clock
from luthier.kit.files import free_bytes, sealed_folder
from luthier.kit.http import Http
from luthier.kit.units import show_bytes
from luthier.settings import Settings, hub_token, process_environment

STARTER = "starter"
_BELIEVED_SECONDS = 60.0
OnProgress = Callable[[Progress], None]
_HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")


def is_fetchable(reference: str) -> bool:
    return reference == STARTER or _HUB_ID.fullmatch(reference) is not None


def folder_name(reference: str) -> str:
    """That of a GGUF file is another name than its own, because the file may lie beside it."""
    if reference.endswith(".gguf"):
        return f"{reference.removesuffix('.gguf')}--from-gguf"
    return reference.replace("/", "--")


class Outline(Fetched):
    """All of a model but its weights."""

    revision: str
    weight_bytes: int  # that are still to be fetched


class ModelSources:
    def __init__(self, settings: Settings, clock: Clock) -> None:
        self._offline = settings.offline
        self._endpoint = settings.hub_endpoint
        self._token = hub_token(settings)
        self._downloads = settings.hub_cache.expanduser()
        self._lock_file = self._downloads / "fetching.lock"
        self._cache = FolderCache(self._downloads / "models")
        self._clock = clock
        self._outlines: dict[str, Outline] = {}
        self._refused: dict[str, tuple[float, LuthierError]] = {}

    @contextmanager
    def bringing(self, reference: str, *, again: bool, on_progress: OnProgress | None = None) -> Iterator[Fetched]:
        """Yields a sealed folder of the cache with the model in it, which stays there until the context is left;
        `again` ignores what is there already.

        Raises StarterUnreachable, ModelUnreachable, BaseModelNotFound, HubAccessRefused, DiskFull.
        """
        with self.alone(on_progress):
            with saying_when_full(self._downloads):
                bring = self._bring_starter if reference == STARTER else partial(self._bring_from_hub, reference)
                fetched = bring(again, on_progress)
            yield fetched

    @contextmanager
    def alone(self, on_progress: OnProgress | None = None) -> Iterator[None]:
        """One at a time for all workspaces of the user: they share the cache, and two downloads at once help nobody."""
        self._downloads.mkdir(parents=True, exist_ok=True)
        with _one_at_a_time(self._lock_file, on_progress):
            yield

    def copies(self, reference: str) -> Sequence[Path]:
        """What is in the cache of it, at whatever revision."""
        pattern = re.compile(rf"{re.escape(folder_name(reference))}-[0-9a-f]{{12}}")
        own = starter_keys(starter_facts()) if reference == STARTER else ()
        return [self._cache.place(key) for key in self._cache.names() if key in own or pattern.fullmatch(key)]

    @contextmanager
    def while_nobody_fetches(self, reference: str) -> Iterator[None]:
        """Within, the cache belongs to the caller. Raises ModelsBeingFetched instead of waiting."""
        self._downloads.mkdir(parents=True, exist_ok=True)
        try:
            with FileLock(self._lock_file, timeout=0):
                yield
        except Timeout:
            raise ModelsBeingFetched(name=reference) from None

    def outline(self, reference: str, on_progress: OnProgress | None = None) -> Outline:
        """What is known of a hub id without its weights. It is asked for once; a refusal is believed for a minute.

        Raises as `bring` does.
        """
        if self._offline:
            raise BaseModelNotFound(name=reference)
        known = self._outlines.get(reference)
        if known is not None and known.folder.exists():
            return known
        refused_at, refusal = self._refused.get(reference, (0.0, None))
        if refusal is not None and self._clock.monotonic() - refused_at < _BELIEVED_SECONDS:
            raise refusal
        try:
            found = self._outlines[reference] = self._outline(self._hub.look_up(reference), on_progress)
        except LuthierError as error:
            self._refused[reference] = (self._clock.monotonic(), error)
            raise
        return found

    def search_hub(self, text: str) -> tuple[HubCard, ...]:
        """Asks now. Raises HubUnreachable, also when Luthier was told to stay offline."""
        if self._offline:
            raise HubUnreachable(reason="Luthier was told to stay offline")
        return search_models(self._http, self._endpoint, text, self._clock.now())

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

    def _outline(self, model: HubModel, on_progress: OnProgress | None) -> Outline:
        cache = FolderCache(self._downloads / "outlines")
        key = f"{folder_name(model.repository)}-{model.revision[:12]}"
        with saying_when_full(self._downloads):
            folder = cache.find(key)
            if folder is None:
                folder = cache.place(key)
                with sealed_folder(folder, {"key": key}) as staging:
                    self._hub.outline(model, staging, on_progress)
        return Outline(
            folder=folder,
            source=f"hub: {model.repository} at {model.revision}",
            licence=model.licence,
            revision=model.revision,
            weight_bytes=sum(file.bytes for file in model.weights),
        )

    @cached_property
    def _http(self) -> Http:
        # Late, because making an HTTP client takes a tenth of a second, and most commands need no network.
        return Http(self._clock, token=self._token)

    @cached_property
    def _hub(self) -> Hub:
        return Hub(self._http, self._endpoint, self._downloads / "parts", self._token)

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
