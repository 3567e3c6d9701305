"""How an answer leaves under `/v1`: as events or as one document, and with a true status while nothing was sent."""

from collections.abc import AsyncGenerator
from contextlib import aclosing

from pydantic import BaseModel
from starlette.types import Send

from luthier.domain.errors import LuthierError, UnexpectedFailure
from luthier.domain.sessions import Session
from luthier.kit.ids import new_id
from luthier.server.log import LOG
from luthier.server.refusals import refusal_of
from luthier.server.streaming import EVENT_STREAM, EventStream, Streams

DONE = b"data: [DONE]\n\n"
_JSON = "application/json"


class Answer(EventStream):
    """What fails before the first frame is a refusal with its status; afterwards it is the last event.

    It ends like every stream: when the client leaves, when its key is revoked, and when the server ends.
    """

    media_type = _JSON

    def __init__(
        self, streams: Streams, session: Session, frames: AsyncGenerator[bytes, None], *, is_stream: bool
    ) -> None:
        super().__init__(streams, session, self._guarded(frames))
        if is_stream:
            self.headers["content-type"] = f"{EVENT_STREAM}; charset=utf-8"
        self._has_something = False

    async def _guarded(self, frames: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes, None]:
        try:
            async with aclosing(frames):
                async for frame in frames:
                    self._has_something = True
                    yield frame
        except LuthierError as error:
            yield self._refusal(error)
        except Exception:  # noqa: BLE001 - a rim: the client must be told that nothing more will come
            incident = new_id("incident")
            LOG.exception("%s: an answer failed", incident)
            yield self._refusal(UnexpectedFailure(what=f"{incident} in logs/server.log"))

    def _refusal(self, error: LuthierError) -> bytes:
        status, document = refusal_of(error)
        self._has_something = True
        if self._begun:
            return event_of(document)
        self.status_code = status
        self.headers["content-type"] = _JSON
        return document.model_dump_json().encode()

    async def _begin(self, send: Send) -> None:
        """An answer that was ended before there was anything of it must not look like an empty one."""
        if not self._has_something:
            self.status_code = 503
        await super()._begin(send)


def event_of(document: BaseModel) -> bytes:
    return b"data: %s\n\n" % document.model_dump_json(exclude_unset=True).encode()
