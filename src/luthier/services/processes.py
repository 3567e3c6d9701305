"""Who starts a module of ours as a process of its own, and waits for it."""

from pathlib import Path
from typing import Protocol

from luthier.services.background import OnProgress


class Processes(Protocol):
    def run(self, module: str, arguments: list[str], log: Path, tell: OnProgress) -> None: ...
