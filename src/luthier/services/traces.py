"""Traces of base models: what a layer keeps in memory, traced once per revision and kept in the workspace."""

from collections.abc import Callable
from pathlib import Path

from luthier.domain.models import BaseModel
from luthier.domain.traces import ModelTrace
from luthier.kit.files import read_json
from luthier.services.folders import Folders

Tracer = Callable[[BaseModel, str, Path], None]  # (base, precision, file to write): runs the engine in a process


class Traces:
    def __init__(self, folders: Folders, tracer: Tracer) -> None:
        self._folders = folders
        self._tracer = tracer

    def known(self, base: BaseModel, precision: str) -> ModelTrace | None:
        """None when it was never traced; instant."""
        path = self._folders.trace(base.revision, precision)
        return ModelTrace.model_validate(read_json(path)) if path.exists() else None

    def make(self, base: BaseModel, precision: str) -> ModelTrace:
        """Takes a minute for a base that was never traced. Raises what the engine reports."""
        known = self.known(base, precision)
        if known is not None:
            return known
        path = self._folders.trace(base.revision, precision)
        path.parent.mkdir(parents=True, exist_ok=True)
        self._tracer(base, precision, path)
        return ModelTrace.model_validate(read_json(path))
