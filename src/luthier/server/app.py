"""The application: one workspace behind the gate, with its API, its pages and its live events."""

from urllib.parse import urlsplit

from fastapi import FastAPI
from starlette.middleware.gzip import GZipMiddleware

from luthier import __version__
from luthier.server import api, errors, v1, web
from luthier.server.addresses import Addresses, addresses_of
from luthier.server.auth import cookie_name
from luthier.server.gate import Gate
from luthier.server.health import router as health
from luthier.server.idempotency import OnceOnly
from luthier.server.live import Live
from luthier.server.openapi import describe
from luthier.server.streaming import Streams
from luthier.workspace import Workspace

_SMALLEST_TO_COMPRESS = 1_000  # bytes; below it the header costs more than it saves


def create_app(workspace: Workspace, addresses: Addresses | None = None) -> FastAPI:
    """Over an open workspace; `addresses` are the names that it answers to (default: as the settings say)."""
    addresses = addresses or addresses_of(workspace.settings.host, workspace.settings.port)
    cookie = cookie_name(urlsplit(addresses.url).port or 80)
    app = FastAPI(
        title="Luthier",
        version=__version__,
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/v1/openapi.json",
        redirect_slashes=False,
        separate_input_output_schemas=False,
        generate_unique_id_function=lambda route: route.name,
    )
    app.state.workspace = workspace
    app.state.addresses = addresses
    app.state.cookie = cookie
    app.state.live = Live(workspace.runs)
    app.state.streams = Streams(workspace.sessions)
    for router in (health, api.router, v1.router, *web.routers):
        app.include_router(router)
    errors.install(app)
    describe(app)
    # The last one added is the outermost.
    app.add_middleware(OnceOnly, folder=workspace.settings.workspace_folder / "requests", clock=workspace.clock)
    app.add_middleware(GZipMiddleware, minimum_size=_SMALLEST_TO_COMPRESS)
    app.add_middleware(
        Gate,
        addresses=addresses,
        sessions=workspace.sessions,
        cookie=cookie,
        clock=workspace.clock,
        answer=errors.answer,
    )
    return app
