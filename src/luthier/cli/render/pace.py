"""How fast something goes and how long it will still take, by what was heard of it lately."""

from collections import deque

from luthier.domain.jobs import Progress
from luthier.kit.units import show_bytes

_WINDOW_SECONDS = 15.0
_SURE_AFTER_SECONDS = 1.5  # before that a rate would jump about
_SPREAD = 0.2  # of the time that is left, to each side; disks and networks are not steadier


class Pace:
    """Of bytes whose sum is known. Begins anew when something else is done, or the same from its beginning."""

    def __init__(self) -> None:
        self._what = ""
        self._heard: deque[tuple[float, int]] = deque()  # seconds, bytes

    def notes(self, progress: Progress, now: float) -> tuple[str, ...]:
        """Time left and rate, in words; nothing while they are not known."""
        if progress.what != self._what or (self._heard and progress.done < self._heard[-1][1]):
            self._what = progress.what
            self._heard.clear()
        self._heard.append((now, progress.done))
        while now - self._heard[0][0] > _WINDOW_SECONDS and len(self._heard) > 2:
            self._heard.popleft()
        began, first = self._heard[0]
        if progress.unit != "bytes" or now - began < _SURE_AFTER_SECONDS or progress.done <= first:
            return ()
        rate = (progress.done - first) / (now - began)
        shown = f"{show_bytes(rate)}/s"
        if not progress.total:
            return (shown,)
        left = (progress.total - progress.done) / rate
        return (f"{time_left((1 - _SPREAD) * left, (1 + _SPREAD) * left)} left", shown)


def time_left(low: float, high: float) -> str:
    """A range in one unit, e.g. `62 to 95 s`; one value where both ends read the same."""
    size, unit = (1, "s") if high < 120 else (60, "min") if high < 7200 else (3600, "h")
    ends = [f"{seconds / size:.{int(size == 3600)}f}" for seconds in (max(1.0, low), max(1.0, high))]
    return f"{' to '.join(dict.fromkeys(ends))} {unit}"
