"""What follows a form: htmx is told where to go or gets the part that changed; a browser without scripts is sent on."""

from fastapi import Request
from fastapi.responses import RedirectResponse, Response

from luthier.server.web.context import Context
from luthier.server.web.rendering import render


def lead_to(request: Request, address: str) -> Response:
    """The whole page goes to `address`."""
    return htmx_to(address) if _is_from_htmx(request) else RedirectResponse(address, status_code=303)


def htmx_to(address: str) -> Response:
    """As `lead_to`, for what nobody else asks."""
    return Response(status_code=204, headers={"HX-Redirect": address})


def part_or_page(request: Request, part: Context, address: str) -> Response:
    """`part` for who can put it into the page; the page at `address`, which shows it too, for others."""
    return render(part) if _is_from_htmx(request) else RedirectResponse(address, status_code=303)


def _is_from_htmx(request: Request) -> bool:
    return "hx-request" in request.headers
