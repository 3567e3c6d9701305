"""Runs a guest as a process and answers what it asks, a JSON line each way, until it tells its result.

A guest says `{"ask": ...}` and waits for a line, `{"result": ...}` at its end, or `{"refused": "why"}`.
"""

import queue
import shlex
import subprocess
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO

import orjson

from luthier.domain.guests import Guest, GuestBroke, GuestMissing, GuestRefused
from luthier.kit.children import end_child
from luthier.orchestration.launch import worker_environment
from luthier.services.folders import Folders

_PACKAGES: Mapping[Guest, str] = {"lm-eval": "lm-eval>=0.4.9", "deepeval": "deepeval>=4", "mergekit": "mergekit>=0.1.3"}
_MODULES: Mapping[Guest, str] = {"lm-eval": "lm_eval", "deepeval": "deepeval", "mergekit": "mergekit"}
_PROGRAMS = Path(__file__).with_name("programs")
_LOOKS_UP_EVERY = 0.5  # seconds: how soon a wish to end it is noticed
_LAST_WORDS = 4000  # characters

Lines = queue.SimpleQueue[bytes | None]
Answer = Callable[[dict[str, Any]], dict[str, Any]]


class Guests:
    def __init__(self, folders: Folders, *, offline: bool) -> None:
        self._folders = folders
        self._offline = offline

    def require(self, guest: Guest) -> Path:
        """Its interpreter. Raises GuestMissing."""
        folder = self._folders.guest(guest)
        for interpreter, packages in (("bin/python", "lib/python3*"), ("Scripts/python.exe", "Lib")):
            if any(folder.glob(f"{packages}/site-packages/{_MODULES[guest]}")):
                return folder / interpreter
        raise GuestMissing(guest=guest, folder=shlex.quote(str(folder)), package=_PACKAGES[guest])

    def converse(
        self, guest: Guest, wanted: Mapping[str, Any], log: Path, answer: Answer, attend: Callable[[], None]
    ) -> Any:
        """What it tells at its end. What `answer` and `attend` raise ends it.

        Raises GuestMissing, GuestRefused for what it says that it cannot do, and GuestBroke.
        """
        with open(log, "ab") as errors:
            child = subprocess.Popen(  # noqa: S603 - our own program in an environment that the user made
                [self.require(guest), "-I", _PROGRAMS, f"{_MODULES[guest]}_program"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                env=worker_environment({}) | self._reach(),
                cwd=log.parent,
                bufsize=0,
                start_new_session=True,  # Ctrl-C in a terminal is for us, and we end it
            )
        try:
            told = _talk(child, wanted, answer, attend)
        finally:
            end_child(child)
        if "refused" in told:
            raise GuestRefused(guest=guest, reason=told["refused"])
        if "result" not in told:
            code = child.returncode
            how = f"exit code {code}" if code >= 0 else f"signal {-code}"
            words = log.read_text("utf-8", errors="replace")[-_LAST_WORDS:]
            raise GuestBroke(guest=guest, how=how, log=log, details=words)
        return told["result"]

    def _reach(self) -> dict[str, str]:
        """It fetches data sets by itself, where the workspace may use the network at all."""
        offline = str(int(self._offline))
        return {
            "HF_HUB_OFFLINE": offline,
            "HF_DATASETS_OFFLINE": offline,
            "HF_HUB_DISABLE_TELEMETRY": "1",
            "DEEPEVAL_TELEMETRY_OPT_OUT": "YES",
            "DEEPEVAL_FILE_SYSTEM": "READ_ONLY",
        }


def _talk(
    child: "subprocess.Popen[bytes]", wanted: Mapping[str, Any], answer: Answer, attend: Callable[[], None]
) -> dict[str, Any]:
    """The last line that is no question; empty when it ended without one."""
    assert child.stdin is not None and child.stdout is not None
    lines: Lines = queue.SimpleQueue()
    threading.Thread(target=_read, args=(child.stdout, lines), name="guest", daemon=True).start()
    with child.stdin as answers:
        with suppress(BrokenPipeError):  # it has ended already, which the end of its lines says
            answers.write(orjson.dumps(wanted) + b"\n")
        while True:
            try:
                line = lines.get(timeout=_LOOKS_UP_EVERY)
            except queue.Empty:
                attend()
                continue
            if line is None:
                child.wait()
                return {}
            told: dict[str, Any] = orjson.loads(line)
            if "ask" not in told:
                return told
            with suppress(BrokenPipeError):
                answers.write(orjson.dumps(answer(told["ask"])) + b"\n")


def _read(source: BinaryIO, lines: Lines) -> None:
    with source:
        for line in source:
            lines.put(line)
    lines.put(None)
