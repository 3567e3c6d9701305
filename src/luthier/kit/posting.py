"""One POST to one address that was judged before: no redirect is followed, no proxy asked, no answer read."""

from collections.abc import Mapping
from urllib.parse import urlsplit, urlunsplit

import httpx

from luthier.kit.http import HttpFailed
from luthier.kit.outgoing import Target

_MOST_HEADER_SECONDS = 15.0


def post(url: str, target: Target, body: bytes, headers: Mapping[str, str]) -> None:
    """Returns when the far side has taken it, which it says with a status from 200 to 299. Raises HttpFailed."""
    parts = urlsplit(url)
    address = f"[{target.address}]" if ":" in target.address else target.address
    pinned = urlunsplit(parts._replace(netloc=f"{address}:{target.port}"))
    try:
        with (
            httpx.Client(timeout=_MOST_HEADER_SECONDS, trust_env=False, follow_redirects=False) as client,
            client.stream(
                "POST",
                pinned,
                content=body,
                headers={"User-Agent": "luthier", **headers, "Host": parts.netloc},
                extensions={"sni_hostname": target.host},
            ) as response,
        ):
            status = response.status_code
    except httpx.TransportError as error:
        raise HttpFailed(str(error).strip() or type(error).__name__) from error
    if 300 <= status < 400:
        raise HttpFailed(f"it answers {status} and points elsewhere; give the address that it points to", status)
    if status >= 300 or status < 200:
        raise HttpFailed(f"it answers {status}", status)
