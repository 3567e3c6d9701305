import time
from pathlib import Path

from fastapi.testclient import TestClient
from filelock import FileLock

from luthier.workspace import Workspace
from tests.builders import some_rates

FORM = {"x-luthier": "1", "content-type": "application/x-www-form-urlencoded"}  # as htmx sends it


def test_every_point_of_the_doctor_stands_on_the_page_with_what_mends_it(
    browser: TestClient, workspace: Workspace
) -> None:
    page = browser.get("/machine", params={"refresh": True}).text
    for check in workspace.doctor.examine().checks:
        assert f"<b>{check.name}</b>" in page
    assert "luthier doctor --measure" in page


def test_rates_are_shown_once_they_were_measured(browser: TestClient, workspace: Workspace) -> None:
    assert "Measure it" in browser.get("/machine/parts/speed").text
    workspace.machine.keep(some_rates(fingerprint=workspace.machine.get().fingerprint))
    part = browser.get("/machine/parts/speed").text
    assert "290 tokens/s" in part
    assert "Measure again" in part


def test_measuring_shows_how_far_it_is_and_can_be_called_off(browser: TestClient) -> None:
    part = browser.post("/machine/measure", headers=FORM).text
    assert 'role="progressbar"' in part
    assert 'hx-trigger="every' in part
    part = browser.post("/machine/measure/cancel", headers=FORM).text
    assert "called off" in part
    assert "hx-trigger" not in part


def test_why_it_cannot_be_measured_is_said_in_its_place(browser: TestClient, workspace: Workspace) -> None:
    with FileLock(workspace.folders.locks / "measuring.lock"):
        part = browser.post("/machine/measure", headers=FORM).text
    assert "being measured already" in part


def at_rest(browser: TestClient, part: str) -> str:
    deadline = time.monotonic() + 60
    while "hx-trigger" in part:
        assert time.monotonic() < deadline, "the work on the backup does not end"
        part = browser.get("/machine/backups").text
    return part


def test_a_backup_is_made_and_checked_from_the_page(browser: TestClient, workspace: Workspace) -> None:
    assert "There is none yet" in browser.get("/machine").text
    part = at_rest(browser, browser.post("/machine/backups", headers=FORM).text)
    (made,) = workspace.backups.list()
    name = Path(made.path).name
    assert name in part and "0 runs" in part
    part = at_rest(browser, browser.post(f"/machine/backups/{name}/check", headers=FORM).text)
    assert f"Every byte of {name} is as it was written" in part
    content = bytearray(Path(made.path).read_bytes())
    content[100] ^= 1
    Path(made.path).write_bytes(content)
    part = at_rest(browser, browser.post(f"/machine/backups/{name}/check", headers=FORM).text)
    assert "Not checked" in part and "is not a whole backup" in part


def test_why_a_backup_cannot_be_checked_is_said_in_its_place(browser: TestClient) -> None:
    part = browser.post("/machine/backups/none.luthier-backup/check", headers=FORM).text
    assert "There is no backup at none.luthier-backup" in part


def test_the_machine_is_one_step_from_every_page(browser: TestClient) -> None:
    assert 'href="/machine"' in browser.get("/runs").text
