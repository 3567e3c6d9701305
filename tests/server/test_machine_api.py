from fastapi.testclient import TestClient
from filelock import FileLock

from luthier.workspace import Workspace
from tests.builders import some_rates


def test_the_profile_says_what_the_machine_is_and_what_is_not_known(program: TestClient) -> None:
    profile = program.get("/api/v1/machine/profile", params={"refresh": True}).json()
    assert profile["cores"] >= 1
    assert isinstance(profile["unknown"], list)


def test_the_load_stays_where_it_was(program: TestClient) -> None:
    assert program.get("/api/v1/machine").json()["memory_total"] > 0


def test_the_doctor_gives_every_point(program: TestClient) -> None:
    checkup = program.get("/api/v1/doctor").json()
    assert {"System", "GPU", "Training", "Workspace"} <= {check["part"] for check in checkup["checks"]}


def test_rates_are_not_there_until_they_were_measured(program: TestClient, workspace: Workspace) -> None:
    answer = program.get("/api/v1/machine/rates")
    assert (answer.status_code, answer.json()["code"]) == (404, "machine.rates_not_measured")
    workspace.machine.keep(some_rates(fingerprint=workspace.machine.get().fingerprint))
    assert program.get("/api/v1/machine/rates").json()["threads"] == 2


def test_measuring_is_begun_and_called_off(program: TestClient) -> None:
    assert program.get("/api/v1/machine/measuring").json()["state"] == "idle"
    begun = program.post("/api/v1/machine/measuring", headers={"idempotency-key": "once"})
    assert (begun.status_code, begun.json()["state"]) == (202, "running")
    called_off = program.post("/api/v1/machine/measuring/cancel", headers={"idempotency-key": "twice"})
    assert called_off.json()["state"] == "cancelled"


def test_a_machine_that_another_process_measures_is_left_alone(program: TestClient, workspace: Workspace) -> None:
    with FileLock(workspace.folders.locks / "measuring.lock"):
        answer = program.post("/api/v1/machine/measuring", headers={"idempotency-key": "once"})
    assert (answer.status_code, answer.json()["code"]) == (409, "machine.measuring_under_way")
