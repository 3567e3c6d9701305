"""The description of the API that programs read: it names how to sign in and how every problem looks."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from luthier import __version__
from luthier.domain.recipes import PinnedSettings
from luthier.server.auth import OPEN_TO_ALL
from luthier.server.errors import ProblemView

_DESCRIPTION = """\
The same services as the pages and the command line. Times are RFC 3339 in UTC, sizes are bytes, durations seconds.

A program sends the key of the workspace's file `secrets/api-key` as `Authorization: Bearer KEY`. A write may carry an
`Idempotency-Key`: repeated with the same key and body it happens once, and the first answer is given again.
"""
_IDEMPOTENCY_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "the same for every repetition of one wish, e.g. a UUID",
    "schema": {"type": "string", "minLength": 1, "maxLength": 128, "pattern": "^[ -~]+$"},
}
_PINS = PinnedSettings.model_json_schema()  # a recipe keeps them as a plain mapping, but takes no others
_WRITES = ("post", "put", "patch", "delete")


def describe(app: FastAPI) -> None:
    """Replaces the framework's description by a complete one, made once."""

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _description(app)
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]


def _description(app: FastAPI) -> dict[str, Any]:
    document = get_openapi(
        title="Luthier",
        version=__version__,
        description=_DESCRIPTION,
        routes=app.routes,
        separate_input_output_schemas=False,
    )
    parts = document.setdefault("components", {})
    schema = ProblemView.model_json_schema(ref_template="#/components/schemas/{model}")
    parts["schemas"] |= {**schema.pop("$defs", {}), "ProblemView": schema, "PinnedSettings": _PINS}
    parts["schemas"]["Recipe"]["properties"]["settings"] = {"$ref": "#/components/schemas/PinnedSettings"}
    parts["securitySchemes"] = {
        "key": {"type": "http", "scheme": "bearer"},
        "browser": {"type": "apiKey", "in": "cookie", "name": "luthier-PORT"},
    }
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            is_open = (method.upper(), path) in OPEN_TO_ALL
            operation["security"] = [] if is_open else [{"key": []}, {"browser": []}]
            if method in _WRITES and not is_open and "multipart/form-data" not in str(operation.get("requestBody")):
                operation.setdefault("parameters", []).append(_IDEMPOTENCY_KEY)
    return document
