"""Newer versions of Luthier: asked for when somebody wants to know, and by itself only where that is switched on."""

import platform
from collections.abc import Callable
from datetime import timedelta
from importlib.metadata import version

from luthier.connectors.package_index import newest_release
from luthier.domain.updates import PACKAGE, Release, UpdateNews, UpdatesUnknown
from luthier.kit.clock import Clock
from luthier.kit.files import read_json, write_json
from luthier.kit.http import Http
from luthier.services.folders import Folders
from luthier.settings import Settings

EVERY = timedelta(days=1)


class Updates:
    def __init__(self, settings: Settings, current: Callable[[], Settings], folders: Folders, clock: Clock) -> None:
        """`current` is what the settings say now; whether there is a network is settled at the start."""
        self._running = version(PACKAGE)
        self._index = settings.package_index
        self._offline = settings.offline
        self._current = current
        self._kept_file = folders.updates
        self._clock = clock

    def known(self) -> UpdateNews:
        """What was found when it was asked last; another version that runs since then has outlived it."""
        kept = self._kept()
        if kept is None or kept.running != self._running:
            kept = UpdateNews(running=self._running)
        return kept.model_copy(update={"automatic": self._current().look_for_updates})

    def look(self) -> UpdateNews:
        """Asks now, and keeps what was said. Raises UpdatesUnknown, also when Luthier was told to stay offline."""
        try:
            newer = self._newest()
        except UpdatesUnknown as error:
            self._keep(self.known().model_copy(update={"problem": error.problem.sentence}))
            raise
        self._keep(UpdateNews(running=self._running, newer=newer))
        return self.known()

    def look_if_wanted(self) -> None:
        """Once a day where that is switched on; what went wrong stands in `known`, and is tried a day later."""
        asked_at = self.known().asked_at
        is_due = asked_at is None or self._clock.now() - asked_at >= EVERY
        if self._current().look_for_updates and not self._offline and is_due:
            try:
                self.look()
            except UpdatesUnknown:
                return

    def _newest(self) -> Release | None:
        if self._offline:
            raise UpdatesUnknown(reason="Luthier was told to stay offline")
        http = Http(self._clock)
        try:
            return newest_release(http, self._index, PACKAGE, running=self._running, python=platform.python_version())
        finally:
            http.close()

    def _kept(self) -> UpdateNews | None:
        """A file that cannot be read is as good as none: it can be asked again."""
        try:
            return UpdateNews.model_validate(read_json(self._kept_file))
        except (OSError, ValueError):
            return None

    def _keep(self, news: UpdateNews) -> None:
        kept = news.model_copy(update={"asked_at": self._clock.now()})
        write_json(self._kept_file, kept.model_dump(mode="json"))
