"""docs/reference/api.md: every route of the API, from the OpenAPI document that the server itself gives."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import luthier
from luthier.server.app import create_app

HEAD = """\
# The API

The server describes itself at `/api/v1/openapi.json`: every route with its parameters, bodies and answers. This is the
list. Problems are `application/problem+json`; their codes are in [errors](errors.md).
"""


def page() -> str:
    document = description()
    lines = [HEAD, document["info"]["description"], "| route | does |", "| --- | --- |"]
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            lines.append(f"| `{method.upper()} {path}` | {_meaning(operation)} |")
    return "\n".join(lines)


def description() -> dict[str, Any]:
    with TemporaryDirectory(prefix="luthier-reference-") as folder, luthier.open(Path(folder)) as workspace:
        return create_app(workspace).openapi()


def _meaning(operation: dict[str, Any]) -> str:
    text = operation.get("description") or operation.get("summary", "")
    return " ".join(text.split()).replace("|", "\\|")
