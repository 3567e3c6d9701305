"""What uses the disk of a workspace, and what of it may go: nothing that serves, is tagged or is still needed."""

from collections.abc import Sequence
from typing import Literal

from luthier.domain.errors import Action, NotAllowedNow
from luthier.kit.frozen import Frozen

DiskKind = Literal["version", "checkpoints", "export", "model", "dataset", "run", "backup", "other"]
KINDS: dict[DiskKind, str] = {
    "version": "Versions",
    "checkpoints": "Checkpoints",
    "export": "Exports",
    "model": "Base models",
    "dataset": "Datasets",
    "run": "Runs: examples, journals, reports",
    "backup": "Backups",
    "other": "Everything else",
}


class DiskItem(Frozen):
    kind: DiskKind
    item_id: str
    label: str
    bytes: int
    may_go: bool  # whether it is offered for removal
    why: str  # it may go, or must stay


class DiskUse(Frozen):
    items: tuple[DiskItem, ...]  # the largest first
    free_bytes: int
    low_below_bytes: int

    @property
    def bytes(self) -> int:
        return sum(item.bytes for item in self.items)

    @property
    def is_low(self) -> bool:
        return self.free_bytes < self.low_below_bytes

    @property
    def offered(self) -> tuple[DiskItem, ...]:
        return tuple(item for item in self.items if item.may_go)

    @property
    def offered_bytes(self) -> int:
        return sum(item.bytes for item in self.offered)

    def of_kind(self, kind: DiskKind) -> int:
        """Bytes."""
        return sum(item.bytes for item in self.items if item.kind == kind)


class CleanedUp(Frozen):
    removed: tuple[DiskItem, ...]
    freed_bytes: int


def found_among(items: Sequence[DiskItem], item_id: str) -> DiskItem:
    """Raises NotOffered for what is not there, or must stay."""
    found = next((item for item in items if item.item_id == item_id), None)
    if found is None or not found.may_go:
        raise NotOffered(item=item_id, reason=found.why if found else "nothing of that name uses the disk")
    return found


class NotOffered(NotAllowedNow):
    code = "disk.not_offered"
    sentence = "{item} is not removed: {reason}."
    actions = (Action(label="See what can go", command="luthier clean-up"),)
