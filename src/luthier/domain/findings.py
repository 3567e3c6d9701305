"""What a check found: a stable code, a level, a sentence, a place, and what to do about it."""

from enum import StrEnum

from luthier.domain.errors import Action
from luthier.kit.frozen import Frozen


class Level(StrEnum):
    ERROR = "error"  # blocks
    WARNING = "warning"  # shown, does not block
    NOTE = "note"  # worth knowing


class Place(Frozen):
    """Where in the user's own file. Rows count from 1, as an editor counts lines and a table counts rows."""

    file: str | None = None
    row: int | None = None
    line: int | None = None
    column: str | None = None  # of a table, by its name
    character: int | None = None  # from 1, within the line
    byte: int | None = None

    def __str__(self) -> str:
        parts = [self.file] if self.file else []
        if self.line is not None:
            parts.append(f"line {self.line}")
        if self.character is not None:
            parts.append(f"character {self.character}")
        if self.row is not None:
            parts.append(f"row {self.row}")
        if self.column is not None:
            parts.append(f"column {self.column!r}")
        if self.byte is not None:
            parts.append(f"byte {self.byte}")
        return ", ".join(parts)


class Finding(Frozen):
    code: str  # e.g. "dataset.answer_missing", "preflight.eos_masked"
    level: Level
    sentence: str
    place: Place = Place()
    expected: str = ""
    suggestion: str = ""
    fix: str = ""  # the name of what mends it by itself: `luthier datasets check PATH --fix NAME`
    actions: tuple[Action, ...] = ()
    setting: str = ""  # that it speaks of, by its dotted name, e.g. "settings.epochs"
