"""Who is asking: the one place that reads the cookie and the Bearer key, and the stated list of what is open to all."""

from starlette.requests import HTTPConnection

from luthier.domain.sessions import KeyNotKnown, NotSignedIn, Session
from luthier.services.sessions import Sessions

# Everything else needs a sign-in, whether or not a route is there.
OPEN_TO_ALL = frozenset({("GET", "/sign-in"), ("POST", "/api/v1/sessions"), ("GET", "/healthz")})
OPEN_PREFIX = "/static/"
MODELS_FOR_PROGRAMS = "/v1/"  # all that a key for inference opens


def is_open(method: str, path: str) -> bool:
    if method in ("GET", "HEAD"):
        return path.startswith(OPEN_PREFIX) or ("GET", path) in OPEN_TO_ALL
    return (method, path) in OPEN_TO_ALL


def cookie_name(port: int) -> str:
    """Cookies do not tell ports apart, and two workspaces may be served on one machine."""
    return f"luthier-{port}"


def bearer_key(request: HTTPConnection) -> str | None:
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    return key.strip() if scheme.lower() == "bearer" and key.strip() else None


def resolve(request: HTTPConnection, sessions: Sessions, cookie: str) -> Session:
    """The session of a request. A key that does not count is refused even beside a good cookie.

    Raises NotSignedIn, KeyNotKnown.
    """
    key = bearer_key(request)
    token = key or request.cookies.get(cookie)
    session = sessions.resolve(token) if token else None
    if session is None:
        raise KeyNotKnown if key else NotSignedIn
    return session
