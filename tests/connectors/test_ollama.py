"""Bringing a model into Ollama: what it is asked, in which order, and what it says when it does not want to."""

import hashlib
import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from luthier.connectors.ollama import Ollama
from luthier.domain.deployments import OllamaFailed, OllamaUnreachable


class SmallOllama(ThreadingHTTPServer):
    """Answers as Ollama's interface describes it, and keeps what it was given."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.blobs: dict[str, bytes] = {}
        self.models: dict[str, dict[str, object]] = {}
        self.pushed: list[str] = []
        self.says: list[dict[str, object]] | None = None  # instead of how a creation goes

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: SmallOllama

    def do_HEAD(self) -> None:
        self._answer(200 if self.path.rpartition("sha256:")[2] in self.server.blobs else 404, b"")

    def do_GET(self) -> None:
        self._answer(200, json.dumps({"version": "0.34.2"}).encode())

    def do_POST(self) -> None:
        body = self._body()
        if self.path.startswith("/api/blobs/"):
            self._keep(body)
            return
        document = json.loads(body)
        if self.path == "/api/push":
            self.server.pushed.append(document["model"])
            self._lines([{"status": "pushing", "completed": 1, "total": 2}, {"status": "success"}])
            return
        missing = [each for each in document["files"].values() if each.removeprefix("sha256:") not in self.server.blobs]
        if missing:
            self._answer(400, json.dumps({"error": f"blob {missing[0]} not found"}).encode())
            return
        self.server.models[document["model"]] = document
        self._lines(self.server.says or [{"status": "parsing GGUF"}, {"status": "success"}])

    def _keep(self, body: bytes) -> None:
        digest = hashlib.sha256(body).hexdigest()
        if not self.path.endswith(digest):
            self._answer(400, json.dumps({"error": "digest mismatch"}).encode())
            return
        self.server.blobs[digest] = body
        self._answer(201, b"")

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers["Content-Length"]))
        body = b""
        while size := int(self.rfile.readline(), 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def _lines(self, documents: list[dict[str, object]]) -> None:
        self._answer(200, b"".join(json.dumps(each).encode() + b"\n" for each in documents))

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *arguments: object) -> None:
        """Silent."""


@pytest.fixture
def server() -> Iterator[SmallOllama]:
    opened = SmallOllama()
    Thread(target=opened.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    yield opened
    opened.shutdown()
    opened.server_close()


@pytest.fixture
def ollama(server: SmallOllama) -> Iterator[Ollama]:
    opened = Ollama(server.address)
    yield opened
    opened.close()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "model.gguf"
    path.write_bytes(b"GGUF and more")
    return path


def test_a_file_is_sent_once_and_a_model_made_from_it(server: SmallOllama, ollama: Ollama, file: Path) -> None:
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    assert not ollama.has_blob(digest)
    ollama.upload(file, digest)
    assert ollama.has_blob(digest)
    told = list(ollama.create("orders", {"model.gguf": digest}, {"template": "{{ .Prompt }}"}))
    assert [each["status"] for each in told] == ["parsing GGUF", "success"]
    made = server.models["orders"]
    assert (made["files"], made["template"]) == ({"model.gguf": f"sha256:{digest}"}, "{{ .Prompt }}")


def test_a_model_is_pushed(server: SmallOllama, ollama: Ollama) -> None:
    assert [each["status"] for each in ollama.push("me/orders")][-1] == "success"
    assert server.pushed == ["me/orders"]


def test_its_own_words_are_passed_on_when_it_refuses(ollama: Ollama) -> None:
    with pytest.raises(OllamaFailed, match="blob sha256:00 not found"):
        list(ollama.create("orders", {"model.gguf": "00"}, {}))


@pytest.mark.parametrize("says", [[{"status": "parsing GGUF"}, {"error": "unsupported architecture"}]])
def test_an_error_in_the_middle_of_a_good_answer_is_an_error(
    server: SmallOllama, ollama: Ollama, says: list[dict[str, object]]
) -> None:
    server.says = says
    with pytest.raises(OllamaFailed, match="unsupported architecture"):
        list(ollama.create("orders", {}, {}))


def test_an_answer_that_ends_before_it_says_success_is_an_error(server: SmallOllama, ollama: Ollama) -> None:
    server.says = [{"status": "parsing GGUF"}]
    with pytest.raises(OllamaFailed, match="ended before"):
        list(ollama.create("orders", {}, {}))


def test_a_file_that_is_not_what_its_hash_says_is_refused(ollama: Ollama, file: Path) -> None:
    with pytest.raises(OllamaFailed, match="digest mismatch"):
        ollama.upload(file, "11" * 32)


def test_nobody_there_is_said_with_what_to_do() -> None:
    with pytest.raises(OllamaUnreachable, match=r"does not answer at http://127\.0\.0\.1:9"):
        Ollama("http://127.0.0.1:9").version()
