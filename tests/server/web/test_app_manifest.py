"""The pages can be installed as an app: the manifest and its icons are there, open to all, and as large as they say."""

import struct

import pytest
from fastapi.testclient import TestClient
from playwright.sync_api import Page

from tests.server.web.visiting import Visitor

_PNG = b"\x89PNG\r\n\x1a\n"


def test_every_icon_of_the_manifest_has_the_size_that_it_says(stranger: TestClient) -> None:
    manifest = stranger.get("/static/app.webmanifest")
    assert manifest.headers["content-type"] == "application/manifest+json"
    drawn = [icon for icon in manifest.json()["icons"] if icon["type"] == "image/png"]
    assert {icon["purpose"] for icon in drawn} == {"any", "maskable"}
    for icon in drawn:
        body = stranger.get(icon["src"]).content
        assert body.startswith(_PNG), icon
        assert "{}x{}".format(*struct.unpack(">II", body[16:24])) == icon["sizes"]


@pytest.mark.browser
def test_the_browser_finds_nothing_that_hinders_installing(visitor: Visitor) -> None:
    assert faults_of(visitor.page) == []


def faults_of(page: Page) -> list[str]:
    session = page.context.new_cdp_session(page)
    read = session.send("Page.getAppManifest")
    assert read["url"].endswith("app.webmanifest") or "app.webmanifest?v=" in read["url"]
    found = session.send("Page.getInstallabilityErrors")["installabilityErrors"]
    hindering = [each["errorId"] for each in found if each["errorId"] != "in-incognito"]  # as every test's context is
    return [*(each["message"] for each in read["errors"]), *hindering]
