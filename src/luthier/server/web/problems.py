"""A failed page request as a page, or as a notice when only a part of a page was asked for."""

from dataclasses import dataclass
from typing import ClassVar

from fastapi import Request
from fastapi.responses import HTMLResponse

from luthier.domain.errors import Problem
from luthier.server.web.context import Context
from luthier.server.web.frame import Frame, frame_of
from luthier.server.web.rendering import render


@dataclass(frozen=True, slots=True)
class ErrorPage(Context):
    template: ClassVar[str] = "pages/error.html"

    frame: Frame
    problem: Problem
    status: int


@dataclass(frozen=True, slots=True)
class ProblemNotice(Context):
    template: ClassVar[str] = "fragments/problem_notice.html"

    problem: Problem


def problem_page(request: Request, problem: Problem, status: int) -> HTMLResponse:
    """The whole error page; for a request by htmx, a notice that appears on top of the page that asked."""
    if "hx-request" in request.headers:
        notice = render(ProblemNotice(problem=problem), status)
        notice.headers["HX-Retarget"] = "#notices"
        notice.headers["HX-Reswap"] = "innerHTML"
        return notice
    return render(ErrorPage(frame=frame_of(request), problem=problem, status=status), status)
