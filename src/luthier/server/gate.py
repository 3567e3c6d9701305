"""The request gate: nothing reaches a route unless its address, origin, form, rate and sign-in are all in order."""

import re
from collections.abc import Awaitable, Callable

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import MutableHeaders
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from luthier.domain.errors import LuthierError, UnexpectedFailure
from luthier.domain.keys import KeyOpensModelsOnly
from luthier.domain.requests import BodyTooLarge, ContentTypeNotAccepted, HostNotServed, OriginNotAllowed
from luthier.domain.sessions import NotSignedIn, Session
from luthier.health.disk import disk_full
from luthier.kit.clock import Clock
from luthier.kit.ids import new_id
from luthier.kit.json_logs import REQUEST_ID
from luthier.kit.units import show_bytes
from luthier.server.addresses import Addresses
from luthier.server.auth import MODELS_FOR_PROGRAMS, bearer_key, is_open, resolve
from luthier.server.headers import secure
from luthier.server.limits import UPLOAD, Limits, Rates, limits_of, metered
from luthier.server.log import LOG
from luthier.services.sessions import Sessions

MARK = "x-luthier"  # a header that no other site can make a browser send without asking first; its value is "1"
REQUEST_ID_HEADER = "x-request-id"
_REQUEST_ID = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_FORMS = frozenset({"application/x-www-form-urlencoded", "multipart/form-data"})

Answer = Callable[[Request, LuthierError], Response]


class Gate:
    """The outermost layer. `answer` words a refusal for who asked; whatever fails inside ends here too."""

    def __init__(
        self, app: ASGIApp, addresses: Addresses, sessions: Sessions, cookie: str, clock: Clock, answer: Answer
    ) -> None:
        self._app = app
        self._addresses = addresses
        self._sessions = sessions
        self._cookie = cookie
        self._rates = Rates(clock)
        self._answer = answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
        elif scope["type"] == "http":
            request = Request(scope, receive)
            request_id = _id_of(request)
            REQUEST_ID.set(request_id)
            await self._serve(request, _Secured(send, request_id))
        else:
            await send({"type": "websocket.close", "code": 1008})

    async def _serve(self, request: Request, send: "_Secured") -> None:
        try:
            limits = await self._admit(request)
            await self._app(request.scope, metered(request.receive, limits), send)
        except LuthierError as error:
            await self._refuse(request, error, send)
        except ClientDisconnect:
            return  # nobody is left to be answered, and nothing has failed
        except Exception as error:
            if not send.started and (full := disk_full(error)):
                await self._refuse(request, full, send)
                return
            incident = new_id("incident")
            LOG.exception("%s: %s %r failed", incident, request.method, request.url.path)
            if send.started:
                raise
            await self._refuse(request, UnexpectedFailure(what=f"{incident} in logs/server.log"), send)

    async def _refuse(self, request: Request, error: LuthierError, send: "_Secured") -> None:
        if not send.started:
            await self._answer(request, error)(request.scope, request.receive, send)

    async def _admit(self, request: Request) -> Limits:
        """The checks in their order, cheapest first. Raises the error that says what is wrong."""
        self._check_host(request)
        self._check_program(request)
        self._check_origin(request)
        limits = limits_of(request.method, request.url.path)
        self._rates.take(request.client.host if request.client else "", limits)
        if request.method not in _SAFE_METHODS:
            _check_form(request, limits, self._is_key_only(request))
        if not is_open(request.method, request.url.path):
            session = await run_in_threadpool(resolve, request, self._sessions, self._cookie)
            _check_scope(request, session)
            request.state.session = session
        return limits

    def _check_host(self, request: Request) -> None:
        hosts = request.headers.getlist("host")
        if len(hosts) != 1 or hosts[0].lower() not in self._addresses.hosts:
            raise HostNotServed(host=", ".join(hosts) or "(none)", url=self._addresses.url)

    def _check_program(self, request: Request) -> None:
        """Programs that ask models are told of a missing key first: it is what OpenAI's clients know how to name."""
        is_bare = bearer_key(request) is None and self._cookie not in request.cookies
        if is_bare and request.url.path.startswith(MODELS_FOR_PROGRAMS):
            raise NotSignedIn

    def _check_origin(self, request: Request) -> None:
        origins = request.headers.getlist("origin")
        own = f"http://{request.headers['host'].lower()}"
        if origins and origins != [own]:
            raise OriginNotAllowed(origin=", ".join(origins), url=self._addresses.url)
        site = request.headers.get("sec-fetch-site", "none")
        if site not in ("same-origin", "none") and not _follows_sign_in_link(request):
            raise OriginNotAllowed(origin=site, url=self._addresses.url)
        if not origins and request.method not in _SAFE_METHODS and not self._is_key_only(request):
            raise OriginNotAllowed(origin="it does not say which", url=self._addresses.url)

    def _is_key_only(self, request: Request) -> bool:
        """A program with a key: no browser sends that by itself, so no other site can have caused it."""
        return bearer_key(request) is not None and self._cookie not in request.cookies


def _id_of(request: Request) -> str:
    """The id that who asks gave, so that both sides' logs can be read together; else a new one."""
    given = request.headers.get(REQUEST_ID_HEADER, "")
    return given if _REQUEST_ID.fullmatch(given) else new_id("req")


def _check_scope(request: Request, session: Session) -> None:
    if session.scope != "all" and not request.url.path.startswith(MODELS_FOR_PROGRAMS):
        raise KeyOpensModelsOnly(path=request.url.path)


def _follows_sign_in_link(request: Request) -> bool:
    """The link may be clicked in a terminal that is itself a web page; opening the sign-in page changes nothing."""
    if request.method != "GET" or request.url.path != "/sign-in":
        return False
    return request.headers.get("sec-fetch-mode") == "navigate" and request.headers.get("sec-fetch-dest") == "document"


def _check_form(request: Request, limits: Limits, key_only: bool) -> None:
    """A form or an empty body can be sent by any site without asking the browser: only one that carries the mark is
    taken, or a form of which the browser itself says that a page of this server sent it."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    length = request.headers.get("content-length", "0")
    if not length.isdecimal() or int(length) > limits.body_bytes:
        raise BodyTooLarge(limit=show_bytes(limits.body_bytes))
    if kind == "application/json":
        return
    is_empty = not kind and length == "0" and "transfer-encoding" not in request.headers
    takes_forms = not request.url.path.startswith(("/api/", MODELS_FOR_PROGRAMS)) or limits is UPLOAD
    accepted = "JSON or a form" if takes_forms else "JSON"
    is_form = takes_forms and kind in _FORMS
    if not is_empty and not is_form:
        raise ContentTypeNotAccepted(content_type=kind or "an unnamed type", accepted=accepted)
    if is_form and request.headers.get("sec-fetch-site") == "same-origin":
        return  # a page of this server, without scripts; the origin was compared, and pages cannot forge this header
    if request.headers.get(MARK) != "1" and not key_only:
        raise ContentTypeNotAccepted(
            content_type=f"{kind or 'nothing'} without the header X-Luthier: 1", accepted=f"{accepted} that carries it"
        )


class _Secured:
    """Puts the security headers and the request's id on whatever is answered, and knows whether an answer has begun."""

    def __init__(self, send: Callable[[Message], Awaitable[None]], request_id: str) -> None:
        self._send = send
        self._request_id = request_id
        self.started = False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.started = True
            headers = MutableHeaders(scope=message)
            secure(headers)
            headers[REQUEST_ID_HEADER] = self._request_id
        await self._send(message)
