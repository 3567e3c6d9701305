"""Errors in OpenAI's shape, with the statuses that its clients act on: which they repeat, and which they raise."""

from typing import Any

from pydantic import BaseModel, Field

from luthier.domain.chat import ChatQueueFull, ConversationTooLong, TargetNotFound
from luthier.domain.errors import (
    AccessDenied,
    LuthierError,
    NotAllowedNow,
    NotFound,
    Problem,
    ReportedProblem,
    ShortOfResources,
    Unreachable,
    WorkFailed,
    concrete_errors,
)
from luthier.domain.requests import (
    BodyTooLarge,
    BodyTooSlow,
    ContentTypeNotAccepted,
    HostNotServed,
    MethodNotServed,
    RequestInvalid,
    TooManyRequests,
    TooManyStreams,
)
from luthier.domain.sessions import NotSignedIn

_ASKED_WRONGLY, _SERVER = "invalid_request_error", "server_error"

# The first line that fits decides: status, type, and the code where OpenAI has one of its own.
_KINDS: tuple[tuple[type[LuthierError], int, str, str], ...] = (
    (NotSignedIn, 401, _ASKED_WRONGLY, "invalid_api_key"),
    (TargetNotFound, 404, _ASKED_WRONGLY, "model_not_found"),
    (ConversationTooLong, 400, _ASKED_WRONGLY, "context_length_exceeded"),
    (ChatQueueFull, 429, "rate_limit_error", "rate_limit_exceeded"),
    (TooManyRequests, 429, "rate_limit_error", "rate_limit_exceeded"),
    (TooManyStreams, 429, "rate_limit_error", "rate_limit_exceeded"),
    (HostNotServed, 421, _ASKED_WRONGLY, ""),
    (BodyTooSlow, 408, _ASKED_WRONGLY, ""),
    (BodyTooLarge, 413, _ASKED_WRONGLY, ""),
    (ContentTypeNotAccepted, 415, _ASKED_WRONGLY, ""),
    (MethodNotServed, 405, _ASKED_WRONGLY, ""),
    (AccessDenied, 403, "permission_error", ""),
    (NotFound, 404, _ASKED_WRONGLY, ""),
    (NotAllowedNow, 409, _ASKED_WRONGLY, ""),
    (ShortOfResources, 503, _SERVER, ""),
    (Unreachable, 503, _SERVER, ""),
    (WorkFailed, 500, _SERVER, ""),
    (LuthierError, 400, _ASKED_WRONGLY, ""),
)


class ErrorBody(BaseModel):
    message: str = Field(description="what happened, and what can be done about it")
    type: str
    param: str | None = Field(description="the place in the request that it speaks of")
    code: str | None = Field(description="OpenAI's where it has one; else that of docs/reference/errors.md")


class ErrorDocument(BaseModel):
    error: ErrorBody


REFUSALS: dict[int | str, dict[str, Any]] = {
    "4XX": {"description": "What is wrong with the request.", "model": ErrorDocument},
    "5XX": {"description": "The model, or the machine, could not do it.", "model": ErrorDocument},
}


def refusal_of(error: LuthierError) -> tuple[int, ErrorDocument]:
    """The status, and the document that goes with it."""
    kind = _kind(error)
    status, type_, code = next((status, type_, code) for fits, status, type_, code in _KINDS if issubclass(kind, fits))
    problem = error.problem
    param = "model" if kind is TargetNotFound else problem.fields.get("where") if kind is RequestInvalid else None
    body = ErrorBody(message=_message(problem), type=type_, param=param, code=code or problem.code)
    return status, ErrorDocument(error=body)


def _kind(error: LuthierError) -> type[LuthierError]:
    """What another process reported is what it would be here."""
    if not isinstance(error, ReportedProblem):
        return type(error)
    code = error.problem.code
    return next((kind for kind in concrete_errors() if kind.code == code), ReportedProblem)


def _message(problem: Problem) -> str:
    tries = [f"{action.label}{f': {action.command}' if action.command else ''}." for action in problem.actions]
    return " ".join([problem.sentence, *tries])
