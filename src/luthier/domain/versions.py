"""Versions: adapters and models that were registered, with everything needed to trust and to repeat them."""

from datetime import datetime
from typing import Any, Literal

from luthier.domain.errors import Action, NotFound
from luthier.kit.frozen import Frozen


class Version(Frozen):
    version_id: str
    name: str  # what it is called, e.g. "workshop-orders"
    number: str  # semantic version within the name, e.g. "0.1.0"
    run_id: str
    base_name: str
    base_folder: str
    base_revision: str
    licence: str
    kind: Literal["adapter", "model"] = "adapter"  # a small part for its base, or a whole model of its own
    adapter_folder: str  # absolute; of the model when it is one
    adapter_sha256: str
    dataset_id: str
    summary: dict[str, Any]
    created_at: datetime

    @property
    def label(self) -> str:
        return f"{self.name}@{self.number}"


class VersionNotFound(NotFound):
    code = "versions.not_found"
    sentence = "No version is called {name}."
    actions = (Action(label="See all versions", command="luthier versions list"),)


class VersionNameAmbiguous(NotFound):
    code = "versions.name_ambiguous"
    sentence = "{name} could be any of {candidates}."
    actions = (Action(label="Give more of the id", command="luthier versions list"),)
