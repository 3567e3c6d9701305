"""Deployments, and the turns that they are made of."""

from typing import Any

from luthier.domain.deployments import Deployment, Trial, Turn
from luthier.domain.versions import Version
from tests.builders.moments import a_moment
from tests.builders.versions import a_version


def a_turn(version: Version | None = None, **changes: Any) -> Turn:
    version = version or a_version()
    trial = Trial(files_sha256=version.adapter_sha256, answer="Good day.", seconds=1.5, at=a_moment())
    values: dict[str, Any] = {
        "version_id": version.version_id,
        "label": version.label,
        "since": a_moment(),
        "author": "user",
        "cause": "deployed",
        "trial": trial,
    }
    return Turn(**(values | changes))


def a_deployment(slot: str = "clerk/orders", *turns: Turn) -> Deployment:
    return Deployment(slot=slot, turns=turns or (a_turn(),))
