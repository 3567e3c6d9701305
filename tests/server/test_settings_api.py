from fastapi.testclient import TestClient

from luthier.workspace import Workspace

AT = "/api/v1/settings"


def test_a_setting_is_set_read_and_taken_out(program: TestClient, workspace: Workspace) -> None:
    answer = program.put(f"{AT}/electricity_price", json={"value": 0.41})
    assert answer.status_code == 200, answer.text
    assert (answer.json()["value"], answer.json()["source"]) == (0.41, "file")
    assert workspace.kept_settings.current().electricity_price == 0.41
    assert program.delete(f"{AT}/electricity_price").status_code == 204
    assert program.get(f"{AT}/electricity_price").json()["source"] == "default"


def test_a_switch_takes_true_and_false(program: TestClient) -> None:
    assert program.put(f"{AT}/shortcuts", json={"value": False}).json()["value"] is False
    assert program.put(f"{AT}/shortcuts", json={"value": True}).json()["value"] is True


def test_a_wrong_value_is_a_problem_with_a_sentence(program: TestClient) -> None:
    answer = program.put(f"{AT}/region", json={"value": "atlantis"})
    assert answer.status_code == 422
    assert answer.json()["code"] == "settings.invalid"
    assert "france" in answer.json()["detail"]


def test_what_the_environment_decides_cannot_be_set(program: TestClient) -> None:
    answer = program.put(f"{AT}/offline", json={"value": False})  # the workspace of these tests was told to be offline
    assert (answer.status_code, answer.json()["code"]) == (409, "settings.from_environment")


def test_an_unknown_setting_is_not_found(program: TestClient) -> None:
    assert program.get(f"{AT}/wallpaper").status_code == 404


def test_a_plan_counts_with_the_price_that_was_just_set(program: TestClient, workspace: Workspace) -> None:
    program.put(f"{AT}/electricity_price", json={"value": 0.5})
    assert workspace.plans.preferences().tariff.price_per_kwh == 0.5


def test_a_plan_keeps_to_the_device_that_was_just_set(program: TestClient, workspace: Workspace) -> None:
    assert workspace.plans.preferences().device is None
    program.put(f"{AT}/training_device", json={"value": "cpu"})
    assert workspace.plans.preferences().device == "cpu"
    program.put(f"{AT}/training_device", json={"value": "best"})
    assert workspace.plans.preferences().device is None


def test_nothing_is_leaving_where_everything_is_kept(program: TestClient) -> None:
    assert program.get(f"{AT}/leaving").json() == []
    assert program.post(f"{AT}/tidy").json() == []
