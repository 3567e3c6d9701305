"""Demos of versions: their folders are written, and their processes started, tried and stopped."""

import importlib.util
import socket
import sys
import time
from contextlib import closing, suppress
from pathlib import Path

from luthier.connectors.cache import link_or_copy
from luthier.domain.demos import (
    Demo,
    DemoFacts,
    DemoFailed,
    DemoNeedsFile,
    DemoNotFound,
    DemoWanted,
    GradioMissing,
    RunningDemo,
)
from luthier.domain.keys import KeyNotFound
from luthier.domain.versions import Version
from luthier.kit.files import make_folder, read_json, write_atomically, write_json
from luthier.kit.http import HttpFailed
from luthier.kit.http_json import JsonClient
from luthier.kit.processes import end_tree, identity_of, is_alive, start_detached
from luthier.orchestration.gradio import REQUIREMENTS, WITH_FILE, app_text
from luthier.services.chat import Chat
from luthier.services.exports import Exports
from luthier.services.folders import Folders
from luthier.services.keys import Keys
from luthier.services.versions import Versions
from luthier.settings import process_environment

_STARTS_WITHIN = 90.0  # seconds; Gradio alone takes ten to import from a cold disk
_LOOKS_EVERY, _GRACE = 0.3, 5.0  # seconds
_LAST_WORDS, _EXAMPLES = 2000, 3


class Demos:
    """Each version has one, in a folder of the workspace that can be taken elsewhere as it is."""

    def __init__(
        self, folders: Folders, versions: Versions, exports: Exports, chat: Chat, keys: Keys, address: str
    ) -> None:
        self._folders = folders
        self._versions = versions
        self._exports = exports
        self._chat = chat
        self._keys = keys
        self._address = address  # of the server of this workspace

    def write(self, reference: str, wanted: DemoWanted, export: str | None = None) -> Demo:
        """In the place of an earlier one, which is stopped. With an export its GGUF file goes along, and no server is
        needed. Raises VersionNotFound, ExportNotFound, DemoNeedsFile."""
        version = self._versions.get(reference)
        file = self._file_of(version, export) if export else None
        self.stop(version.version_id)
        folder = self._folder(version.version_id)
        make_folder(folder)
        if file is not None:
            (folder / "model.gguf").unlink(missing_ok=True)
            link_or_copy(file, folder / "model.gguf")
        facts = DemoFacts(
            title=wanted.title or version.label,
            description=f"{version.label}, tuned from {version.base_name}. Made with Luthier.",
            model=version.label,
            address=f"{self._address}/v1",
            model_file="model.gguf" if file is not None else "",
            system_prompt=self._chat.resolve(version.version_id).system_prompt or "",
            examples=self._questions(version),
            **wanted.model_dump(exclude={"title"}),
        )
        write_json(folder / "demo.json", facts.model_dump(mode="json"))
        packages = (*REQUIREMENTS, WITH_FILE) if file is not None else REQUIREMENTS
        write_atomically(folder / "requirements.txt", "".join(f"{each}\n" for each in packages).encode())
        write_atomically(folder / "app.py", app_text().encode())
        return Demo(version_id=version.version_id, folder=str(folder), facts=facts)

    def get(self, reference: str) -> Demo:
        """Raises VersionNotFound, DemoNotFound."""
        version = self._versions.get(reference)
        folder = self._folder(version.version_id)
        if not (folder / "demo.json").is_file():
            raise DemoNotFound(version=version.label)
        facts = DemoFacts.model_validate(read_json(folder / "demo.json"))
        running = _running_in(folder)
        url = running.url if running else ""
        return Demo(version_id=version.version_id, folder=str(folder), facts=facts, url=url)

    def start(self, reference: str) -> Demo:
        """Running, once its page answers. Raises DemoNotFound, GradioMissing, DemoFailed."""
        demo = self.get(reference)
        if demo.url:
            return demo
        folder = Path(demo.folder)
        port = _free_port()
        environment = {**process_environment(), "GRADIO_ANALYTICS_ENABLED": "False", "GRADIO_SERVER_PORT": str(port)}
        if not demo.facts.model_file:
            environment["LUTHIER_API_KEY"] = self._key(demo)
        program = _program(folder)
        child = start_detached([str(folder / "app.py")], folder / "demo.log", environment, program)
        identity = identity_of(child.pid)
        url = f"http://127.0.0.1:{port}"
        deadline = time.monotonic() + _STARTS_WITHIN
        while not _answers(url):
            if child.poll() is not None or identity is None or time.monotonic() > deadline:
                child.kill()
                words = (folder / "demo.log").read_text("utf-8", errors="replace")[-_LAST_WORDS:]
                reason = "its process ended" if child.returncode is not None else "its page did not answer"
                raise DemoFailed(version=demo.facts.model, reason=reason, details=words)
            time.sleep(_LOOKS_EVERY)
        write_json(folder / "running.json", RunningDemo(process=identity, url=url).model_dump(mode="json"))
        return demo.model_copy(update={"url": url})

    def stop(self, reference: str) -> None:
        """What does not run stays so; the folder stays."""
        version = self._versions.get(reference)
        folder = self._folder(version.version_id)
        running = _running_in(folder)
        if running is not None:
            end_tree(running.process, _GRACE)
        (folder / "running.json").unlink(missing_ok=True)
        with suppress(KeyNotFound):
            self._keys.revoke(_key_name(version.label))

    def _folder(self, version_id: str) -> Path:
        return self._folders.demos / version_id

    def _file_of(self, version: Version, reference: str) -> Path:
        export = self._exports.get(reference)
        files = [file.name for file in export.files if file.name.endswith(".gguf")]
        if export.version_id != version.version_id or export.request.form == "gguf-adapter" or len(files) != 1:
            raise DemoNeedsFile(export=reference, version=version.label)
        return Path(export.folder) / files[0]

    def _questions(self, version: Version) -> tuple[str, ...]:
        report = self._versions.evaluation(version)
        return tuple(answer.prompt for answer in report.answers[:_EXAMPLES]) if report else ()

    def _key(self, demo: Demo) -> str:
        """For the models alone, and of this demo alone; an earlier one that was left behind ends."""
        name = _key_name(demo.facts.model)
        with suppress(KeyNotFound):
            self._keys.revoke(name)
        return self._keys.make(name, days=1).secret


def _key_name(label: str) -> str:
    return f"demo of {label}"


def _running_in(folder: Path) -> RunningDemo | None:
    try:
        running = RunningDemo.model_validate(read_json(folder / "running.json"))
    except (OSError, ValueError):
        return None
    return running if is_alive(running.process) else None


def _program(folder: Path) -> str:
    """The demo's own environment, else this one. Raises GradioMissing."""
    own = folder / ".venv" / "bin" / "python"
    if own.exists():
        return str(own)
    if importlib.util.find_spec("gradio") is None:
        raise GradioMissing(folder=folder)
    return sys.executable


def _free_port() -> int:
    with closing(socket.socket()) as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def _answers(url: str) -> bool:
    try:
        with closing(JsonClient(url, read_seconds=2.0)) as client:
            return client.exists("/")
    except HttpFailed:
        return False
