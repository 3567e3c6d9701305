"""Makes and delivers notices beside other work: whichever of server and supervisor lives does it for both."""

import logging
import threading
from types import TracebackType
from typing import Self

from filelock import FileLock, Timeout

from luthier.kit.clock import Clock
from luthier.services.folders import Folders
from luthier.services.notice_channels import delivery
from luthier.services.notice_collecting import NoticeCollecting
from luthier.services.notice_delivery import NoticeDelivery
from luthier.services.notification_settings import NotificationSettingsFile
from luthier.settings import Settings
from luthier.store import Store

log = logging.getLogger(__name__)

LOOK_SECONDS = 1.0
_REST_AFTER_FAILURE_SECONDS = 10.0


class Notifying:
    """As a context manager it looks once a second; leaving it looks a last time, so that an end is heard of too."""

    def __init__(self, collecting: NoticeCollecting, delivering: NoticeDelivery, folders: Folders) -> None:
        self._collecting = collecting
        self._delivery = delivering
        self._lock = FileLock(folders.locks / "notifying.lock", timeout=0)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._work, name="notices", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()

    def look(self) -> None:
        """Nothing happens while another process does it; the system frees its lock when that process ends."""
        try:
            with self._lock:
                self._collecting.collect()
                self._delivery.deliver()
        except Timeout:
            return

    def _work(self) -> None:
        rest = 0.0
        while not self._ended.wait(max(rest, LOOK_SECONDS)):
            rest = self._look_whatever_happens()
        self._look_whatever_happens()

    def _look_whatever_happens(self) -> float:
        """The loop's rim: a database that is busy must not silence every later notice."""
        try:
            self.look()
        except Exception:
            log.exception("notices could not be looked after; trying again")
            return _REST_AFTER_FAILURE_SECONDS
        return 0.0


def notifying(store: Store, folders: Folders, settings: Settings, clock: Clock) -> Notifying:
    kept = NotificationSettingsFile(folders)
    collecting = NoticeCollecting(store, folders, kept, clock)
    return Notifying(collecting, delivery(store, folders, settings, clock), folders)
