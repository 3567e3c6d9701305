"""Static files: read once, served from memory with a content hash in their address so that they never go stale."""

import gzip
import hashlib
from functools import cache
from pathlib import Path

from fastapi import APIRouter, Request, Response
from starlette.exceptions import HTTPException

from luthier.kit.frozen import Frozen

STATIC = Path(__file__).parent.parent / "static"

# What every page uses, in this order: one answer instead of many saves the head that each of them carries.
SHEETS = ("tokens", "base", "layout", "components", "tables", "forms", "pages", "run", "machine", "density", "help")
TOGETHER = "css/workshop.css"

_MEDIA_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".webmanifest": "application/manifest+json",
    ".woff2": "font/woff2",
}
_IMMUTABLE = "public, max-age=31536000, immutable"
_REVALIDATE = "no-cache"


class Asset(Frozen):
    body: bytes
    gzipped: bytes | None  # None where compressing gains nothing
    digest: str
    media_type: str


@cache
def assets() -> dict[str, Asset]:
    """By path below static/. A request can only name a key of this table, so no path can lead elsewhere."""
    files = (path for path in STATIC.rglob("*") if path.suffix in _MEDIA_TYPES)
    found = {path.relative_to(STATIC).as_posix(): _asset(path.read_bytes(), path.suffix) for path in files}
    together = b"\n".join(found[f"css/{sheet}.css"].body for sheet in SHEETS)
    return {**found, TOGETHER: _asset(together, ".css")}


def asset_url(name: str) -> str:
    return f"/static/{name}?v={assets()[name].digest}"


router = APIRouter(prefix="/static", include_in_schema=False)


@router.get("/{name:path}")
def static_file(request: Request, name: str, v: str | None = None) -> Response:
    asset = assets().get(name)
    if asset is None:
        raise HTTPException(404)
    headers = {
        "Cache-Control": _IMMUTABLE if v == asset.digest else _REVALIDATE,
        "ETag": f'"{asset.digest}"',
        "Vary": "Accept-Encoding",
    }
    if request.headers.get("if-none-match") == headers["ETag"]:
        return Response(status_code=304, headers=headers)
    if asset.gzipped is not None and "gzip" in request.headers.get("accept-encoding", ""):
        headers["Content-Encoding"] = "gzip"
        return Response(asset.gzipped, media_type=asset.media_type, headers=headers)
    return Response(asset.body, media_type=asset.media_type, headers=headers)


def _asset(body: bytes, suffix: str) -> Asset:
    squeezed = gzip.compress(body, 9, mtime=0)
    return Asset(
        body=body,
        gzipped=squeezed if len(squeezed) < 0.9 * len(body) else None,
        digest=hashlib.sha256(body).hexdigest()[:12],
        media_type=_MEDIA_TYPES[suffix],
    )
