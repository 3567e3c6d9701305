import json
from typing import Any

import httpx
import pytest
import schemathesis
from fastapi import FastAPI
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from luthier.domain.run_states import RunState
from luthier.server.auth import OPEN_TO_ALL
from luthier.store import Store
from luthier.workspace import Workspace
from tests.builders import a_run, a_version
from tests.server.conftest import listening

# They stay open until the client leaves, fetch from the network, keep the whole machine busy, or sign in and out.
_LEFT_OUT = [
    "/api/v1/chat",
    "/api/v1/chats/{reference}/questions/{number}/answers",
    "/api/v1/events",
    "/api/v1/machine/measuring",
    "/api/v1/models/pull",
    "/api/v1/sessions",
    "/api/v1/sessions/current",
    "/v1/chat/completions",
    "/v1/completions",
    "/v1/embeddings",
]
_CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]


@pytest.mark.slow
def test_the_api_does_what_its_description_says(app: FastAPI, workspace: Workspace, store: Store) -> None:
    run = a_run(name="orders", state=RunState.FAILED)
    with store.writing() as tx:
        tx.runs.add(run)
        tx.versions.add(a_version(run_id=run.run_id))
    described = schemathesis.openapi.from_dict(app.openapi()).exclude(path=_LEFT_OUT)
    operations = [found.ok() for found in described.get_all_operations()]
    assert len(operations) > 20
    for operation in operations:
        with listening(workspace) as client:  # anew each time, so that no route is asked more than its rate allows
            _hold_to(operation, client)


def _hold_to(operation: Any, client: httpx.Client) -> None:
    @given(case=operation.as_strategy())
    @settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True, database=None)
    def hold(case: Any) -> None:
        answer = case.call(base_url=str(client.base_url), headers={"authorization": client.headers["authorization"]})
        assert answer.status_code != 429, "the rate limit hides what the route would have said"
        case.validate_response(answer, checks=_CHECKS)
        assert "Traceback" not in answer.text and "sqlalchemy" not in answer.text

    hold()


def test_the_description_needs_a_sign_in_and_says_how_each_route_is_signed_in_to(program: TestClient) -> None:
    document = program.get("/api/v1/openapi.json").json()
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            assert bool(operation["security"]) != ((method.upper(), path) in OPEN_TO_ALL), path
            assert "4XX" in operation["responses"] or path == "/healthz", path
            assert operation.get("description") or operation["summary"]
    assert not program.get("/api/v1/openapi.json", headers={"authorization": ""}).is_success


def test_every_reference_in_the_description_leads_somewhere(program: TestClient) -> None:
    document = program.get("/api/v1/openapi.json").json()
    text = json.dumps(document)
    wanted = {piece.split('"')[0] for piece in text.split("#/components/schemas/")[1:]}
    assert wanted <= document["components"]["schemas"].keys()
    assert "epochs" in document["components"]["schemas"]["PinnedSettings"]["properties"]
    assert "HTTPValidationError" not in text


def test_no_page_of_the_framework_is_served(program: TestClient) -> None:
    for path in ("/docs", "/redoc", "/openapi.json"):
        assert program.get(path).status_code == 404
