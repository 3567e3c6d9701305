"""Static files: what others made is as they made it, ours is small, and a browser may keep what cannot change."""

import hashlib
import re

import pytest
from fastapi.testclient import TestClient

from luthier.server.web.assets import STATIC, asset_url, assets

MOST_LINES = 150


def test_vendored_files_are_the_ones_whose_checksums_are_kept() -> None:
    kept = dict(reversed(line.split()) for line in (STATIC / "vendor" / "CHECKSUMS").read_text().splitlines())
    files = {path.name for path in (STATIC / "vendor").iterdir()} - {"CHECKSUMS", "LICENCES"}
    assert set(kept) == files
    for name, digest in kept.items():
        assert hashlib.sha256((STATIC / "vendor" / name).read_bytes()).hexdigest() == digest, name


def test_every_vendored_file_has_a_licence() -> None:
    licences = (STATIC / "vendor" / "LICENCES").read_text()
    for path in (STATIC / "vendor").iterdir():
        if path.suffix in (".js", ".woff2"):
            assert path.name in licences


@pytest.mark.parametrize("path", sorted((STATIC / "behaviours").glob("*.js")), ids=lambda path: path.name)
def test_a_behaviour_is_one_sitting(path: object) -> None:
    lines = path.read_text().splitlines()  # type: ignore[attr-defined]
    assert len(lines) <= MOST_LINES
    assert lines[0].startswith("// "), "the first line says what it does"
    assert not re.search(
        r"\beval\(|new Function|\.innerHTML|\.outerHTML|insertAdjacentHTML|document\.write", "\n".join(lines)
    )


def test_a_style_sheet_takes_every_colour_from_the_tokens() -> None:
    for path in (STATIC / "css").glob("*.css"):
        if path.name == "tokens.css":
            continue
        found = re.findall(r"#[0-9a-fA-F]{3,8}\b|\brgba?\(|\bhsla?\(", path.read_text())
        assert not found, f"{path.name} names the colours {found}"


def test_every_token_that_is_used_is_defined() -> None:
    sheets = "\n".join(path.read_text() for path in (STATIC / "css").glob("*.css"))
    defined = set(re.findall(r"(--[\w-]+):", sheets))
    assert set(re.findall(r"var\((--[\w-]+)", sheets)) <= defined


def test_a_file_with_its_hash_may_be_kept_for_ever_and_one_without_must_be_asked_for(stranger: TestClient) -> None:
    kept = stranger.get(asset_url("css/tokens.css"))
    assert "immutable" in kept.headers["cache-control"]
    plain = stranger.get("/static/css/tokens.css")
    assert plain.headers["cache-control"] == "no-cache"
    again = stranger.get("/static/css/tokens.css", headers={"if-none-match": plain.headers["etag"]})
    assert again.status_code == 304
    assert again.content == b""


def test_a_stale_hash_is_not_kept_for_ever(stranger: TestClient) -> None:
    assert stranger.get("/static/css/tokens.css?v=0123456789ab").headers["cache-control"] == "no-cache"


def test_text_is_sent_compressed_to_who_can_read_it(stranger: TestClient) -> None:
    packed = stranger.get("/static/vendor/htmx.min.js", headers={"accept-encoding": "gzip"})
    assert packed.headers["content-encoding"] == "gzip"
    plain = stranger.get("/static/vendor/htmx.min.js", headers={"accept-encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert packed.content == plain.content


@pytest.mark.parametrize("name", ["..%2frendering.py", "vendor%2f..%2f..%2ferrors.py", "css", "", "vendor/LICENCES"])
def test_only_the_files_of_the_table_are_served(stranger: TestClient, name: str) -> None:
    assert stranger.get(f"/static/{name}").status_code == 404


def test_the_table_holds_every_file_that_a_page_can_ask_for() -> None:
    suffixes = {path.suffix for path in STATIC.rglob("*") if path.is_file()}
    assert suffixes <= {".css", ".js", ".png", ".svg", ".webmanifest", ".woff2", ""}
    assert len(assets()) > 15
