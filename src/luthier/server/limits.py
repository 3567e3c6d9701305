"""How much one visitor may send, how slowly, and how often."""

import asyncio
from collections import OrderedDict
from dataclasses import dataclass

from starlette.types import Message, Receive

from luthier.domain.requests import BodyTooLarge, BodyTooSlow, TooManyRequests
from luthier.kit.clock import Clock
from luthier.kit.units import show_bytes

SILENCE_SECONDS = 30.0  # without a byte of a body for so long, it will not come
_MOST_VISITORS = 10_000  # whose buckets are remembered; the longest unseen is forgotten first


@dataclass(frozen=True)
class Limits:
    """Of one class of addresses. The bucket holds `burst` requests and refills at `per_minute`."""

    name: str
    body_bytes: int
    per_minute: float
    burst: float


MEGABYTE = 1_000_000
SIGN_IN = Limits("sign-in", body_bytes=4_096, per_minute=10, burst=10)
READ = Limits("read", body_bytes=0, per_minute=3_000, burst=600)
WRITE = Limits("write", body_bytes=1 * MEGABYTE, per_minute=240, burst=60)
INFERENCE = Limits("inference", body_bytes=10 * MEGABYTE, per_minute=1_200, burst=240)
UPLOAD = Limits("upload", body_bytes=2_000 * MEGABYTE, per_minute=60, burst=30)


def limits_of(method: str, path: str) -> Limits:
    if method in ("GET", "HEAD"):
        return READ
    if path == "/api/v1/sessions":
        return SIGN_IN
    if path.startswith("/v1/"):
        return INFERENCE
    return UPLOAD if path.endswith("/upload") else WRITE


class Rates:
    """Token buckets per visitor and class of addresses."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._buckets: OrderedDict[tuple[str, str], tuple[float, float]] = OrderedDict()

    def take(self, visitor: str, limits: Limits) -> None:
        """Raises TooManyRequests when the visitor's bucket is empty."""
        now = self._clock.monotonic()
        key = (visitor, limits.name)
        left, seen_at = self._buckets.pop(key, (limits.burst, now))
        left = min(limits.burst, left + (now - seen_at) * limits.per_minute / 60)
        self._buckets[key] = (left - 1 if left >= 1 else left, now)
        if len(self._buckets) > _MOST_VISITORS:
            self._buckets.popitem(last=False)
        if left < 1:
            raise TooManyRequests(seconds=max(1, round((1 - left) * 60 / limits.per_minute)))


def metered(receive: Receive, limits: Limits, silence_seconds: float = SILENCE_SECONDS) -> Receive:
    """Reads a body that is no larger and no slower than allowed. Raises BodyTooLarge or BodyTooSlow from `receive`."""
    seen = 0
    complete = False

    async def receive_metered() -> Message:
        nonlocal seen, complete
        if complete:
            return await receive()
        try:
            message = await asyncio.wait_for(receive(), silence_seconds)
        except TimeoutError:
            raise BodyTooSlow(seconds=round(silence_seconds)) from None
        if message["type"] == "http.request":
            seen += len(message.get("body", b""))
            complete = not message.get("more_body", False)
            if seen > limits.body_bytes:
                raise BodyTooLarge(limit=show_bytes(limits.body_bytes))
        return message

    return receive_metered
