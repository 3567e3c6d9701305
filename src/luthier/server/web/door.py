"""The page at the door: sign-in."""

from dataclasses import dataclass
from typing import ClassVar

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from luthier.server.web.context import Context
from luthier.server.web.rendering import render

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True)
class SignInPage(Context):
    template: ClassVar[str] = "pages/sign_in.html"


@router.get("/sign-in")
def sign_in() -> HTMLResponse:
    return render(SignInPage())
