"""Versions."""

from typing import Any

from luthier.domain.versions import Version
from luthier.kit.ids import new_id
from tests.builders.moments import a_moment


def a_version(**changes: Any) -> Version:
    values: dict[str, Any] = {
        "version_id": new_id("ver"),
        "name": "orders",
        "number": "0.1.0",
        "run_id": new_id("run"),
        "base_name": "starter",
        "base_folder": "/models/starter",
        "base_revision": "0f" * 20,
        "licence": "Apache-2.0",
        "adapter_folder": "/runs/one/adapter",
        "adapter_sha256": "cd" * 32,
        "dataset_id": "ds_00c0ffee",
        "summary": {"tuned": 0.95, "base": 0.0},
        "created_at": a_moment(),
    }
    return Version(**(values | changes))
