"""Brings an export into Ollama through its API: only what it does not have yet is sent."""

from pathlib import Path

from luthier.connectors.ollama import Ollama
from luthier.domain.background import WorkState
from luthier.domain.deployments import NotForOllama
from luthier.domain.exports import Export, ExportNotFound
from luthier.domain.jobs import Progress
from luthier.kit.files import read_json
from luthier.services.background import OnProgress
from luthier.services.exports import Exports


class OllamaModels:
    def __init__(self, exports: Exports, address: str) -> None:
        self._exports = exports
        self._address = address

    def load(
        self, reference: str, *, name: str | None = None, push: bool = False, on_progress: OnProgress | None = None
    ) -> str:
        """Returns what it is called there. Raises NotForOllama, OllamaUnreachable, OllamaFailed."""
        export = self._exports.get(reference)
        if export.request.form != "ollama":
            raise NotForOllama(version=export.version, form=export.request.form)
        if export.state is not WorkState.DONE:
            raise ExportNotFound(name=reference)
        model = name or export.version.partition("@")[0]
        tell = on_progress or (lambda _: None)
        ollama = Ollama(self._address)
        try:
            ollama.version()
            self._send(ollama, export, model, tell)
            if push:
                for told in ollama.push(model):
                    tell(_progress("pushing", told))
        finally:
            ollama.close()
        return model

    def _send(self, ollama: Ollama, export: Export, model: str, tell: OnProgress) -> None:
        files = [file for file in export.files if file.name.endswith(".gguf")]
        for file in files:
            if not ollama.has_blob(file.sha256):
                tell(Progress(what=f"sending {file.name}", done=0, total=0))
                ollama.upload(Path(export.folder) / file.name, file.sha256)
        settings = read_json(Path(export.folder) / "ollama.json")
        for told in ollama.create(model, {file.name: file.sha256 for file in files}, settings):
            tell(_progress("creating", told))


def _progress(what: str, told: dict[str, object]) -> Progress:
    done, total = told.get("completed"), told.get("total")
    if isinstance(done, int) and isinstance(total, int):
        return Progress(what=f"{what}: {told.get('status')}", done=done, total=total, unit="bytes")
    return Progress(what=f"{what}: {told.get('status')}", done=0, total=0)
