"""Says something now and then while items pass, so that fast work is not slowed down by telling of it."""

from collections.abc import Callable, Iterable, Iterator
from time import monotonic
from typing import TypeVar

SAY_SECONDS = 0.2
Item = TypeVar("Item")


def now_and_then(items: Iterable[Item], say: Callable[[], None], seconds: float = SAY_SECONDS) -> Iterator[Item]:
    """The same items. `say` is called between two of them, at most once in `seconds`; it may raise to end the work."""
    said_at = monotonic()
    for item in items:
        if (now := monotonic()) - said_at >= seconds:
            say()
            said_at = now
        yield item
