"""How connectors say how far they are."""

from collections.abc import Callable

from luthier.domain.jobs import Progress
from luthier.kit.http import OnBytes

OnProgress = Callable[[Progress], None]


def report_bytes(what: str, on_progress: OnProgress | None, before: int, total: int) -> OnBytes | None:
    """Progress within one of several files; `before` are the bytes of those that are done.

    With a total of 0 that of the answer is used, where it is known.
    """
    if on_progress is None:
        return None

    def say(done: int, announced: int) -> None:
        whole = total or announced
        on_progress(Progress(what=what, done=before + done, total=whole if done <= whole else 0, unit="bytes"))

    return say
