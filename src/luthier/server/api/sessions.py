"""Sign-in over HTTP: a one-time code, or the API key, for a cookie that no script can read."""

from datetime import datetime

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from luthier.domain.sessions import BROWSER_LIFETIME, Session, SessionKind
from luthier.server.api.access import PROBLEMS, OpenWorkspace, SignedIn

router = APIRouter(prefix="/sessions", tags=["sessions"], responses=PROBLEMS)


class SignIn(BaseModel):
    code: str = Field(min_length=1, max_length=200, description="from the link that the server printed, or the API key")


class SessionView(BaseModel):
    kind: SessionKind
    created_at: datetime
    expires_at: datetime | None

    @classmethod
    def of(cls, session: Session) -> "SessionView":
        return cls(kind=session.kind, created_at=session.created_at, expires_at=session.expires_at)


@router.post("", status_code=201)
def sign_in(workspace: OpenWorkspace, wish: SignIn, request: Request, response: Response) -> SessionView:
    """Sets the cookie. A code works once."""
    token, session = workspace.sessions.sign_in(wish.code)
    response.set_cookie(
        request.app.state.cookie,
        token,
        max_age=int(BROWSER_LIFETIME.total_seconds()),
        httponly=True,
        samesite="strict",
    )
    return SessionView.of(session)


@router.get("/current")
def current_session(session: SignedIn) -> SessionView:
    return SessionView.of(session)


@router.delete("/current", status_code=204)
def sign_out(workspace: OpenWorkspace, session: SignedIn, request: Request, response: Response) -> None:
    """Takes the session back, for a key as well; its streams end within seconds."""
    workspace.sessions.revoke(session)
    response.delete_cookie(request.app.state.cookie, httponly=True, samesite="strict")
