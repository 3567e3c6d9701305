"""A hub on this machine: repositories of files, served as the real one's interface serves them."""

import hashlib
import json
from dataclasses import dataclass, field

from tests.kit.loopback import Exchange

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@dataclass
class SmallHub:
    """`files` by name; those ending in .safetensors are kept the way large files are."""

    repository: str
    files: dict[str, bytes]
    licence: str | None = "apache-2.0"
    tampered: dict[str, bytes] = field(default_factory=dict)  # served instead of what the listing promises
    replaced_by: bytes | None = None  # the one answer to everything
    kind: str = "models"
    members: frozenset[str] = frozenset()  # tokens that are let in; empty lets in everybody
    strangers: frozenset[str] = frozenset()  # tokens that the hub knows, of people whom it does not let in
    is_gated: bool = False  # strangers may see what files there are

    def __call__(self, exchange: Exchange) -> None:
        if self.replaced_by is not None:
            exchange.answer(200, self.replaced_by)
            return
        path = exchange.path.partition("?")[0]
        if self._turns_away(exchange, is_listing=path.startswith("/api/")):
            return
        if path in (f"/api/{self.kind}/{self.repository}/revision/{each}" for each in ("main", COMMIT)):
            exchange.answer(200, json.dumps(self.listing()).encode())
            return
        folder = "" if self.kind == "models" else f"/{self.kind}"
        name = path.removeprefix(f"{folder}/{self.repository}/resolve/{COMMIT}/")
        if name in self.files:
            exchange.serve_bytes(self.tampered.get(name, self.files[name]))
        else:
            exchange.answer(404)

    def _turns_away(self, exchange: Exchange, *, is_listing: bool) -> bool:
        """With the statuses and the header that the real one answers with."""
        token = exchange.headers.get("Authorization", "").removeprefix("Bearer ")
        if token in self.members or not self.members:
            return False
        if token and token not in self.strangers:
            exchange.answer(401)
        elif self.is_gated and is_listing:
            return False
        elif self.is_gated:
            exchange.answer(403 if token else 401, X_Error_Code="GatedRepo")
        else:
            exchange.answer(404 if token else 401, X_Error_Code="RepoNotFound")
        return True

    def listing(self) -> dict[str, object]:
        card = {"license": self.licence} if self.licence else {}
        return {"sha": COMMIT, "cardData": card, "siblings": [_entry(*item) for item in self.files.items()]}


def _entry(name: str, content: bytes) -> dict[str, object]:
    git_name = hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()
    entry: dict[str, object] = {"rfilename": name, "size": len(content), "blobId": git_name}
    if name.endswith(".safetensors"):
        entry["lfs"] = {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content), "pointerSize": 130}
    return entry
