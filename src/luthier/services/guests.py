"""Who runs a guest in its own environment, and answers what it asks."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol

from luthier.domain.guests import Guest


class Guests(Protocol):
    def require(self, guest: Guest) -> Path: ...

    def converse(
        self,
        guest: Guest,
        wanted: Mapping[str, Any],
        log: Path,
        answer: Callable[[dict[str, Any]], dict[str, Any]],
        attend: Callable[[], None],
    ) -> Any: ...
