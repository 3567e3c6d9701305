"""An error of the tree becomes problem+json, or a page, with its status; what `/v1` answers is OpenAI's to say."""

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.responses import PlainTextResponse, RedirectResponse

from luthier.domain.adapters import ADAPTER_KINDS
from luthier.domain.errors import (
    AccessDenied,
    Action,
    DataProblem,
    LuthierError,
    MissingPart,
    ModelProblem,
    NotAllowedNow,
    NotFound,
    ShortOfResources,
    Unreachable,
    WorkFailed,
    WrongUsage,
)
from luthier.domain.requests import (
    BodyTooLarge,
    BodyTooSlow,
    ContentTypeNotAccepted,
    HostNotServed,
    MethodNotServed,
    NoSuchAddress,
    RequestInvalid,
    TooManyRequests,
    TooManyStreams,
)
from luthier.domain.sessions import NotSignedIn
from luthier.health.disk import disk_full
from luthier.server.refusals import refusal_of
from luthier.server.web import problem_page

PROBLEM_TYPE = "application/problem+json"

# The first line that fits decides. 5xx is kept for what went wrong inside, so that any 5xx is worth an alarm.
_STATUSES: tuple[tuple[type[LuthierError], int, str], ...] = (
    (NotSignedIn, 401, "Not signed in"),
    (HostNotServed, 421, "Misdirected"),
    (BodyTooSlow, 408, "Too slow"),
    (BodyTooLarge, 413, "Too large"),
    (ContentTypeNotAccepted, 415, "Unknown form"),
    (MethodNotServed, 405, "Not served"),
    (TooManyRequests, 429, "Too many"),
    (TooManyStreams, 429, "Too many"),
    (WrongUsage, 422, "Not understood"),
    (NotFound, 404, "Not found"),
    (NotAllowedNow, 409, "Not possible now"),
    (DataProblem, 422, "Problem in the data"),
    (ModelProblem, 422, "Problem with the model"),
    (ShortOfResources, 409, "Too little of something"),
    (MissingPart, 409, "A part is missing"),
    (Unreachable, 424, "No answer from elsewhere"),
    (AccessDenied, 403, "Not allowed"),
    (WorkFailed, 500, "Something failed"),
)


class ProblemView(BaseModel):
    """RFC 9457: what went wrong, in a sentence, and what can be done about it."""

    type: str = Field(description="`urn:luthier:problem:` and the code")
    title: str = Field(description="the family of the problem, in a few words")
    status: int
    code: str = Field(description="stable; `help` explains it")
    detail: str = Field(description="what happened, in a sentence")
    actions: list[Action] = Field(description="what can be done about it; `command` can be copied as it is")
    help: str = Field(description="the page of this server that explains the code")


def answer(request: Request, error: LuthierError) -> Response:
    """In the form that suits who asked: problem+json for programs, a page or a part of one for people."""
    headers = {"Retry-After": str(error.problem.fields["seconds"])} if isinstance(error, TooManyRequests) else {}
    if request.url.path.startswith("/v1/"):
        status, refusal = refusal_of(error)
        return Response(refusal.model_dump_json(), status, headers, "application/json")
    view = view_of(error)
    if request.url.path.startswith(("/api/", "/healthz")):
        return Response(view.model_dump_json(), view.status, headers, PROBLEM_TYPE)
    if isinstance(error, NotSignedIn):
        return _to_sign_in(request)
    if not hasattr(request.state, "session"):  # a page would tell a stranger about the workspace
        return PlainTextResponse(_as_text(view), view.status)
    return problem_page(request, error.problem, view.status)


def _as_text(view: ProblemView) -> str:
    tries = [f"- {action.label}{f': {action.command}' if action.command else ''}" for action in view.actions]
    return "\n".join([view.detail, *(["", "Try:", *tries] if tries else []), ""])


def _to_sign_in(request: Request) -> Response:
    """A part of a page cannot sign in; the whole page is sent there. It comes back to where it was."""
    if "hx-request" in request.headers:
        return Response(status_code=401, headers={"HX-Redirect": "/sign-in"})
    wanted = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return RedirectResponse(f"/sign-in?{urlencode({'next': wanted})}" if wanted != "/" else "/sign-in", 303)


def view_of(error: LuthierError) -> ProblemView:
    status, title = next((status, title) for kind, status, title in _STATUSES if isinstance(error, kind))
    problem = error.problem
    return ProblemView(
        type=f"urn:luthier:problem:{problem.code}",
        title=title,
        status=status,
        code=problem.code,
        detail=problem.sentence,
        actions=list(problem.actions),
        help=problem.help_address,
    )


def install(app: FastAPI) -> None:
    """Everything that a route can raise, short of a defect, which the gate answers."""

    def known(request: Request, error: Exception) -> Response:
        assert isinstance(error, LuthierError)
        return answer(request, error)

    def invalid(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        return answer(request, _invalid(error.errors()))

    def http(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        response = answer(request, _from_framework(request, error))
        response.headers.update(error.headers or {})
        return response

    app.add_exception_handler(LuthierError, known)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(HTTPException, http)


def _invalid(found: Sequence[Any]) -> RequestInvalid:
    """The first fault, with its place as one would write it: `settings.epochs`, `messages[0].role`."""
    first = found[0]
    places = first["loc"][1:]
    if places[:1] == ("adapter",) and places[1:2] and places[1] in ADAPTER_KINDS:
        places = (places[0], *places[2:])  # nobody wrote the kind there
    where = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in places).lstrip(".")
    more = f"; and {len(found) - 1} more" if len(found) > 1 else ""
    reason = f"{first['msg'][:1].lower()}{first['msg'][1:]}".rstrip(".")
    return RequestInvalid(where=where or first["loc"][0], reason=f"{reason}{more}")


def _from_framework(request: Request, error: HTTPException) -> LuthierError:
    cause = error.__cause__  # of what went wrong while a body was being read
    if isinstance(cause, LuthierError):
        return cause
    if cause is not None and (full := disk_full(cause, Path(tempfile.gettempdir()))):
        return full
    match error.status_code:
        case 404:
            return NoSuchAddress(path=request.url.path)
        case 405:
            return MethodNotServed(path=request.url.path, method=request.method)
        case _:
            return RequestInvalid(where="the body", reason="it cannot be read in the form that it claims")
